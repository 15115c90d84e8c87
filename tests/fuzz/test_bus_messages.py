# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Any call of any method with any values of any types: a reply or a named error, and no defect."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from dbus_next import Variant
from hypothesis import find, given
from hypothesis import strategies as st

from tests.bus.client import BusError, Client
from tests.bus.daemon import Daemon
from tests.tally import Tried

CONTRACT = Path(__file__).parents[2] / "packaging/usr/share/dbus-1/interfaces/org.smsotp1.xml"
METHODS = [
    (interface.get("name", ""), method.get("name", ""), "".join(
        argument.get("type", "")
        for argument in method.iter("arg")
        if argument.get("direction") == "in"
    ))
    for interface in ET.parse(CONTRACT).getroot().iter("interface")  # noqa: S314  # our own file
    for method in interface.iter("method")
]  # fmt: skip
ERRORS = frozenset(
    f"org.smsotp1.Error.{name}"
    for name in (
        "NotAuthorized", "BadArgument", "NoSuchTransaction", "Busy", "NotFound", "Exists",
        "Refused", "Unavailable",
    )
)  # fmt: skip
DEFECT = "internal error"

# The bus itself takes neither NUL nor lone surrogates.
TEXT = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40),
    st.sampled_from(
        ["alice", "sshd", "sms", "+4915112345689", "outbox", "73915", "000000", "{otp}", "../x",
         "\x1b[2J", "%s%n", "a" * 5000, "\u202e", "' OR 1=1 --", "r", ""]
    ),
)  # fmt: skip
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "s": TEXT,
    "b": st.booleans(),
    "u": st.integers(0, 2**32 - 1),
    "t": st.integers(0, 2**64 - 1),
    "i": st.integers(-(2**31), 2**31 - 1),
    "h": st.integers(0, 3),
    "as": st.lists(TEXT, max_size=3),
    "a{ss}": st.dictionaries(TEXT, TEXT, max_size=4),
    "d": st.floats(allow_nan=False),
}
KEYS = st.sampled_from(["user", "service", "rhost", "tty", "mode", "flags", "locale", "uid", ""])


# Contexts as Begin takes them, and worse.
CONTEXTS: st.SearchStrategy[Any] = st.dictionaries(
    KEYS,
    st.sampled_from(["s", "as", "u", "b"]).flatmap(
        lambda kind: VALUES[kind].map(lambda value: Variant(kind, value))
    ),
    max_size=5,
)


def bodies(signature: str) -> st.SearchStrategy[tuple[str, list[Any]]]:
    """Return bodies of the right types, and of others."""
    right = st.tuples(*(VALUES.get(each, CONTEXTS) for each in split(signature)))
    wrong = st.lists(st.sampled_from(sorted(VALUES)), max_size=4).flatmap(
        lambda kinds: st.tuples(
            st.just("".join(kinds)), st.tuples(*(VALUES[kind] for kind in kinds)).map(list)
        )
    )
    return st.one_of(right.map(lambda body: (signature, list(body))), wrong)


def split(signature: str) -> list[str]:
    """Return the complete types of a signature of the contract."""
    types: list[str] = []
    for known in ("a{sv}", "a{ss}", "as"):
        signature = signature.replace(known, f" {known} ")
    for word in signature.split():
        types += [word] if len(word) > 1 and word.startswith("a") else list(word)
    return types


async def test_any_call_has_a_reply_or_a_named_error(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    calls: list[tuple[str, str, str, list[Any]]] = []

    @given(st.sampled_from(METHODS), st.data())
    def collect(method: tuple[str, str, str], data: st.DataObject) -> None:
        signature, body = data.draw(bodies(method[2]))
        calls.append((method[0], method[1], signature, body))

    collect()
    for interface, member, signature, body in calls:
        tried()
        secret = "73915" if "h" in signature else None
        refusal: BusError | None = None
        try:
            await root.call(interface, member, signature, body, secret=secret)
        except BusError as error:
            refusal = error
        if refusal is not None:
            assert refusal.name in ERRORS, (member, refusal.name)
            assert DEFECT not in refusal.text, (member, signature)
            assert "Traceback" not in refusal.text
    assert daemon.process.poll() is None
    await root.enrol("bob", "+4915112345600", "86420")
    _name, steps = await root.begin("bob")
    assert steps == [["hidden", "PIN: "]]


def test_the_contract_was_read() -> None:
    assert len(METHODS) > 20
    for _, _, signature in METHODS:
        assert "".join(split(signature)) == signature
        find(bodies(signature), lambda _: True)
