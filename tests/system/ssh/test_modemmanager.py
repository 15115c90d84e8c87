# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Through ModemManager on a booted host: what polkit and the bus allow, to us and to others."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from smspdudecoder.fields import SMSSubmit  # type: ignore[import-untyped]  # it ships no types

from tests.system import accounts
from tests.system.accounts import PIN, Account
from tests.testhost.machine import Machine
from tests.testhost.ssh import SshLogin
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

NAME = "org.freedesktop.ModemManager1"
ROOT = "/org/freedesktop/ModemManager1"
MODEM = f"{ROOT}/Modem/0"
NUMBER = "+491701234567"
FAKES = Path(__file__).resolve().parents[2] / "fakes"
EXAMPLES = "/usr/share/pam-smsotp/examples"
RULE = "50-smsotp-modemmanager.rules"
BUS_RULE = "/etc/dbus-1/system-local.conf"
DROP_IN = "/run/systemd/system/ModemManager.service.d/test.conf"
LOG = "/run/scripted-modem.log"
TRY = ("sh", "-c", f"echo {NUMBER} | smsotpctl modem send-test lte --to-fd 0")
# Its own unit does not start in a container, where there is no hardware.
UNIT = """
[Unit]
ConditionVirtualization=
[Service]
ExecStart=
ExecStart=/usr/sbin/ModemManager --test-enable --test-no-udev --no-auto-scan --test-no-qrtr \
 --test-no-suspend-resume
"""


@pytest.fixture
def managed(server: Machine) -> Iterator[Machine]:
    """The server with ModemManager, a modem in it that takes its time, and the gateway `lte`."""
    server.run(["mkdir", "-p", "/opt/tests/fakes", str(Path(DROP_IN).parent)])
    for name in ("scripted_modem.py", "modem_socket.py"):
        server.copy_in(FAKES / name, f"/opt/tests/fakes/{name}")
    server.run(
        ["systemd-run", "--unit=scripted-modem", f"--property=StandardOutput=file:{LOG}",
         "--setenv=PYTHONPATH=/opt", "python3", "-m", "tests.fakes.modem_socket", "one", "4"]
    )  # fmt: skip
    wait_until(lambda: "abstract" in server.run(["cat", LOG], check=False).stdout, 20, "a modem")
    server.write_text(DROP_IN, UNIT)
    server.run(["systemctl", "daemon-reload"])
    server.run(["systemctl", "start", "ModemManager"])
    busctl(server, "call", ROOT, f"{NAME}.Test", "SetProfile", "ssas", "one", "generic", "1",
           "abstract:one")  # fmt: skip
    wait_until(lambda: enabled(server), 30, "a modem in ModemManager")
    server.run(["smsotpctl", "gateway", "configure", "lte", "--type", "modemmanager", "--set",
                "MODEM=any"])  # fmt: skip
    yield server
    server.run(["smsotpctl", "gateway", "remove", "lte", "--yes"])
    server.run(["systemctl", "stop", "ModemManager", "scripted-modem"])
    server.run(["rm", "-f", f"/etc/polkit-1/rules.d/{RULE}", BUS_RULE, DROP_IN, LOG])
    server.run(["systemctl", "daemon-reload"])
    server.run(["systemctl", "reload", "dbus"])


def busctl(server: Machine, verb: str, path: str, *arguments: str, user: str = "root") -> str:
    """Call ModemManager as somebody; return what is said, refusals too."""
    command = ["runuser", "-u", user, "--", "busctl", verb, NAME, path, *arguments]
    done = server.run(command, check=False)
    return done.stdout + done.stderr


def enabled(server: Machine) -> bool:
    """Enable the modem, as NetworkManager would; tell whether it has a network."""
    busctl(server, "call", MODEM, f"{NAME}.Modem", "Enable", "b", "true")
    return busctl(server, "get-property", MODEM, f"{NAME}.Modem", "State").strip() == "i 8"


def allow(server: Machine) -> None:
    """Install the polkit rule as it says itself."""
    server.run(["cp", f"{EXAMPLES}/{RULE}", "/etc/polkit-1/rules.d/"])
    # polkit sees it by itself; restarting it would restart ModemManager, too.
    server.run(["systemctl", "restart", "smsotpd"])
    status = ["smsotpctl", "modem", "status", "lte"]
    wait_until(lambda: server.run(status, check=False).returncode == 0, 30, "a gateway that is up")


def sent(server: Machine) -> list[str]:
    """Return the texts that the modem sent."""
    lines = server.read_text(LOG).splitlines()
    pdus = [line.removeprefix("sent ") for line in lines if line.startswith("sent ")]
    return [str(SMSSubmit.decode(StringIO(pdu))["user_data"]["data"]) for pdu in pdus]


def text_read_by_nobody(server: Machine) -> str:
    """Return what an unprivileged user sees of the message that is being sent."""
    found: list[str] = []

    def looked() -> bool:
        messaging = f"{NAME}.Modem.Messaging"
        told = busctl(server, "get-property", MODEM, messaging, "Messages", user="nobody")
        found.append(told)
        if "denied" in told.lower():
            return True
        paths = [word.strip('"') for word in told.split() if "/SMS/" in word]
        if not paths:
            return False
        found.append(busctl(server, "get-property", paths[0], f"{NAME}.Sms", "Text", user="nobody"))
        return '"' in found[-1]

    wait_until(looked, 20, "a look at the message")
    return found[-1]


def test_as_installed_polkit_refuses_and_the_daemon_says_what_to_do(managed: Machine) -> None:
    refused = managed.run(TRY, check=False)
    assert refused.returncode != 0
    assert "polkit does not let the daemon send" in refused.stdout + refused.stderr
    assert sent(managed) == []
    assert not busctl(managed, "get-property", MODEM, f"{NAME}.Modem.Messaging", "Messages").count(
        "/SMS/"
    )


def test_with_the_rule_a_login_by_the_code_that_modemmanager_sent(
    managed: Machine, alice: Account
) -> None:
    allow(managed)
    tested = managed.run(TRY, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    with (
        accounts.settings(managed, '[gateways]\norder = ["lte"]\n'),
        SshLogin(managed, alice.name) as login,
    ):
        login.expect_prompt("PIN: ")
        login.answer(PIN)
        login.expect_prompt(f"Code sent to {alice.masked}: ")
        login.answer(next(word for word in sent(managed)[-1].split() if word.isdigit()))
        assert login.result().granted
    left = busctl(managed, "get-property", MODEM, f"{NAME}.Modem.Messaging", "Messages")
    assert left.strip() == "ao 0"
    listed = managed.run(["smsotpctl", "modem", "list"]).stdout
    for shown in ("lte", "ready", "huawei E1752", "home network, Operator"):
        assert shown in listed


def test_the_bus_rule_keeps_others_from_reading_a_message_while_it_is_sent(
    managed: Machine,
) -> None:
    allow(managed)
    begin = ["systemd-run", "--collect", *TRY]
    managed.run(begin)
    assert "test message" in text_read_by_nobody(managed)  # what the rule is there for
    wait_until(lambda: len(sent(managed)) == 1, 20, "the message")
    managed.run(["install", "-m", "0644", f"{EXAMPLES}/smsotp-modemmanager.conf", BUS_RULE])
    managed.run(["systemctl", "reload", "dbus"])
    managed.run(begin)
    assert "denied" in text_read_by_nobody(managed).lower()
    wait_until(lambda: len(sent(managed)) == 2, 20, "the message")
