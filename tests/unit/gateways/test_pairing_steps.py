# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Steps of a pairing that are made of others."""

from collections.abc import Generator

import pytest

from smsotpd.core.secret import Secret
from smsotpd.gateways.spec import Request, Response
from smsotpd.gateways.spec.pairing import Ask, asked, followed

_FIRST, _SECOND = Request("GET", "http://a.example/1"), Request("GET", "http://a.example/2")


def _lead() -> Generator[Request, Response, str]:
    first = yield _FIRST
    second = yield _SECOND
    return first.text + second.text


def test_an_answer_is_returned_as_it_was_typed() -> None:
    steps = asked(Ask("Which?"))
    assert next(steps) == Ask("Which?")
    with pytest.raises(StopIteration) as ended:
        steps.send(Secret(" a "))
    assert ended.value.value == " a "


def test_a_dialogue_becomes_steps() -> None:
    steps = followed(_lead())
    assert next(steps) is _FIRST
    assert steps.send(Response(200, text="a")) is _SECOND
    with pytest.raises(StopIteration) as ended:
        steps.send(Response(200, text="b"))
    assert ended.value.value == "ab"


def test_a_dialogue_without_requests_is_no_step() -> None:
    def silent() -> Generator[Request, Response, int]:
        yield from ()
        return 7

    with pytest.raises(StopIteration) as ended:
        next(followed(silent()))
    assert ended.value.value == 7


def test_a_step_without_its_answer_is_a_mistake_of_whoever_drives() -> None:
    steps = followed(_lead())
    next(steps)
    with pytest.raises(TypeError, match="needs its reply"):
        steps.send(None)
    question = asked(Ask("Which?"))
    next(question)
    with pytest.raises(TypeError, match="needs an answer"):
        question.send(None)
