# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl gateway pair` on a terminal: until the phone has linked, or until Ctrl-C."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pexpect
import pytest
import segno

from smsotpd.cli.exit import Exit
from smsotpd.core.events import GatewayChanged
from smsotpd.journal.catalogue import message_id
from tests.fakes.providers.gowhatsapp import PAIRING_CODE, USER
from tests.fakes.providers.strict import PASSWORD
from tests.system import accounts
from tests.system.gateways.providers import Person, exchanges, log_in, order
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

NUMBER: Final = "+491711230456"


def drawn(content: str) -> list[str]:
    """Return a QR code, line by line, as a terminal shows it."""
    picture = io.StringIO()
    segno.make(content, micro=False).terminal(picture, border=2, compact=True)
    return picture.getvalue().splitlines()


def define(machine: Machine, name: str, type_id: str, host: str, *words: str) -> None:
    """Define a gateway of a server that we run ourselves, which is not linked yet."""
    secret = "password" if type_id == "gowhatsapp" else "api_key"
    argv = ["smsotpctl", "gateway", "configure", name, "--type", type_id]
    argv += ["--set", f"base_url=https://{host}", "--set-secret", secret, *words]
    machine.run(argv, input=f"{PASSWORD}\n")


def settings(machine: Machine, name: str) -> dict[str, str]:
    shown = machine.run(["smsotpctl", "gateway", "show", name, "--json"]).stdout
    found = json.loads(shown)["settings"]
    assert isinstance(found, dict)
    return found


@contextmanager
def pairing(machine: Machine, name: str) -> Iterator[pexpect.spawn]:
    """Start to pair a gateway on a terminal."""
    terminal = machine.spawn(["smsotpctl", "gateway", "pair", name], timeout=20)
    try:
        yield terminal
    finally:
        terminal.close()


def ended(terminal: pexpect.spawn) -> tuple[str, int]:
    """Wait for the end; return what was shown since, and the exit status."""
    terminal.expect(pexpect.EOF)
    shown = str(terminal.before)
    terminal.close()
    return shown, terminal.exitstatus


def test_gowhatsapp_is_linked_by_its_pairing_code(online: Machine, ada: Person) -> None:
    define(online, "gowa", "gowhatsapp", "new.gowhatsapp.example", "--set", f"username={USER}")
    mark = online.journal_mark()
    with pairing(online, "gowa") as terminal:
        terminal.expect_exact("Number of the WhatsApp account")
        terminal.sendline(NUMBER)
        terminal.expect_exact(f"Pairing code: {PAIRING_CODE}")
        terminal.expect_exact("Link with phone number instead")
        shown, status = ended(terminal)
    assert status == 0
    # An escape of the account's name cannot steer the terminal.
    facts = ["Verified name: Example\ufffd[2J GmbH", "Status: At work", "Linked devices: 3"]
    told = ["the WhatsApp account is logged in", *(f"  {fact}" for fact in facts)]
    assert shown.splitlines()[-4:] == told
    assert [shown.count(fact) for fact in facts] == [1, 1, 1]
    kept = settings(online, "gowa")
    assert (kept["phone"], kept["device_id"]) == (NUMBER, "pam-smsotp")
    about = {"MESSAGE_ID": message_id(GatewayChanged), "SMSOTP_GATEWAY": "gowa"}
    changes = [entry["SMSOTP_CHANGE"] for entry in online.journal(after=mark, **about)]
    assert changes == ["linked"]
    ada.enrol("whatsapp")
    with accounts.settings(online, order("gowa")):
        log_in(ada, "whatsapp", "new.gowhatsapp.example")


def test_wwebjs_is_linked_by_a_qr_code(online: Machine, ada: Person) -> None:
    define(online, "wwebjs", "whatsapp", "new.wwebjs.example")
    with pairing(online, "wwebjs") as terminal:
        terminal.expect_exact("then scan the code.")
        terminal.expect_exact("Scan this code with WhatsApp")
        for line in drawn("2@1,x/y+z=,1"):
            terminal.expect_exact(line)
        shown, status = ended(terminal)
    assert (status, "the session is connected" in shown) == (0, True)
    ada.enrol("whatsapp")
    with accounts.settings(online, order("wwebjs")):
        log_in(ada, "whatsapp", "new.wwebjs.example")


def test_ctrl_c_at_a_pairing_code_keeps_nothing(online: Machine) -> None:
    host = "waiting.gowhatsapp.example"
    define(online, "gowa-waiting", "gowhatsapp", host, "--set", f"username={USER}")
    before = settings(online, "gowa-waiting")
    with pairing(online, "gowa-waiting") as terminal:
        terminal.expect_exact("Number of the WhatsApp account")
        terminal.sendline(NUMBER)
        terminal.expect_exact(f"Pairing code: {PAIRING_CODE}")
        looks = status_looks(online, host)
        wait_until(lambda: status_looks(online, host) > looks, 10, "it looks again and again")
        terminal.sendintr()
        shown, status = ended(terminal)
    assert status == Exit.ABORTED
    assert "nothing more was done" in shown
    assert settings(online, "gowa-waiting") == before
    assert "phone" not in before


def test_ctrl_c_at_a_qr_code_keeps_nothing(online: Machine) -> None:
    define(online, "wwebjs-waiting", "whatsapp", "waiting.wwebjs.example")
    before = settings(online, "wwebjs-waiting")
    mark = online.journal_mark()
    with pairing(online, "wwebjs-waiting") as terminal:
        terminal.expect_exact("Scan this code with WhatsApp")
        terminal.sendintr()
        _, status = ended(terminal)
    assert status == Exit.ABORTED
    assert settings(online, "wwebjs-waiting") == before
    about = {"MESSAGE_ID": message_id(GatewayChanged), "SMSOTP_GATEWAY": "wwebjs-waiting"}
    assert online.journal(after=mark, **about) == []


def test_a_wrong_password_is_told_and_nothing_kept(online: Machine) -> None:
    host = "waiting.gowhatsapp.example"
    define(online, "gowa-refused", "gowhatsapp", host, "--set", "username=nobody")
    with pairing(online, "gowa-refused") as terminal:
        shown, status = ended(terminal)
    assert status == 1
    assert "401" in shown
    assert "nothing was stored" in shown


def test_a_type_without_accounts_to_link_is_refused(online: Machine) -> None:
    with pairing(online, "outbox") as terminal:
        shown, status = ended(terminal)
    assert status != 0
    assert "need no pairing" in shown


def status_looks(machine: Machine, host: str) -> int:
    """Return how often a server was asked whether the phone has linked."""
    return sum(
        each.host == host and each.target.startswith("/app/status") for each in exchanges(machine)
    )
