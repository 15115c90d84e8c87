# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Any reply to the terminal, from whoever answers: read, or malformed, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from pam_smsotp import wire
from pam_smsotp.login import login
from pam_smsotp.verdict import DeniedError, UnreachableError, code_from_outcome
from tests.tally import Tried
from tests.unit.pam_smsotp.scripted_handle import ScriptedHandle
from tests.unit.pam_smsotp.test_wire import jeepney_reply, split

KINDS = st.sampled_from(["hidden", "visible", "info", "error", "authtok", "outcome", "", "root"])
WORDS = st.sampled_from(["PAM_SUCCESS", "PAM_AUTH_ERR", "PIN: ", "PAM_success", "0", ""])
STEPS = st.lists(st.tuples(KINDS, WORDS), max_size=4)


class Scripted:
    """A daemon that replies what it was given, and a user who answers anything."""

    def __init__(self, replies: list[list[tuple[str, str]]]) -> None:
        self.replies = list(replies)
        self.asked = 0

    def begin(self, _context: object) -> tuple[str, list[tuple[str, str]]]:
        return "t", self.respond("t", "")

    def respond(self, _transaction: str, _answer: str) -> list[tuple[str, str]]:
        if not self.replies:
            raise UnreachableError("gone")
        return self.replies.pop(0)

    def cancel(self, _transaction: str) -> None:
        self.replies.clear()

    def show_info(self, _text: str) -> None:
        return

    show_error = show_info

    def ask_hidden(self, _prompt: str) -> str:
        self.asked += 1
        return "answer"

    ask_visible = ask_hidden


def test_no_damage_to_a_reply_does_more_than_make_it_malformed(tried: Tried) -> None:
    places = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4)

    @given(STEPS, places, st.integers(0, 10_000))
    def is_read_or_malformed(
        steps: list[tuple[str, str]], damage: list[tuple[int, int]], end: int
    ) -> None:
        tried()
        message = bytearray(jeepney_reply("little", "a(ss)", (steps,)))
        for at, octet in damage:
            message[at % len(message)] = octet
        del message[max(wire.FIXED_HEADER, end) :]
        try:
            header = wire.Header(bytes(message[: wire.FIXED_HEADER]))
            start = wire.FIXED_HEADER + header.padded_fields_length
            fields = bytes(message[wire.FIXED_HEADER : start])
            wire.Reader(fields, header.order).read_header_fields()
            found = wire.Reader(bytes(message[start:]), header.order).read_steps()
        except wire.MalformedError:
            return
        assert all(isinstance(text, str) for step in found for text in step)

    _, reader = split(jeepney_reply("little", "a(ss)", ([("outcome", "PAM_SUCCESS")],)))
    assert reader.read_steps() == [("outcome", "PAM_SUCCESS")]
    is_read_or_malformed()


def test_no_conversation_ends_in_success_but_by_that_very_outcome(tried: Tried) -> None:
    @given(st.lists(STEPS, max_size=5))
    def ends_as_it_must(replies: list[list[tuple[str, str]]]) -> None:
        tried()
        scripted = Scripted(replies)
        try:
            outcome = login(scripted, scripted, {}, None)
        except (DeniedError, UnreachableError):
            return
        given_last = replies[len(replies) - len(scripted.replies) - 1]
        assert given_last[-1] == ("outcome", outcome)
        code = code_from_outcome(ScriptedHandle(), outcome)
        assert (code == ScriptedHandle.PAM_SUCCESS) == (outcome == "PAM_SUCCESS")

    ends_as_it_must()
