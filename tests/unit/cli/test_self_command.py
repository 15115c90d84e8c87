# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl self` shows, asks and relays, and says so when nothing was changed."""

import json
from collections.abc import Callable

import pytest

from smsotpd.cli.exit import Exit
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon

DONE = [["info", "It is changed."], ["outcome", "PAM_SUCCESS"]]
DENIED = [["error", "That was not right."], ["outcome", "PAM_AUTH_ERR"]]
ASKS_PIN = [["hidden", "Current PIN: "]]
ASKS_CODE = [["info", "A note"], ["visible", "Code: "]]


class Daemon(FakeDaemon):
    """A daemon that asks what it was told to, and remembers what it was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[list[list[str]]] = []
        self.wishes: list[tuple[str, ...]] = []
        self.answers: list[str] = []

    def _Status(self) -> object:  # noqa: N802  # named like the bus member
        return {"user": "anna", "phone": "+49 ••• ••89"}

    def _Enrol(self, *wish: str) -> object:  # noqa: N802  # named like the bus member
        return self._Change("enrol", *wish)

    def _Change(self, *wish: str) -> object:  # noqa: N802  # named like the bus member
        self.wishes.append(wish)
        return self.script.pop(0)

    def _Respond(self, _index: int, answer: str) -> object:  # noqa: N802  # named like the bus member
        self.answers.append(answer)
        return self.script.pop(0)


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


def test_it_shows_how_one_is_enrolled(shell: Shell) -> None:
    assert "+49 ••• ••89" in shell.run("self", "status").output
    assert json.loads(shell.run("self", "status", "--json").output)["user"] == "anna"


def test_a_person_answers_one_prompt_after_the_other(shell: Shell, daemon: Daemon) -> None:
    shell.interactive = True
    daemon.script = [ASKS_PIN, ASKS_CODE, DONE]
    done = shell.run("self", "number", typed="+431234567\nRosenkohl7\n123456\n")
    assert done.exit_code == 0, done.output
    assert daemon.wishes == [("number", "sms", "+431234567")]
    assert daemon.answers == ["Rosenkohl7", "123456"]
    assert "Rosenkohl7" not in done.output
    assert "A note" in done.output
    assert "It is changed." in done.output


def test_a_number_is_asked_for_if_none_is_given(shell: Shell, daemon: Daemon) -> None:
    shell.interactive = True
    daemon.script = [DONE]
    assert shell.run("self", "enrol", typed="+431234567\n").exit_code == 0
    assert daemon.wishes == [("enrol", "sms", "+431234567")]


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        (("pin",), ("pin", "", "")),
        (("order", "xmpp"), ("order", "xmpp", "")),
        (("recovery",), ("recovery", "", "")),
    ],
)
def test_a_program_answers_line_by_line(
    shell: Shell, daemon: Daemon, words: tuple[str, ...], wish: tuple[str, ...]
) -> None:
    daemon.script = [ASKS_PIN, DONE]
    done = shell.run("self", *words, "--answers-stdin", typed="Rosenkohl7\n")
    assert (done.exit_code, daemon.answers, daemon.wishes) == (0, ["Rosenkohl7"], [wish])


def test_a_program_gives_the_address_first(shell: Shell, daemon: Daemon) -> None:
    daemon.script = [ASKS_PIN, DONE]
    typed = "+431234567\nRosenkohl7\n"
    done = shell.run("self", "number", "--answers-stdin", typed=typed)
    assert (done.exit_code, daemon.answers) == (0, ["Rosenkohl7"])
    assert daemon.wishes == [("number", "sms", "+431234567")]


def test_the_address_may_come_by_a_descriptor(
    shell: Shell, daemon: Daemon, holding: Callable[[str], str]
) -> None:
    words = ["self", "enrol", "--channel", "xmpp", "--answers-stdin"]
    daemon.script = [ASKS_PIN, DONE]
    done = shell.run(*words, "--address-fd", holding("a@xmpp.example\n"), typed="Rosenkohl7\n")
    assert (done.exit_code, daemon.answers) == (0, ["Rosenkohl7"])
    assert daemon.wishes == [("enrol", "xmpp", "a@xmpp.example")]
    both = shell.run(*words, "--address-fd", "0", typed="a@xmpp.example\n")
    assert both.exit_code == Exit.USAGE


def test_a_denial_says_that_nothing_was_changed(shell: Shell, daemon: Daemon) -> None:
    daemon.script = [ASKS_PIN, DENIED]
    done = shell.run("self", "pin", "--answers-stdin", typed="wrong\n")
    assert done.exit_code == Exit.REFUSED
    assert "That was not right." in done.output
    assert "nothing was changed" in done.output


def test_where_nobody_can_answer_nothing_is_answered(shell: Shell, daemon: Daemon) -> None:
    daemon.script = [ASKS_PIN, ASKS_PIN]
    assert shell.run("self", "pin").exit_code == Exit.USAGE
    assert shell.run("self", "pin", "--answers-stdin").exit_code == Exit.ABORTED
    assert shell.run("self", "enrol").exit_code == Exit.USAGE
    assert daemon.answers == []


@pytest.mark.parametrize("reply", [[], [["info", "x"]], [["authtok", ""]]])
def test_what_is_not_in_the_contract_ends_it(
    shell: Shell, daemon: Daemon, reply: list[list[str]]
) -> None:
    daemon.script = [reply]
    assert shell.run("self", "pin").exit_code == Exit.FAILED


def test_an_app_is_offered_as_a_drawing_and_never_as_its_plain_address(
    shell: Shell, daemon: Daemon
) -> None:
    shell.interactive = True
    uri = "otpauth://totp/host:anna?secret=ABCD"
    daemon.script = [[["info", "Scan this:"], ["qr", uri], ["visible", "Code: "]], DONE]
    done = shell.run("self", "authenticator", "add", typed="123456\n")
    assert done.exit_code == 0, done.output
    assert daemon.wishes == [("authenticator-add", "", "")]
    assert uri not in done.output
    assert "█" in done.output or "▄" in done.output


def test_an_app_is_removed(shell: Shell, daemon: Daemon) -> None:
    daemon.script = [DONE]
    assert shell.run("self", "authenticator", "remove").exit_code == 0
    assert daemon.wishes == [("authenticator-remove", "", "")]


def test_an_invitation_needs_no_polkit(shell: Shell, daemon: Daemon) -> None:
    shell.interactive = True
    daemon.script = [[["hidden", "Invitation: "]], DONE]
    done = shell.run("self", "enrol", "--invited", typed="+431234567\nYK7Q\n")
    assert done.exit_code == 0, done.output
    assert daemon.wishes == [("invitation", "sms", "+431234567")]
