# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""After logins of every kind, nothing of what let them in is where it does not belong.

Searched are the journal, all files written meanwhile, what /proc showed of all processes, the
memory of sshd while its user is logged in, and what others and root could see on the bus.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pexpect
import pytest

from tests.system import accounts
from tests.system.accounts import PIN, Account, journal_text
from tests.system.ssh.more_ways import add_app, ask, next_code
from tests.system.ssh.server import ONE_TRY, prove_pin
from tests.system.ssh.test_self_service import as_user
from tests.tally import Tried
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

SCRIPT: Final = Path(__file__).with_name("search_processes.py")
IN_MACHINE: Final = "/opt/search_processes.py"
STATE: Final = "/var/lib/smsotp"
MARK: Final = "/run/attack/mark"
SEEN: Final = "/run/attack/processes"
BUS_OF_ROOT: Final = "/run/attack/bus-of-root"
BUS_OF_USER: Final = "/var/tmp/bus-of-user"  # in a throw-away machine
KEY: Final = "key-of-the-gateway-4c1f"
NEW_PIN: Final = "wirsing+31"
WRONG_PIN: Final = "blumenkohl+8"
# Six digits stand in a few thousand files of a machine by chance, too often for a test; ten do not.
LONG_CODES: Final = "[policy.default]\ncode_digits = 10\n"


@dataclass
class Used:
    """What was used in the run, by kind.

    Attributes:
        codes: that let in, of every kind, and those that were not used.
        enrolled: number of a user who was enrolled meanwhile.
    """

    pins: list[str] = field(default_factory=lambda: [PIN, NEW_PIN, WRONG_PIN])
    sent: list[str] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)
    app: list[str] = field(default_factory=list)
    seeds: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=lambda: [KEY])
    texts: list[str] = field(default_factory=list)
    enrolled: str = ""
    in_memory: dict[str, set[str]] = field(default_factory=dict)

    @property
    def digits(self) -> list[str]:
        """Return what is searched for as a number of its own."""
        return [*self.sent, *self.app, *self.numbers]

    @property
    def words(self) -> list[str]:
        """Return what is searched for wherever it stands."""
        plain = [each.replace("-", "") for each in self.spare]
        return [*self.pins, *self.spare, *plain, *self.seeds, *self.credentials, *self.texts]

    def found_in(self, text: str) -> list[str]:
        """Return the secrets that stand in a text."""
        found = [each for each in self.words if each in text]
        return found + [each for each in self.digits if re.search(rf"(?<!\w){each}(?!\w)", text)]


def by_pin_and(account: Account, code: Callable[[], str], *, pin: str = PIN) -> None:
    with SshLogin(account.machine, account.name, options=ONE_TRY) as login:
        prove_pin(login, account, pin=pin)
        login.answer(code())
        assert login.result().granted


def memory_of_sshd(account: Account, used: Used) -> set[str]:
    """Log in and stay; return which of the secrets sshd still has in its memory."""
    machine = account.machine
    # The one whose answers these are runs as root; its child runs as the user.
    with SshLogin(machine, account.name, command="echo here; exec sleep 60") as login:
        prove_pin(login, account)
        code = account.code()
        login.answer(code)
        login.expect_prompt("here")
        pids = machine.run(["pgrep", "--full", f"^sshd: {account.name}"]).stdout.split()
        assert len(pids) == 2
        used.sent.append(code)
        given = "\n".join([*used.pins, code, *used.credentials])
        done = machine.run(["python3", IN_MACHINE, "memory", *pids], input=given)
        for pid in pids:
            used.in_memory[pid] = set(used.found_in(machine.read_text(f"/proc/{pid}/maps")))
            used.in_memory[pid] |= set(used.found_in(machine.read_text(f"/proc/{pid}/environ")))
    return set(done.stdout.splitlines())


def change_own_pin(account: Account) -> None:
    terminal = as_user(account, "pin")
    terminal.expect_exact("Current PIN:")
    terminal.sendline(PIN)
    for _ in range(2):
        terminal.expect("(?i)new PIN")
        terminal.sendline(NEW_PIN)
    terminal.expect_exact("It is changed")
    terminal.expect(pexpect.EOF)
    terminal.close()


def watching(server: Machine, path: str) -> Callable[[], bool]:
    return lambda: server.run(["test", "-s", path], check=False).returncode == 0


@pytest.fixture(scope="module")
def used(server: Machine) -> Iterator[Used]:
    """Let users in by everything there is, while everything is watched."""
    used = Used()
    alice, bob = (accounts.enrol(accounts.new_account(server)) for _ in range(2))
    server.copy_in(SCRIPT, IN_MACHINE)
    server.run(["mkdir", "-p", "/run/attack"])
    server.run(["touch", MARK])
    server.run(["systemd-run", "--unit=attack-watch", "python3", IN_MACHINE, "watch", SEEN])
    for unit, path, who in (("root", BUS_OF_ROOT, "root"), ("user", BUS_OF_USER, bob.name)):
        command = f"exec dbus-monitor --system > {path} 2>&1"
        server.run(["systemd-run", f"--unit=attack-{unit}", f"--uid={who}", "sh", "-c", command])
        wait_until(watching(server, path), 30, "the bus is watched")
    used.enrolled = accounts.enrol(accounts.new_account(server)).phone.removeprefix("+")
    with accounts.settings(server, LONG_CODES):
        live_through_everything(server, alice, used)
    time.sleep(0.2)  # the watchers write what they saw last
    for unit in ("watch", "root", "user"):
        server.run(["systemctl", "stop", f"attack-{unit}"])
    used.sent += alice.codes()
    used.numbers.append(alice.phone.removeprefix("+"))
    used.texts += alice.messages()
    yield used
    server.run(["rm", "-r", "/run/attack", BUS_OF_USER])


def live_through_everything(server: Machine, alice: Account, used: Used) -> None:
    settings = ["--set", "URL=http://127.0.0.1:9/sms", "--set", "option.text={otp}"]
    configure = ["smsotpctl", "gateway", "configure", "keyed", "--type", "http", *settings]
    server.run([*configure, "--set-secret", "PARAMETER.key"], input=f"{KEY}\n")
    app = add_app(alice, digits=8)
    used.seeds += [str(app.secret), app.byte_secret().hex()]
    recovery = ask(alice, "recovery", alice.name)["codes"]
    assert isinstance(recovery, list)
    glass = str(ask(alice, "break-glass", alice.name, "--for", "15m", "--reason", "lost")["code"])
    used.spare += [*recovery, glass]
    with SshLogin(server, alice.name, options=ONE_TRY) as login:
        login.expect_prompt("PIN: ")
        login.answer(WRONG_PIN)
        assert not login.result().granted
    by_pin_and(alice, alice.code)
    used.app.append(next_code(app))
    for code in (used.app[0], recovery[0], glass):
        by_pin_and(alice, lambda code=code: code)  # type: ignore[misc]  # as above
    used.in_memory["sshd"] = memory_of_sshd(alice, used)
    change_own_pin(alice)
    by_pin_and(alice, alice.code, pin=NEW_PIN)


def test_the_search_finds_what_is_there(server: Machine, used: Used, tried: Tried) -> None:
    tried()
    assert len(used.sent) >= 3
    assert len(used.spare) == 11
    text = accounts.outbox(server)[-1][1]
    assert used.found_in(f"{text} {PIN} {used.spare[3]}") != []
    shown = server.read_text(SEEN)
    assert "/usr/sbin/smsotpd" in shown
    assert "sshd: " in shown


def test_the_journal_tells_no_secret(server: Machine, used: Used, tried: Tried) -> None:
    tried(len(used.words) + len(used.digits))
    assert used.found_in(journal_text(server)) == []


def test_no_process_shows_a_secret(server: Machine, used: Used, tried: Tried) -> None:
    tried(len(used.words) + len(used.digits) + 1)
    shown = server.read_text(SEEN)
    assert used.found_in(shown) == []
    assert re.search(r"smsotpctl.user.enrol", shown), "the one who was enrolled meanwhile"
    assert used.enrolled not in shown


def test_sshd_forgets_the_answers_of_who_is_let_in(used: Used, tried: Tried) -> None:
    tried(len(used.in_memory))
    assert {place: found for place, found in used.in_memory.items() if found} == {}


def test_the_state_holds_what_belongs_there_and_no_code_pin_or_seed(
    server: Machine, used: Used, tried: Tried
) -> None:
    files = server.run(["find", STATE, "-type", "f", "-not", "-name", "outbox"]).stdout.split()
    assert f"{STATE}/smsotpd.db" in files
    tried(len(files))
    belongs = {*used.numbers, *used.credentials}
    for path in files:
        content = server.octets_of(path)
        found = [each for each in used.words if each in content]
        found += [each for each in used.sent if re.search(rf"(?<!\d){each}(?!\d)", content)]
        assert set(found) <= belongs, path


def test_no_other_file_holds_a_secret(server: Machine, used: Used, tried: Tried) -> None:
    find = f"find / /run /tmp /dev/shm -xdev -type f -newer {MARK}"
    passed = f"{STATE}|/run/attack|/run/log/journal|/var/log/journal|{BUS_OF_USER}"
    listed = server.run(["bash", "-c", f"{find} | grep -Ev '^({passed})'"]).stdout
    written = sorted(set(listed.splitlines()))
    assert any(path.startswith("/var/log/") for path in written)
    tried(len(written))
    texts = {path: server.octets_of(path) for path in written}
    assert {path: found for path in texts if (found := used.found_in(texts[path]))} == {}


def test_other_users_see_nothing_of_it_on_the_bus(
    server: Machine, used: Used, tried: Tried
) -> None:
    tried(len(used.words) + len(used.digits))
    seen = server.read_text(BUS_OF_USER)
    assert "signal" in seen
    assert "org.smsotp1.Authentication" not in seen
    assert used.found_in(seen) == []


def test_root_sees_answers_and_what_is_shown_once_on_the_bus_and_no_more(
    server: Machine, used: Used, tried: Tried
) -> None:
    """Whoever is root could ask for the answers in the daemon's place: docs/architecture.md."""
    seen = server.read_text(BUS_OF_ROOT)
    assert PIN in seen, "what a user answers at a login"
    assert used.spare[5] in seen, "shown once, to whom they were made for"
    never = [*used.credentials, NEW_PIN, *used.numbers, *used.texts]
    tried(len(never))
    by_answer = f'string "{NEW_PIN}"'  # of the last login, by the new PIN
    assert [each for each in never if each in seen.replace(by_answer, "")] == []


@pytest.mark.parametrize("name", ["environ", "maps", "mem", "fd", "cwd"])
def test_other_users_look_into_nothing_of_the_daemon(
    server: Machine, stranger: Account, tried: Tried, name: str
) -> None:
    tried()
    pid = server.run(["systemctl", "show", "--property=MainPID", "--value", "smsotpd"]).stdout
    read = {"fd": ["ls"], "cwd": ["readlink"]}.get(name, ["head", "-c1"])
    path = f"/proc/{pid.strip()}/{name}"
    refused = server.run([*read, path], user=stranger.name, check=False)
    assert (refused.returncode != 0, refused.stdout) == (True, "")


def test_a_daemon_that_crashes_leaves_no_core(server: Machine, tried: Tried) -> None:
    tried()
    server.run(["systemctl", "start", "smsotpd"])
    pid = server.run(["systemctl", "show", "--property=MainPID", "--value", "smsotpd"]).stdout
    limits = server.read_text(f"/proc/{pid.strip()}/limits")
    assert re.search(r"Max core file size +0 +0 ", limits)
    mark = server.journal_mark()
    server.run(["touch", MARK])
    server.run(["kill", "-ABRT", pid.strip()])
    wait_until(
        lambda: any(
            "status=6/ABRT" in str(entry.get("MESSAGE")) for entry in server.journal(after=mark)
        ),
        20,
        "systemd says how the daemon ended",
    )
    said = [str(entry.get("MESSAGE")) for entry in server.journal(after=mark)]
    assert not [text for text in said if "code=dumped" in text]
    find = f"find / /run /tmp -xdev -type f -newer {MARK} -name 'core*'"
    assert server.run(["bash", "-c", find], check=False).stdout == ""
    server.run(["systemctl", "reset-failed", "smsotpd"], check=False)
    server.run(["systemctl", "start", "smsotpd"])
