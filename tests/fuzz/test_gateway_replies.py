# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Any reply of any provider: an outcome, in our own words, and accepted only for what says so."""

import json
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, Outcome, Rejected, Unknown
from smsotpd.core.recipient import Recipient
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import GATEWAYS
from smsotpd.gateways.spec import Gateway, Http, HttpDialogue, Response
from tests.tally import Tried

VECTORS = Path(__file__).parents[1] / "vectors/gateways"
MARK = "pr0vider-words"
STEPS = 12


def cases_of(gateway: Gateway) -> dict[str, list[dict[str, Any]]]:
    """Return a gateway's vectors by their kind."""
    return tomllib.loads((VECTORS / f"{gateway.id}.toml").read_text())


SPOKEN = [
    (gateway, case, [each["text"] for each in cases_of(gateway).get("outcome", [])] or [""])
    for gateway in GATEWAYS
    if isinstance(gateway.transport, Http | HttpDialogue)
    for case in (*cases_of(gateway).get("request", []), *cases_of(gateway).get("dialogue", []))[:3]
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(MARK),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3)
    ),
    max_leaves=6,
)
STATUS = st.sampled_from([200, 201, 202, 204, 301, 400, 401, 402, 403, 404, 409, 429, 500, 503])
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "retry-after", "location", "x-request-id"]),
    st.text(max_size=20) | st.just(MARK),
    max_size=2,
)


def replies(texts: list[str]) -> st.SearchStrategy[Response]:
    """Return replies that resemble the documented ones, and some that do not."""
    known = st.sampled_from(texts)
    body = st.one_of(
        st.text(max_size=60),
        JSON.map(json.dumps),
        st.builds(broken, known, st.integers(0, 200), st.integers(0, 9), st.text(max_size=9)),
        st.builds(changed, known, st.integers(0, 12), JSON),
        known,
    )
    return st.builds(Response, STATUS, HEADERS, body, st.booleans())


def broken(text: str, at: int, without: int, noise: str) -> str:
    """Return a text with noise somewhere in it."""
    at = min(at, len(text))
    return text[:at] + noise + text[at + without :]


def changed(text: str, at: int, value: object) -> str:
    """Return a JSON text with another value in one of its places; any other text as it is."""
    try:
        whole = json.loads(text)
    except ValueError:
        return text
    places: list[tuple[Any, Any]] = []
    left = [whole]
    while left:
        node = left.pop()
        keys = (
            range(len(node)) if isinstance(node, list) else node if isinstance(node, dict) else ()
        )
        for key in keys:
            places.append((node, key))
            left.append(node[key])
    if places:
        node, key = places[at % len(places)]
        node[key] = value
    return json.dumps(whole)


def outcome_of(gateway: Gateway, case: dict[str, Any], given_replies: list[Response]) -> Outcome:
    """Return what a gateway makes of replies, the last one again and again."""
    definition = GatewayDefinition(
        "tried",
        gateway.id,
        case.get("settings", {}),
        {name: Secret(text) for name, text in case.get("secrets", {}).items()},
    )
    values = gateway.values(definition)
    if isinstance(gateway.transport, Http):
        return gateway.transport.outcome(values, given_replies[0])
    assert isinstance(gateway.transport, HttpDialogue)
    address = case.get("recipient", "+491701234567")
    message = Message(Recipient(gateway.channel, address), "Code 012345", 300.0, "012345")
    lead = gateway.transport.lead(values, message)
    try:
        next(lead)
        for step in range(STEPS):
            lead.send(given_replies[min(step, len(given_replies) - 1)])
    except StopIteration as ended:
        return ended.value  # type: ignore[no-any-return]  # what such a generator returns
    raise AssertionError(f"{gateway.id} asks without end")


def test_any_reply_is_an_outcome_in_our_own_words(tried: Tried) -> None:
    @given(st.sampled_from(SPOKEN), st.data())
    def is_an_outcome(
        spoken: tuple[Gateway, dict[str, Any], list[str]], data: st.DataObject
    ) -> None:
        tried()
        gateway, case, texts = spoken
        some = data.draw(st.lists(replies(texts), min_size=1, max_size=4))
        outcome = outcome_of(gateway, case, some)
        assert isinstance(outcome, Accepted | Rejected | Deferred | Unknown)
        said = getattr(outcome, "detail", "")
        assert MARK not in said
        assert said.isprintable()
        name = getattr(outcome, "message_id", "")
        assert len(name) <= 64
        assert name.isascii()
        assert not name or name.isprintable()

    is_an_outcome()


def test_a_refusal_of_http_is_never_taken_for_sent(tried: Tried) -> None:
    refused = st.sampled_from([400, 401, 402, 403, 404, 409, 429, 500, 502, 503])

    # There an administrator says what success is.
    told = [spoken for spoken in SPOKEN if spoken[0].id != "http"]

    @given(st.sampled_from(told), refused, st.data())
    def is_not_accepted(
        spoken: tuple[Gateway, dict[str, Any], list[str]], status: int, data: st.DataObject
    ) -> None:
        tried()
        gateway, case, texts = spoken
        reply = data.draw(replies(texts))
        refusal = Response(status, reply.headers, reply.text, reply.complete)
        assert not isinstance(outcome_of(gateway, case, [refusal]), Accepted)

    is_not_accepted()
