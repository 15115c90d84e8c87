# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The XMPP gateway sends through a real Prosody, and a real client reads what it sent."""

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from smsotpd.core.channel_names import XMPP
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected
from smsotpd.core.report import Condition
from tests.contract.gateways.conftest import TEXT, Carry
from tests.fakes.prosody.inbox import Inbox
from tests.fakes.prosody.server import Prosody, is_installed, prosody

# What Latin-1 and UTF-8 spell differently, and what ends a user name in basic authentication.
_PASSWORD = "pässwörd:€1"
_ADA = "ada@localhost"
_MODULES = {"rest": "/rest/message/chat/", "post_msg": "/msg/"}
_EACH = pytest.mark.parametrize("method", _MODULES)


@dataclass(frozen=True)
class Correspondence:
    """A server, and the client that awaits messages there."""

    server: Prosody
    inbox: Inbox

    def settings(self, method: str) -> dict[str, str]:
        url = f"{self.server.url}{_MODULES[method]}"
        return {"method": method, "server": url, "sender": "otp@localhost"}


@pytest.fixture(scope="module")
def correspondence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Correspondence]:
    is_complete = is_installed() and importlib.util.find_spec("slixmpp") is not None
    if not is_complete and os.environ.get("CI") != "true":
        pytest.skip("needs Debian's packages prosody and python3-slixmpp")
    assert is_complete, "prosody or python3-slixmpp is not installed"
    with prosody(tmp_path_factory.mktemp("prosody")) as server:
        server.register("otp", _PASSWORD)
        server.register("ada", "of-ada")
        with Inbox(_ADA, server.client_port, "of-ada") as inbox:
            yield Correspondence(server, inbox)


async def _send(
    carry: Carry,
    correspondence: Correspondence,
    method: str,
    *,
    to: str = _ADA,
    text: str = TEXT,
    password: str = _PASSWORD,
    **settings: str,
) -> Outcome:
    given = {**correspondence.settings(method), **settings}
    secrets = {"password": password}
    return await carry("xmpp", given, secrets, number=to, text=text, channel=XMPP)


@_EACH
@pytest.mark.parametrize(
    "text",
    [TEXT, "Ваш код: 013579 🔐", "Code 013579\n@host.example #013579", "<b>013579</b> & \"'"],
    ids=["german", "russian", "lines", "markup"],
)
async def test_what_is_sent_is_what_is_read(
    carry: Carry, correspondence: Correspondence, method: str, text: str
) -> None:
    assert await _send(carry, correspondence, method, text=text) == Accepted()
    assert correspondence.inbox.next() == {
        "event": "message",
        "sender": "otp@localhost",
        "kind": "chat",
        "text": text,
    }


@_EACH
async def test_a_wrong_password_is_refused_and_nothing_arrives(
    carry: Carry, correspondence: Correspondence, method: str
) -> None:
    outcome = await _send(carry, correspondence, method, password="another")
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH
    await _send(carry, correspondence, method)
    assert correspondence.inbox.next()["text"] == TEXT
    assert correspondence.inbox.is_empty()


@_EACH
async def test_an_account_that_is_not_there_may_not_send(
    carry: Carry, correspondence: Correspondence, method: str
) -> None:
    outcome = await _send(carry, correspondence, method, sender="nobody@localhost")
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH


async def test_mod_rest_tells_of_a_user_that_is_not_there(
    carry: Carry, correspondence: Correspondence
) -> None:
    outcome = await _send(carry, correspondence, "rest", to="nobody@localhost")
    assert outcome == Rejected(
        ErrorClass.RECIPIENT,
        "the gateway refuses the recipient (rest: HTTP 200, error service-unavailable)",
    )


async def test_mod_post_msg_cannot_tell_of_a_user_that_is_not_there(
    carry: Carry, correspondence: Correspondence
) -> None:
    assert await _send(carry, correspondence, "post_msg", to="nobody@localhost") == Accepted()


@pytest.mark.parametrize(("method", "other"), [("rest", "post_msg"), ("post_msg", "rest")])
async def test_the_address_of_the_other_module_is_no_success(
    carry: Carry, correspondence: Correspondence, method: str, other: str
) -> None:
    url = f"{correspondence.server.url}{_MODULES[other]}"
    outcome = await _send(carry, correspondence, method, server=url)
    assert isinstance(outcome, Rejected | Deferred)
    assert correspondence.inbox.is_empty()


async def test_a_path_without_a_module_is_no_success(
    carry: Carry, correspondence: Correspondence
) -> None:
    url = f"{correspondence.server.url}/nothing/"
    outcome = await _send(carry, correspondence, "post_msg", server=url)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.REJECTED


@pytest.mark.parametrize(
    ("method", "password", "condition"),
    [
        ("rest", _PASSWORD, Condition.READY),
        ("rest", "another", Condition.DOWN),
        ("post_msg", _PASSWORD, Condition.UNKNOWN),
    ],
)
async def test_an_inspection_logs_in_where_it_can(
    carry: Carry,
    correspondence: Correspondence,
    method: str,
    password: str,
    condition: Condition,
) -> None:
    settings = correspondence.settings(method)
    report = await carry.inspect("xmpp", settings, {"password": password})
    assert report.condition is condition
    assert correspondence.inbox.is_empty()
