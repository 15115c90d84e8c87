# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""org.smsotp1.Authentication: decode, call the use case, encode."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dbus_next import Variant

from smsotpd.core.enrolment import parse_user
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.logins import Logins
from smsotpd.core.policy import Mode
from smsotpd.core.ports import Accounts
from smsotpd.core.service_name import check_service
from smsotpd.core.text import check_text, has_control_characters
from smsotpd.core.transaction import Context
from smsotpd.dbus.caller import learn_name
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import AUTHENTICATION
from smsotpd.dbus.steps import encoded_steps

_LONGEST_ANSWER = 1024
_LONGEST_NAME = 256
_FLAGS = frozenset({"silent", "use-first-pass", "try-first-pass"})
_TEXT_KEYS = frozenset(
    {"user", "service", "rhost", "tty", "ruser", "mode", "locale", "pin_prompt", "code_prompt"}
)


def authentication_methods(logins: Logins, accounts: Accounts) -> tuple[Method, ...]:
    """Return the methods of the interface."""

    async def begin(call: Call) -> Sequence[object]:
        context, caller = parse_context(_dictionary(call.body[0])), call.caller
        await learn_name(caller, accounts)
        if not caller.is_root:
            # A screen locker knows of no other host; whoever invents one wants others to pay.
            context = replace(context, rhost="", ruser="")
            check_service(context.service)
        uid = caller.require_uid()
        groups = await logins.groups(context, caller.may_act_for)
        caller.require_presence()
        name, steps = logins.begin(context, caller.name, caller.may_act_for, uid, groups)
        return [name, encoded_steps(steps)]

    async def respond(call: Call) -> Sequence[object]:
        transaction, answer = _strings(call)
        _refuse_if_long("answer", answer, _LONGEST_ANSWER)
        return [encoded_steps(await logins.respond(transaction, answer, call.caller.name))]

    async def cancel(call: Call) -> Sequence[object]:
        (transaction,) = _strings(call)
        logins.cancel(transaction, call.caller.name)
        return []

    async def verify(call: Call) -> Sequence[object]:
        transaction_id, code = _strings(call)
        _refuse_if_long("transaction_id", transaction_id, _LONGEST_NAME)
        _refuse_if_long("code", code, _LONGEST_ANSWER)
        await learn_name(call.caller, accounts)
        return [await logins.verify(transaction_id, code, call.caller.may_act_for)]

    transaction, steps = ("transaction", "s"), ("steps", "a(ss)")
    return (
        Method(AUTHENTICATION, "Begin", (("context", "a{sv}"),), (transaction, steps), begin),
        Method(AUTHENTICATION, "Respond", (transaction, ("answer", "s")), (steps,), respond),
        Method(AUTHENTICATION, "Cancel", (transaction,), (), cancel),
        Method(
            AUTHENTICATION,
            "Verify",
            (("transaction_id", "s"), ("code", "s")),
            (("outcome", "s"),),
            verify,
        ),
    )


def parse_context(values: Mapping[str, Variant]) -> Context:
    """Return the context that Begin was given.

    Raises:
        BadArgumentError: a key is unknown, or a value has the wrong type, length or characters.
    """
    texts: dict[str, str] = {}
    flags: frozenset[str] = frozenset()
    for key, variant in values.items():
        if key == "flags":
            flags = _flags(variant)
        elif key in _TEXT_KEYS:
            texts[key] = _text(key, variant)
        else:
            raise BadArgumentError("context", "holds an unknown key; see the interface's XML")
    mode = _mode(texts.pop("mode", Mode.AUTO))
    for prompt in ("pin_prompt", "code_prompt"):
        fields = frozenset({"phone"}) if prompt == "code_prompt" else frozenset[str]()
        check_text(prompt, texts.get(prompt, ""), fields)
    if not texts.get("service"):
        raise BadArgumentError("service", "is missing")
    parse_user(texts.get("user", ""))
    return Context(
        **texts,
        mode=mode,
        use_first_pass="use-first-pass" in flags,
        try_first_pass="try-first-pass" in flags,
    )


def _dictionary(value: object) -> Mapping[str, Variant]:
    if not isinstance(value, dict):
        raise BadArgumentError("context", "must be a dictionary")
    return value


def _text(key: str, variant: Variant) -> str:
    if variant.signature != "s":
        raise BadArgumentError(key, "must be a string")
    text = str(variant.value)
    if not key.endswith("_prompt"):
        _refuse_if_long(key, text, _LONGEST_NAME)
    if has_control_characters(text):
        raise BadArgumentError(key, "holds a control character")
    return text


def _flags(variant: Variant) -> frozenset[str]:
    if variant.signature != "as":
        raise BadArgumentError("flags", "must be a list of strings")
    flags = frozenset(variant.value)
    if not flags <= _FLAGS:
        raise BadArgumentError("flags", f"may hold {', '.join(sorted(_FLAGS))} only")
    return flags


def _mode(word: str) -> Mode:
    try:
        return Mode(word)
    except ValueError:
        raise BadArgumentError("mode", f"must be one of {', '.join(Mode)}") from None


def _refuse_if_long(name: str, text: str, most: int) -> None:
    if len(text.encode()) > most:
        raise BadArgumentError(name, f"is longer than {most} bytes")


def _strings(call: Call) -> list[str]:
    return [str(argument) for argument in call.body]
