# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is said of lines that name our module, whoever wrote them."""

import pytest

from smsotpd.cli.pam.block import Stack, enable
from smsotpd.cli.pam.known import KNOWN
from smsotpd.cli.pam.line_findings import line_findings
from smsotpd.cli.pam.terminal import Terminal
from tests.unit.cli.pam_vectors import RELEASES, UNDERSTOOD, read, reader

PYTHON = "pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py"
NATIVE = "pam_smsotp.so"


def found(service: str, text: str, *installed: Terminal) -> list[str]:
    return [each.text for each in line_findings(service, text, installed or tuple(Terminal))]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("service", UNDERSTOOD)
@pytest.mark.parametrize("terminal", Terminal)
def test_nothing_is_said_against_what_we_write(
    release: str, service: str, terminal: Terminal
) -> None:
    arguments = KNOWN[service].arguments if service in KNOWN else ""
    text = read(release, service)
    written = enable(service, text, Stack.INSTEAD, arguments, reader(release), terminal=terminal)
    assert found(service, written) == []
    assert found(service, text) == []


def test_a_terminal_that_is_not_installed_is_named_with_its_package() -> None:
    [python] = line_findings("sshd", f"auth required {PYTHON}\n", [Terminal.NATIVE])
    [native] = line_findings("sshd", f"auth required {NATIVE}\n", [Terminal.PYTHON])
    assert "pam_python.so is not installed" in python.text
    assert python.remedy == "apt-get install libpam-python"
    assert "pam_smsotp.so is not installed" in native.text
    assert native.remedy == "apt-get install libpam-smsotp"


@pytest.mark.parametrize("service", ["su", "polkit-1", "jupyterhub", "common-auth"])
def test_pam_python_where_only_the_native_terminal_may_run_is_unsafe(service: str) -> None:
    [finding] = line_findings(service, f"auth required {PYTHON}\n", tuple(Terminal))
    assert finding.text.startswith("unsafe with pam_python: ")
    assert f"service enable {service} --terminal native" in finding.remedy
    assert found(service, f"auth required {NATIVE}\n") == []


@pytest.mark.parametrize("module", [PYTHON, NATIVE])
def test_a_place_that_neither_may_run_in_is_unsafe(module: str) -> None:
    [text] = found("cron", f"auth required {module}\n")
    assert text == "unsafe: nobody is there to answer"


@pytest.mark.parametrize(
    "control",
    ["sufficient", "optional", "[success=ok default=ignore]", "[success=ok default=2]",
     "[success=ok auth_err=ignore default=die]", "[success=ok maxtries=1 default=bad]",
     "[success=ok]", "nonsense"],
)  # fmt: skip
@pytest.mark.parametrize("module", [PYTHON, f"/usr/lib/x86_64-linux-gnu/security/{NATIVE}"])
def test_a_control_that_goes_on_after_a_wrong_answer_is_unsafe(control: str, module: str) -> None:
    [text] = found("sshd", f"# first\nauth {control} {module}\n")
    assert text.startswith("unsafe: line 2 ")


@pytest.mark.parametrize(
    "control", ["required", "requisite", "[success=done ignore=ignore default=die]"]
)
def test_a_control_that_stops_after_a_wrong_answer_is_not_complained_of(control: str) -> None:
    assert found("sshd", f"auth {control} {NATIVE}\n") == []


def test_two_lines_that_ask_are_named() -> None:
    assert found("sshd", f"auth required {NATIVE}\nauth required {PYTHON}\n") == [
        "lines 1 and 2 ask twice"
    ]


def test_a_conversation_in_a_single_field_is_named() -> None:
    [text] = found("vsftpd", f"auth required {NATIVE} mode=conversation\n")
    assert "one password field only" in text


@pytest.mark.parametrize(
    "line",
    ["", f"# auth sufficient {NATIVE}", "auth sufficient pam_unix.so",
     f"password optional {NATIVE}", "auth sufficient pam_python.so /etc/other.py", "nonsense"],
)  # fmt: skip
def test_lines_that_do_not_ask_for_the_code_are_not_judged(line: str) -> None:
    assert found("sshd", f"{line}\n", Terminal.NATIVE) == []
