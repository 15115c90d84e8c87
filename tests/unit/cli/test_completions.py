# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""bash, zsh and fish, with the files as shipped, complete every command that there is."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from smsotpd.cli.main import program
from tests.static.tool import located
from tests.static.tree import ROOT

USR = ROOT / "packaging/usr/share"
BASH = f"""
source {USR}/bash-completion/completions/smsotpctl
COMP_WORDS=(smsotpctl $1 ""); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()
$(complete -p smsotpctl | sed 's/.*-F \\([^ ]*\\).*/\\1/') smsotpctl "" ""
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
# What zsh's completion system would be told; it runs on a terminal only.
ZSH = f"""
compdef() {{}}
_describe() {{ local name=$3; print -l -- "${{(@P)name%%:*}}" }}
compadd() {{ local name=${{@[-1]}}; print -l -- "${{(@P)name}}" }}
words=(smsotpctl ${{=1}} ""); CURRENT=$#words
source {USR}/zsh/vendor-completions/_smsotpctl
"""
FISH = f"""
source {USR}/fish/vendor_completions.d/smsotpctl.fish
complete --do-complete "smsotpctl $argv[1] " | string split --fields 1 \\t
"""
SHELLS = {
    "bash": ("--norc", "-c", BASH, "bash"),
    "zsh": ("--no-rcs", "-c", ZSH, "zsh"),
    "fish": ("--no-config", "-c", FISH),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a PATH with this tree's smsotpctl first."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "smsotpctl"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT / 'daemon')!r})\n"
        "from smsotpd.cli.main import main\nmain()\n"
    )
    script.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def groups() -> Iterator[tuple[str, list[str]]]:
    """Yield the words before a command, and the commands that there are after them."""
    waiting: list[tuple[str, click.Command]] = [("", program)]
    while waiting:
        words, group = waiting.pop()
        if isinstance(group, click.MultiCommand):
            context = click.Context(group)
            found = {
                name: group.get_command(context, name) for name in group.list_commands(context)
            }
            yield words, list(found)
            waiting += [(f"{words} {name}".strip(), each) for name, each in found.items() if each]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_every_command(shell: str, path: str, tmp_path: Path) -> None:
    for words, names in groups():
        done = subprocess.run(
            [located(shell), *SHELLS[shell], words],
            env={"PATH": path, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert names
        assert sorted(set(done.stdout.split())) == sorted(names), (words, done.stderr)
