# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A newcomer's path, by the README alone: install, set up, log in, lose the phone, and so on.

Each command is taken from the README as it stands there. What is seen on the way is kept in
`docs/transcripts`.
"""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests import pages
from tests.static.tree import ROOT
from tests.system.accounts import PASSWORD, outbox
from tests.system.conftest import require_a_host
from tests.testhost.machine import Machine
from tests.testhost.package import built_package
from tests.testhost.recording import Recording, compare
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

PIN: Final = "ahorn+7391"
PHONE: Final = "+491701234589"
NEW_PHONE: Final = "+491701234577"
RECOVERY_CODE: Final = re.compile(r"\b[A-K][A-Z2-7]{3}(?:-[A-Z2-7]{4}){3}\b")
BREAK_GLASS_CODE: Final = re.compile(r"\bZ[A-Z2-7]{3}(?:-[A-Z2-7]{4}){3}\b")
# The package's names are globbed by a shell, in the directory where `make deb` leaves them.
STORE: Final = "/var/lib/smsotp/smsotpd.db"
CHECKOUT: Final = "/root/pam-smsotp"
# A newcomer's ssh knows the host; and what it should not do here is ask about a new one.
SSH_CONFIG: Final = "Host *\nStrictHostKeyChecking accept-new\nLogLevel ERROR\n"
# The lock comes after ten failures, which the growing delays stretch over minutes.
SOON_LOCKED: Final = "[limits]\nfailures_to_lock = 3\n"
LOG_IN: Final = "ssh alice@localhost"


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """A Debian as it is before anybody heard of us, with a checkout in which `make deb` ran."""
    require_a_host()
    with Machine(request.param, host="debian") as machine:
        machine.add_user("alice", PASSWORD)
        machine.write_text("/root/.ssh/config", SSH_CONFIG, mode=0o600)
        # There is no network to fetch what is only recommended.
        machine.write_text("/etc/apt/apt.conf.d/99test", 'APT::Install-Recommends "false";\n')
        package = built_package()
        machine.copy_in(package, f"{CHECKOUT}/dist/{package.name}")
        yield machine


def as_written(beginning: str) -> str:
    """Return the README's command that begins so."""
    return pages.as_written(beginning, ROOT / "README.md")


def logins_of(machine: Machine) -> str:
    """Return names, modes and digests of the files that decide who gets in."""
    look = "find /etc/pam.d -exec stat -c '%n %a %U' {} + | sort; "
    look += "find /etc/pam.d -type f -exec sha256sum {} + | sort"
    return machine.run(["sh", "-c", look]).stdout


def newest_code(machine: Machine, phone: str, before: int) -> str:
    """Wait for a code to the phone beyond so many messages, and return the newest."""

    def codes() -> list[str]:
        texts = [text for to, text in outbox(machine)[before:] if to == phone]
        return [code for text in texts for code in re.findall(r"\b\d{6}\b", text)]

    wait_until(lambda: bool(codes()), 15, "a code was sent")
    return codes()[-1]


def log_in(machine: Machine, phone: str = PHONE) -> Recording:
    """Log in from a second terminal by PIN and code, and return what was seen."""
    with Recording(machine, f"{LOG_IN} id -un") as login:
        before = len(outbox(machine))
        login.wait_for("PIN: ")
        login.answer_unseen(PIN, "the PIN")
        login.wait_for("Code sent to ")
        login.wait_for(": ")
        login.answer_unseen(newest_code(machine, phone, before), "the code")
        assert login.end() == 0
    assert login.seen.endswith("alice\r\n")
    return login


def test_the_readme_alone_leads_from_the_package_and_back(machine: Machine) -> None:
    before = logins_of(machine)
    install(machine)
    assert logins_of(machine) == before, "installing changes no login"
    codes = set_up(machine)
    doctor_is_content(machine)
    log_in(machine)
    lose_the_phone(machine, codes)
    have_no_recovery_code_left(machine)
    get_a_new_number(machine)
    be_locked_out_and_let_in_again(machine)
    see_what_happened(machine)
    remove(machine)
    assert logins_of(machine) == before, "all logins are what they were"
    purge(machine)


def install(machine: Machine) -> None:
    """Install the package as the README says, with a yes where apt asks."""
    command = as_written("apt-get install ./dist/pam-smsotp")
    with Recording(machine, f"sh -c 'cd {CHECKOUT} && {command} --yes'", timeout=180) as apt:
        assert apt.end() == 0, apt.seen
    assert machine.run(["systemctl", "is-enabled", "smsotpd"]).stdout == "enabled\n"


def set_up(machine: Machine) -> list[str]:
    """Answer what setup asks, log in from a second terminal, and return the recovery codes."""
    assert LOG_IN in as_written(LOG_IN)
    with Recording(machine, as_written("smsotpctl setup"), timeout=60) as setup:
        setup.reply("Type (name or number)", "outbox")
        setup.reply("Name of the gateway", "")
        setup.reply("File to append to", "")
        setup.reply("Allow it?", "y")
        setup.reply("Phone number of the first user", PHONE)
        setup.wait_for("User: ")
        setup.answer("alice")
        setup.wait_for("New PIN: ")
        setup.answer_unseen(PIN, "a PIN")
        setup.wait_for("Once more: ")
        sent = len(outbox(machine))
        setup.answer_unseen(PIN, "the same")
        setup.wait_for("Code that arrived on the phone: ")
        code = newest_code(machine, PHONE, sent)
        setup.answer(code)
        setup.reply("Make recovery codes for alice", "y")
        shown = setup.reply("Keys (", "keep")
        setup.reply("Write them?", "y")
        setup.wait_for("Now log in from a second terminal")
        login = log_in(machine)
        setup.wait_for("A login to sshd by PIN and code has worked", seconds=15)
        assert setup.end() == 0
    codes = RECOVERY_CODE.findall(shown)
    assert len(codes) == 10
    assert "KbdInteractiveAuthentication yes" in setup.seen
    hide = [
        (recovery, f"{recovery[0]}EXA-MPLE-EXAM-PLE{number}")
        for number, recovery in enumerate(codes)
    ]
    compare("setup", setup, hide=((code, "123456"), *hide))
    compare("ssh", login)
    return codes


def doctor_is_content(machine: Machine) -> None:
    """Ask the doctor, as the README says; a warning is allowed, an error is not."""
    with Recording(machine, as_written("smsotpctl doctor")) as doctor:
        assert doctor.end() in {0, 1}, doctor.seen
    assert "sshd" in doctor.seen


def lose_the_phone(machine: Machine, codes: list[str]) -> None:
    """Get in by a recovery code, which is then used up."""
    with Recording(machine, f"{LOG_IN} id -un") as login:
        login.wait_for("PIN: ")
        login.answer_unseen(PIN, "the PIN")
        login.wait_for("Code sent to ")
        login.wait_for(": ")
        login.answer_unseen(codes[0], "a recovery code")
        assert login.end() == 0
    compare("recovery", login)
    with Recording(machine, f"{LOG_IN} id -un") as again:
        again.wait_for("PIN: ")
        again.answer_unseen(PIN, "the PIN")
        again.wait_for("Code sent to ")
        again.wait_for(": ")
        again.answer_unseen(codes[0], "the same recovery code")
        again.wait_for("Wrong code, 2 tries left. Code (r: new one): ")
        again.answer_unseen(codes[1], "the next one")
        assert again.end() == 0


def have_no_recovery_code_left(machine: Machine) -> None:
    """Get in by a code that root makes and reads out."""
    with Recording(machine, as_written("smsotpctl user break-glass alice")) as making:
        assert making.end() == 0
    [code] = BREAK_GLASS_CODE.findall(making.seen)
    with Recording(machine, f"{LOG_IN} id -un") as login:
        login.wait_for("PIN: ")
        login.answer_unseen(PIN, "the PIN")
        login.wait_for("Code sent to ")
        login.wait_for(": ")
        login.answer_unseen(code, "root's code")
        assert login.end() == 0
    compare("break-glass", making, login, hide=((code, "ZEXA-MPLE-EXAM-PLE2"),))


def get_a_new_number(machine: Machine) -> None:
    """Have the administrator bind a new number, to which the next code goes."""
    command = as_written("smsotpctl user enrol alice")
    assert "--keep-pin" in command
    sent = len(outbox(machine))
    with Recording(machine, command) as enrol:
        enrol.reply("Phone number, with + and country code", NEW_PHONE)
        enrol.wait_for("Code that arrived on the phone: ")
        code = newest_code(machine, NEW_PHONE, sent)
        enrol.answer(code)
        assert enrol.end() == 0
    compare("new-number", enrol, hide=((code, "123456"),))
    told = [text for to, text in outbox(machine)[sent:] if to == PHONE]
    assert len(told) == 1, "the old number is told"
    log_in(machine, NEW_PHONE)


def be_locked_out_and_let_in_again(machine: Machine) -> None:
    """Give wrong PINs until the user is locked, then unlock as the README says."""
    machine.write_text("/etc/smsotp/smsotpd.d/99-soon.toml", SOON_LOCKED)
    machine.run(["systemctl", "reload", "smsotpd"])
    with Recording(machine, f"{LOG_IN} id -un") as login:
        for _ in range(3):
            login.wait_for("PIN: ")
            login.answer_unseen("wrong", "a wrong PIN")
        assert login.end() != 0
    shown = machine.run(["sh", "-c", as_written("smsotpctl status")]).stdout
    assert re.search(r"alice\s+locked.*\d\d:\d\d", shown), shown
    sent = len(outbox(machine))
    with Recording(machine, f"{LOG_IN} id -un") as locked:
        locked.wait_for("PIN: ")
        locked.answer_unseen(PIN, "the right PIN")
        locked.wait_for("PIN: ")
    assert len(outbox(machine)) == sent, "who is locked is sent nothing"
    machine.run(["sh", "-c", as_written("smsotpctl user unlock alice")])
    log_in(machine, NEW_PHONE)


def see_what_happened(machine: Machine) -> None:
    """Read the history: all of the path stands there."""
    with Recording(machine, as_written("smsotpctl history")) as history:
        assert history.end() == 0
    for word in ("enrolled", "recovery code", "locked", "granted"):
        assert word in history.seen, history.seen


def remove(machine: Machine) -> None:
    """Remove the package: the password counts again, and ssh asks for it."""
    command = as_written("apt-get remove pam-smsotp")
    machine.run(["sh", "-c", f"{command} --yes"], timeout=180)
    machine.run(["test", "-e", STORE])
    with Recording(machine, f"{LOG_IN} id -un") as login:
        login.wait_for("assword: ")
        login.answer_unseen(PASSWORD, "the password")
        assert login.end() == 0


def purge(machine: Machine) -> None:
    """Purge it: who was enrolled is forgotten."""
    command = as_written("apt-get purge pam-smsotp")
    machine.run(["sh", "-c", f"{command} --yes"], timeout=180)
    assert machine.run(["test", "-e", STORE], check=False).returncode == 1
    assert machine.run(["test", "-e", "/etc/smsotp"], check=False).returncode == 1
