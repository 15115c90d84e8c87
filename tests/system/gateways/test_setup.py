# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl setup` over a messenger: from a server without an account to a login by its code."""

from typing import Final

import pytest

from smsotpd.cli.exit import Exit
from tests.fakes.providers.gowhatsapp import PAIRING_CODE, USER
from tests.fakes.providers.strict import PASSWORD
from tests.system import accounts
from tests.system.accounts import PIN
from tests.system.gateways.providers import Person, log_in, order
from tests.testhost.machine import Machine
from tests.testhost.waiting import wait_until

pytestmark = pytest.mark.system

HOST: Final = "setup.gowhatsapp.example"
NUMBER: Final = "+491711230457"
GATEWAY: Final = (
    "--gateway", "gowa-setup", "--type", "gowhatsapp", "--set", f"base_url=https://{HOST}",
    "--set", f"username={USER}", "--set-secret", "password",
)  # fmt: skip


def test_a_newcomer_is_led_to_codes_by_whatsapp(online: Machine, ada: Person) -> None:
    with accounts.settings(online, order("gowa-setup")):
        words = ["smsotpctl", "setup", *GATEWAY, "--user", ada.name, "--no-recovery"]
        terminal = online.spawn(words, timeout=30)
        terminal.expect_exact("Password")
        terminal.sendline(PASSWORD)
        terminal.expect_exact("The gateway gowa-setup is not ready")
        terminal.expect_exact("Link an account now?")
        terminal.sendline("")
        terminal.expect_exact("Number of the WhatsApp account")
        terminal.sendline(NUMBER)
        terminal.expect_exact(f"Pairing code: {PAIRING_CODE}")
        terminal.expect_exact("Number of the first user at WhatsApp")
        terminal.sendline("0151 1234567")
        terminal.expect_exact("must start with + and the country code")
        terminal.expect_exact("Number of the first user at WhatsApp")
        terminal.sendline(ada.address("whatsapp"))
        terminal.expect_exact("took a test message")
        terminal.expect_exact("New PIN")
        terminal.sendline(PIN)
        terminal.expect_exact("Once more")
        terminal.sendline(PIN)
        terminal.expect_exact("Code that arrived on the phone")
        wait_until(lambda: len(ada.received(HOST)) > 1, 10, "the code has come behind the test")
        terminal.sendline(ada.code(HOST))
        terminal.expect_exact("Keys")
        terminal.sendline("")
        terminal.expect_exact("sshd asks for the code already")
        terminal.expect_exact("Done")

        log_in(ada, "whatsapp", HOST)


def test_an_address_of_another_channel_is_refused_before_a_gateway_is_defined(
    online: Machine,
) -> None:
    words = ["smsotpctl", "setup", "--yes", "--type", "xmpp", "--gateway", "not-made"]
    words += ["--user", "root", "--address-fd", "0"]
    done = online.run(words, input="+491711230458\n", check=False)

    assert done.returncode == Exit.USAGE
    assert "gateways of type xmpp send by xmpp" in done.stderr
    assert "Nothing was changed" in done.stderr
    assert "not-made" not in online.run(["smsotpctl", "gateway", "list"]).stdout
