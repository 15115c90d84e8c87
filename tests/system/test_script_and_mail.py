# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Programs inside the daemon's sandbox, and mail servers with their password from systemd."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

NUMBER = "+491701234567"
PROGRAM = "/etc/smsotp/scripts/send"
SEEN = "/var/lib/smsotp/seen-by-the-program"
MAIL = "/etc/smsotp/smsotpd.d/mail.toml"
DROP_IN = "/etc/systemd/system/smsotpd.service.d/mail.conf"
CREDENTIAL = "/etc/smsotp/credentials/smtp-office"


def ctl(machine: Machine, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return machine.run(["smsotpctl", *arguments], input=typed, check=False)


def send_test(machine: Machine, gateway: str) -> subprocess.CompletedProcess[str]:
    return ctl(machine, "gateway", "test", gateway, "--to-fd", "0", typed=NUMBER)


def configure_program(machine: Machine) -> subprocess.CompletedProcess[str]:
    given = ["--type", "script", "--set", "script=send", "--set", "TIMEOUT=2"]
    return ctl(machine, "gateway", "configure", "program", *given)


@pytest.fixture
def programs(bookworm: Machine) -> Iterator[Machine]:
    """The machine with a program that notes what it is given, as far as the sandbox lets it."""
    body = f"""#!/bin/sh
exec >{SEEN}
printf '%s\\n' "$#" "$1" "$(cat)" "$(id -un)" "$(env | grep -c CREDENTIALS)"
grep NoNewPrivs /proc/self/status
touch /etc/smsotp/x 2>/dev/null && echo "may write"
exit $(cat /etc/smsotp/scripts/status)
"""
    bookworm.write_text(PROGRAM, body, 0o755)
    bookworm.write_text("/etc/smsotp/scripts/status", "0")
    yield bookworm
    bookworm.run(["rm", "-f", PROGRAM, SEEN, "/etc/smsotp/scripts/status"])
    ctl(bookworm, "gateway", "remove", "program", "--yes")


def test_a_program_is_run_inside_the_sandbox(programs: Machine) -> None:
    assert configure_program(programs).returncode == 0
    tested = send_test(programs, "program")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    seen = programs.read_text(SEEN).splitlines()
    assert seen[:2] == ["1", NUMBER]
    assert seen[2]
    assert seen[3:6] == ["smsotp", "0", "NoNewPrivs:\t1"]
    assert len(seen) == 6


@pytest.mark.parametrize(("status", "word"), [(75, "temporary"), (77, "auth"), (79, "credit")])
def test_its_exit_status_is_told(programs: Machine, status: int, word: str) -> None:
    assert configure_program(programs).returncode == 0
    programs.write_text("/etc/smsotp/scripts/status", str(status))
    tested = send_test(programs, "program")
    assert tested.returncode != 0
    assert word in tested.stdout + tested.stderr


def test_a_program_that_hangs_is_killed(programs: Machine) -> None:
    assert configure_program(programs).returncode == 0
    programs.write_text(PROGRAM, "#!/bin/sh\nsleep 4711\n", 0o755)
    tested = send_test(programs, "program")
    assert tested.returncode != 0
    assert "killed" in tested.stdout + tested.stderr
    assert programs.run(["pgrep", "-f", "sleep 4711"], check=False).returncode == 1


@pytest.mark.parametrize("spoil", [["chmod", "g+w"], ["chown", "smsotp"], ["chmod", "a-x"]])
def test_a_program_that_is_not_roots_alone_is_refused(programs: Machine, spoil: list[str]) -> None:
    assert configure_program(programs).returncode == 0
    programs.run([*spoil, PROGRAM])
    refused = configure_program(programs)
    assert refused.returncode != 0
    assert PROGRAM in refused.stdout + refused.stderr
    assert send_test(programs, "program").returncode != 0
    assert programs.run(["test", "-e", SEEN], check=False).returncode == 1


@pytest.fixture
def office(bookworm: Machine) -> Iterator[Machine]:
    """The machine with a mail server, where nobody listens, whose password systemd hands over."""
    bookworm.write_text(CREDENTIAL, "geheim-4711\n", 0o600)
    bookworm.run(["mkdir", "-p", DROP_IN.rpartition("/")[0]])
    bookworm.write_text(DROP_IN, f"[Service]\nLoadCredential=smtp-office:{CREDENTIAL}\n")
    bookworm.run(["systemctl", "daemon-reload"])
    bookworm.run(["systemctl", "restart", "smsotpd"])
    yield bookworm
    ctl(bookworm, "gateway", "remove", "mail", "--yes")
    bookworm.run(["rm", "-f", MAIL, DROP_IN, CREDENTIAL])
    bookworm.run(["systemctl", "daemon-reload"])
    bookworm.run(["systemctl", "restart", "smsotpd"])


def test_a_mail_server_is_known_after_a_reload(office: Machine) -> None:
    given = ["--type", "smtp", "--set", "SMTPIDENTIFIER=office", "--set", "MAILTO={phone}@sms.test"]
    unknown = ctl(office, "gateway", "configure", "mail", *given)
    assert unknown.returncode != 0
    assert "names no mail server: none is defined" in unknown.stdout + unknown.stderr
    server = '[smtp.office]\nhost = "127.0.0.1"\nport = 2525\nsender = "otp@host.test"\n'
    login = 'user = "otp"\npassword = { credential = "smtp-office" }\n'
    office.write_text(MAIL, server + login)
    office.run(["systemctl", "reload", "smsotpd"])
    known = ctl(office, "gateway", "configure", "mail", *given)
    assert known.returncode == 0, known.stdout + known.stderr
    tested = send_test(office, "mail")
    assert "refuses the connection" in tested.stdout + tested.stderr
    shown = ctl(office, "gateway", "show", "mail", "--json").stdout
    assert json.loads(shown)
    assert "geheim" not in shown + tested.stdout + tested.stderr
