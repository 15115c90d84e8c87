# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl gateway configure` asks on a terminal: types, settings, secrets, a test message."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pexpect
import pytest

from smsotpd.cli.exit import Exit
from tests.fakes.providers import clicksend, smsapi
from tests.fakes.providers.strict import PASSWORD, number_for
from tests.system.gateways.providers import Person, configure
from tests.testhost.machine import Machine

pytestmark = pytest.mark.system

# Some of the providers, as the list has them: name, id, link.
LISTED: Final = (
    "ClickSend (clicksend)  https://www.clicksend.com",
    "SMSAPI (smsapi)  https://www.smsapi.com",
    "OVHcloud SMS (ovh)  https://",
    "Telegram, by a bot (telegram_bot)  https://core.telegram.org/bots/api",
    "WhatsApp, by GoWhatsApp (gowhatsapp)  https://github.com/",
)
OFFER: Final = "Send a test message now? [y/N]: "


class Dialogue:
    """A run of `gateway configure`, and all that it shows."""

    def __init__(self, machine: Machine, name: str) -> None:
        self._shown = io.StringIO()
        self.terminal = machine.spawn(["smsotpctl", "gateway", "configure", name], timeout=15)
        self.terminal.logfile_read = self._shown

    def answer(self, question: str, text: str) -> None:
        """Wait for a question and answer it; an empty text keeps the default."""
        self.terminal.expect_exact(question)
        self.terminal.sendline(text)

    def end(self) -> tuple[int, str]:
        """Wait for the end and return the exit status and all that was shown."""
        self.terminal.expect(pexpect.EOF)
        self.terminal.close()
        return self.terminal.exitstatus, self._shown.getvalue()


@contextmanager
def configuring(machine: Machine, name: str) -> Iterator[Dialogue]:
    dialogue = Dialogue(machine, name)
    try:
        yield dialogue
    finally:
        dialogue.terminal.close()


def gateway(machine: Machine, name: str) -> dict[str, object] | None:
    """Return what is stored of a gateway, None if nothing is."""
    shown = machine.run(["smsotpctl", "gateway", "show", name, "--json"], check=False)
    if shown.returncode == Exit.NOT_FOUND:
        return None
    found = json.loads(shown.stdout)
    assert isinstance(found, dict)
    return found


def test_a_new_gateway_is_asked_for_and_tried(online: Machine, ada: Person) -> None:
    with configuring(online, "asked-for") as dialogue:
        dialogue.answer("Type (name or number): ", "smsapi")
        dialogue.answer("Made in the panel.\r\nAPI token: ", PASSWORD)
        dialogue.answer("the account's default.\r\nSender: ", "MyHost")
        dialogue.answer("Address of the API [https://api.smsapi.com]: ", "")
        dialogue.terminal.expect_exact("The gateway asked-for is configured.")
        dialogue.answer(OFFER, "y")
        dialogue.answer("Send it to (number with + and country code): ", ada.address("sms"))
        status, shown = dialogue.end()
    assert status == Exit.DONE
    for line in LISTED:
        assert line in shown
    assert PASSWORD not in shown
    assert "accepted" in shown
    [message] = ada.received("api.smsapi.com")
    assert "This is a test message from pam-smsotp" in message
    stored = gateway(online, "asked-for")
    assert stored is not None
    assert stored["settings"] == {"sender": "MyHost", "token": "••••••••"}


@pytest.mark.parametrize("answer", ["seven", "its number"])
def test_a_type_goes_by_its_alias_or_by_its_number(online: Machine, answer: str) -> None:
    with configuring(online, "by-another-name") as dialogue:
        dialogue.terminal.expect(r"(\d+)  seven \(formerly sms77.io\) \(sms77io\)")
        number = dialogue.terminal.match[1]
        dialogue.answer("Type (name or number): ", answer.replace("its number", number))
        dialogue.terminal.expect_exact("Created at https://dashboard.seven.io/developer")


def test_wrong_answers_are_asked_again(online: Machine) -> None:
    with configuring(online, "asked-again") as dialogue:
        dialogue.answer("Type (name or number): ", "telegraph")
        dialogue.terminal.expect_exact("That is none of them.")
        dialogue.answer("Type (name or number): ", "whatsapp_business")
        dialogue.answer("Id of the phone number: ", "")
        dialogue.terminal.expect_exact("An answer is needed.")
        dialogue.answer("Id of the phone number: ", "106540352242922")
        dialogue.answer("Access token: ", "")
        dialogue.terminal.expect_exact("An answer is needed.")
        dialogue.answer("Access token: ", "not-to-be-shown")
        dialogue.answer("Name of the template: ", "login_code")
        dialogue.answer("Language of the template: ", "en_US")
        dialogue.answer("(authentication, code, text) [authentication]: ", "poem")
        dialogue.terminal.expect_exact("It must be one of authentication, code, text.")
        dialogue.answer("(authentication, code, text) [authentication]: ", "")
        dialogue.answer("Id of the WhatsApp Business account: ", "")
        dialogue.answer("Phone number: ", "")
        dialogue.answer("Version of the Graph API [v22.0]: ", "")
        dialogue.answer("Address of the API [https://graph.facebook.com]: ", "graph.facebook.com")
        dialogue.terminal.expect_exact("It must be a URL that begins with http:// or https://.")
        dialogue.answer("Address of the API [https://graph.facebook.com]: ", "")
        dialogue.answer(OFFER, "")
        status, shown = dialogue.end()
    assert status == Exit.DONE
    assert "not-to-be-shown" not in shown
    stored = gateway(online, "asked-again")
    assert stored is not None
    assert stored["settings"] == {
        "phone_number_id": "106540352242922",
        "template_name": "login_code",
        "template_language": "en_US",
        "access_token": "••••••••",
    }


def test_a_test_that_is_not_accepted_says_why(online: Machine) -> None:
    with configuring(online, "tried-in-vain") as dialogue:
        dialogue.answer("Type (name or number): ", "smsapi")
        dialogue.answer("API token: ", PASSWORD)
        dialogue.answer("Sender: ", "")
        dialogue.answer("Address of the API [https://api.smsapi.com]: ", "")
        dialogue.answer(OFFER, "y")
        dialogue.answer("Send it to (number with + and country code): ", number_for(103))
        status, shown = dialogue.end()
    assert status == Exit.FAILED
    assert "the message was not accepted (rejected)" in shown
    assert "credit" in shown


def test_ctrl_c_before_the_end_stores_nothing(online: Machine) -> None:
    with configuring(online, "broken-off") as dialogue:
        dialogue.answer("Type (name or number): ", "clicksend")
        dialogue.answer("User name: ", "anton")
        dialogue.answer("API key: ", PASSWORD)
        dialogue.terminal.expect_exact("Sender: ")
        dialogue.terminal.sendintr()
        status, shown = dialogue.end()
    assert status == Exit.ABORTED
    assert "nothing more was done" in shown
    assert PASSWORD not in shown
    assert gateway(online, "broken-off") is None


def test_a_terminal_that_hangs_up_stores_nothing(online: Machine) -> None:
    with configuring(online, "hung-up") as dialogue:
        dialogue.answer("Type (name or number): ", "clicksend")
        dialogue.answer("User name: ", "anton")
        dialogue.terminal.expect_exact("API key: ")
        dialogue.terminal.close(force=True)
    assert gateway(online, "hung-up") is None


def test_a_change_keeps_what_is_left_empty(online: Machine) -> None:
    configure(online, "changed", clicksend.SIMULATOR)
    with configuring(online, "changed") as dialogue:
        dialogue.answer("User name [anton]: ", "")
        dialogue.answer("API key [••••••••]: ", "")
        dialogue.answer("Sender [MyHost]: ", "-")
        dialogue.answer("Address of the API [https://rest.clicksend.com]: ", "")
        dialogue.answer(OFFER, "")
        status, _ = dialogue.end()
    assert status == Exit.DONE
    stored = gateway(online, "changed")
    assert stored is not None
    assert stored["settings"] == {"user": "anton", "apikey": "••••••••"}
    asked = online.run(["smsotpctl", "gateway", "status", "changed"])
    assert "2.01 USD" in asked.stdout, "the key is the one that was given before"


def test_a_change_that_is_broken_off_changes_nothing(online: Machine) -> None:
    configure(online, "unchanged", smsapi.SIMULATOR)
    before = gateway(online, "unchanged")
    with configuring(online, "unchanged") as dialogue:
        dialogue.answer("API token [••••••••]: ", "another-token")
        dialogue.answer("Sender [Test]: ", "Another")
        dialogue.terminal.expect_exact("Address of the API")
        dialogue.terminal.sendintr()
        status, _ = dialogue.end()
    assert status == Exit.ABORTED
    assert gateway(online, "unchanged") == before
    assert online.run(["smsotpctl", "gateway", "status", "unchanged"]).returncode == 0
