# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the doctor works out about a stack is what each Debian's own libpam does with it.

The same stacks as in tests/pam/libpam, drawn here and run in one go inside the machine.
"""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from smsotpd.cli.errors import CliError
from smsotpd.cli.pam.handlers import read_chain
from tests.pam.libpam.real_libpam import Answers, Heard, build_module
from tests.pam.libpam.test_verdicts import SERVICE, directories, worked_out
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

COUNT = 600
PLACE = "/root/stacks"
MODULE = f"{PLACE}/pam_told.so"

# Each directory is asked in a process of its own: a libpam that crashes is a difference, too.
ASK_ALL = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, "/root/stacks")
from dataclasses import asdict
from real_libpam import ask
stacks = json.loads(Path("/root/stacks/stacks.json").read_text())
answers = []
for number, texts in enumerate(stacks):
    directory = Path(f"/root/stacks/{number}")
    directory.mkdir()
    for name, text in texts.items():
        (directory / name).write_text(text)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, json.dumps(asdict(ask(directory, "drawn"))).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        answers.append(json.loads(file.read() or "null"))
    os.waitpid(child, 0)
print(json.dumps(answers))
"""


def drawn() -> list[dict[str, str]]:
    """Return as many directories of service files."""
    found: list[dict[str, str]] = []

    @settings(
        max_examples=COUNT,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(texts=directories())
    def collect(texts: dict[str, str]) -> None:
        here = f"{PLACE}/{len(found)}"
        found.append(
            {
                name: text.replace("@DIR@", here).replace("@MODULE@", MODULE)
                for name, text in texts.items()
            }
        )

    collect()
    return found


def expected(texts: dict[str, str], number: int) -> Answers:
    def read(name: str) -> str:
        name = name.removeprefix(f"{PLACE}/{number}/")
        if name not in texts:
            raise CliError(f"{name} does not exist")
        return texts[name]

    return worked_out(read_chain(SERVICE, read))


def heard(answer: dict[str, dict[str, object]]) -> Answers:
    def one(name: str) -> Heard:
        asked = answer[name]["asked"]
        assert isinstance(asked, list)
        return Heard(int(str(answer[name]["status"])), tuple(asked))

    return Answers(one("authenticated"), one("credentials"), one("credentials_alone"))


def test_stacks_end_as_this_debians_libpam_ends_them(bare: Machine, tmp_path: Path) -> None:
    tests = Path(__file__).parents[2]
    bare.copy_in(build_module(tmp_path), MODULE, mode=0o755)
    bare.copy_in(tests / "pam" / "libpam" / "real_libpam.py", f"{PLACE}/real_libpam.py")
    stacks = drawn()
    bare.write_text(f"{PLACE}/stacks.json", json.dumps(stacks))

    done = bare.run(["python3", "-c", ASK_ALL], timeout=300)

    answers = json.loads(done.stdout)
    different = [
        (texts, answer)
        for number, (texts, answer) in enumerate(zip(stacks, answers, strict=True))
        if answer is None or heard(answer) != expected(texts, number)
    ]
    bare.run(["rm", "-r", PLACE])
    assert len(stacks) >= COUNT // 2
    assert different == []
