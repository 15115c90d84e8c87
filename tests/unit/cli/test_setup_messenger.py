# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl setup` over a messenger: its account is linked, and its own kind of address asked."""

import os
from collections.abc import Iterator

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.cli.pam.block import State
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon
from tests.unit.cli.fake_host import FakeHost, state_of

ACCOUNT = "2f0b8f6c-0a3e-4d5b-9c7e-6d3d0a6b1c2d"
WITHOUT_QUESTIONS = ("setup", "--yes", "--user", "anna", "--no-verify", "--no-recovery")


@pytest.fixture
def pin() -> Iterator[str]:
    """Return the number of a descriptor that a PIN can be read from."""
    reading, writing = os.pipe()
    os.write(writing, b"fishbone7")
    os.close(writing)
    yield str(reading)
    os.close(reading)


def test_a_messenger_that_is_not_ready_is_linked_before_it_is_tried(
    shell: Shell, daemon: FakeDaemon, host: FakeHost, pin: str
) -> None:
    shell.interactive = True
    daemon.conditions["signal"] = "down"

    result = shell.run(
        "setup", "--type", "signal", "--user", "anna", "--pin-fd", pin, "--no-verify",
        "--no-recovery", "--keys", "keep", "--confirm",
        # Its name, link it, an address that is none, one that is.
        typed=f"\ny\nanna\n{ACCOUNT}\n",
    )  # fmt: skip

    assert result.exit_code == Exit.DONE, result.output
    assert "The gateway signal is not ready: it is down." in result.output
    assert "The account is linked." in result.output
    assert "Number of the first user at Signal" in result.output
    assert "must start with + and the country code" in result.output
    assert daemon.calls.index("ContinuePairing") < daemon.calls.index("TestGateway")
    assert daemon.tested == [ACCOUNT]
    assert daemon.users["anna"]["recipients"] == [["signal", "•••2d"]]
    assert state_of(host, "sshd") is State.INSTEAD


def test_a_messenger_that_is_ready_is_not_linked_again(
    shell: Shell, daemon: FakeDaemon, pin: str
) -> None:
    result = shell.run(
        *WITHOUT_QUESTIONS, "--type", "signal", "--address-fd", "0", "--pin-fd", pin,
        "--confirm", typed="+491701234567\n",
    )  # fmt: skip

    assert result.exit_code == Exit.DONE, result.output
    assert "PairGateway" not in daemon.calls
    assert daemon.tested == ["+491701234567"]


def test_without_a_terminal_a_messenger_that_is_not_ready_ends_it_with_the_way_on(
    shell: Shell, daemon: FakeDaemon, host: FakeHost
) -> None:
    daemon.conditions["signal"] = "down"

    result = shell.run(*WITHOUT_QUESTIONS, "--type", "signal", "--address-fd", "0", typed=ACCOUNT)

    assert result.exit_code == Exit.FAILED
    assert "smsotpctl gateway pair signal; then: smsotpctl setup" in result.output
    assert "Kept: the gateway signal." in result.output
    assert (daemon.tested, daemon.users) == ([], {})
    assert state_of(host, "sshd") is State.OFF


def test_a_second_run_links_what_the_first_left_unlinked_and_tries_it(
    ready: Shell, daemon: FakeDaemon
) -> None:
    daemon.gateways.clear()
    daemon.gateways["chat"] = {
        "name": "chat", "type": "signal", "source": "store", "enabled": True, "settings": {},
    }  # fmt: skip
    daemon.conditions["chat"] = "down"
    ready.interactive = True

    result = ready.run(*WITHOUT_QUESTIONS, "--address-fd", "0", "--confirm", typed=ACCOUNT)

    assert result.exit_code == Exit.DONE, result.output
    assert "PairGateway" in daemon.calls
    assert daemon.tested == [ACCOUNT]


def test_no_pair_leaves_the_account_alone(shell: Shell, daemon: FakeDaemon, pin: str) -> None:
    daemon.conditions["signal"] = "down"

    result = shell.run(
        *WITHOUT_QUESTIONS, "--type", "signal", "--no-pair", "--no-test", "--address-fd", "0",
        "--pin-fd", pin, "--confirm", typed=ACCOUNT,
    )  # fmt: skip

    assert result.exit_code == Exit.DONE, result.output
    assert "PairGateway" not in daemon.calls


@pytest.mark.parametrize(
    ("type_id", "given", "complaint"),
    [
        ("xmpp", "+491707654321", "gateways of type xmpp send by xmpp"),
        ("xmpp", "eve@xmpp.example/phone", "must be a bare XMPP address"),
        ("outbox", "eve@xmpp.example", "must start with +"),
        ("signal", "0170765", "must start with +"),
    ],
)
def test_an_address_of_another_channel_is_refused_before_anything_changes(
    type_id: str, given: str, complaint: str, shell: Shell, daemon: FakeDaemon
) -> None:
    result = shell.run(*WITHOUT_QUESTIONS, "--type", type_id, "--address-fd", "0", typed=given)

    assert result.exit_code == Exit.USAGE
    assert complaint in result.output
    assert daemon.gateways == {}
    assert not any(text in result.output for text in ("0765", "707654321", "eve@"))


def test_a_user_whom_no_gateway_reaches_gets_one_more_address_and_keeps_the_pin(
    ready: Shell, daemon: FakeDaemon
) -> None:
    daemon.gateways.clear()

    result = ready.run(
        *WITHOUT_QUESTIONS, "--type", "xmpp", "--address-fd", "0", "--confirm",
        typed="anna@xmpp.example\n",
    )  # fmt: skip

    assert result.exit_code == Exit.DONE, result.output
    assert daemon.users["anna"]["recipients"] == [["sms", "+49 ••• ••67"], ["xmpp", "•••le"]]
    assert daemon.pins == {"anna": "fishbone7"}


def test_without_a_terminal_the_option_for_the_address_is_named(shell: Shell) -> None:
    result = shell.run(*WITHOUT_QUESTIONS, "--type", "xmpp")

    assert result.exit_code == Exit.USAGE
    assert "--address-fd is missing" in result.output


def test_a_test_message_is_asked_for_in_the_words_of_the_channel(
    shell: Shell, daemon: FakeDaemon
) -> None:
    shell.interactive = True
    assert shell.run("gateway", "configure", "chat", "--type", "xmpp", typed="n\n").exit_code == 0

    result = shell.run("gateway", "test", "chat", typed="+491701234567\nada@xmpp.example\n")

    assert "Send it to (XMPP address, as ada@xmpp.example)" in result.output
    assert "must be a bare XMPP address" in result.output
    assert daemon.tested == ["ada@xmpp.example"]
