# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""org.smsotp1.Admin: decode, call the use case, encode."""

from collections.abc import Sequence

from dbus_next import Variant

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition, GatewayType, SettingDescription
from smsotpd.core.gateways import Gateways
from smsotpd.core.outcome import Accepted
from smsotpd.core.pairing import Pairings
from smsotpd.core.pairing_step import PairingSteps
from smsotpd.core.users import Users, UserState
from smsotpd.dbus.descriptor import read_secret, read_secrets
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import ADMIN

_READ_GATEWAYS = "org.smsotp1.gateway.read"
_WRITE_GATEWAYS = "org.smsotp1.gateway.write"
_READ_USERS = "org.smsotp1.user.read"
_WRITE_USERS = "org.smsotp1.user.write"

Dictionary = dict[str, Variant]


def gateway_methods(gateways: Gateways) -> tuple[Method, ...]:
    """Return the methods that concern gateways."""

    async def list_types(_call: Call) -> Sequence[object]:
        return [[_encoded_type(gateway_type) for gateway_type in gateways.types()]]

    async def list_all(_call: Call) -> Sequence[object]:
        return [[_encoded_gateway(definition) for definition in gateways.list()]]

    async def show(call: Call) -> Sequence[object]:
        definition, settings = gateways.show(_string(call, 0))
        return [{**_encoded_gateway(definition), "settings": Variant("a{ss}", dict(settings))}]

    async def status(call: Call) -> Sequence[object]:
        found = await gateways.status(_string(call, 0))
        health, report = found.health, found.report
        recent = [[trace.at, trace.word, round(trace.latency * 1000)] for trace in health.recent]
        encoded = {
            "name": Variant("s", found.name),
            "breaker": Variant("s", "open" if found.is_open else "closed"),
            "failures": Variant("u", health.failures),
            "recent": Variant("a(dsu)", recent),
            "condition": Variant("s", report.condition.value),
            "summary": Variant("s", report.summary),
            "facts": Variant("a(ss)", [list(fact) for fact in report.facts]),
        }
        return [encoded]

    async def configure(call: Call) -> Sequence[object]:
        name, type_id, settings, descriptor, keep_secrets = call.body
        if not isinstance(settings, dict):
            raise BadArgumentError("settings", "must be a dictionary")
        gateways.configure(
            str(name),
            str(type_id),
            settings,
            await read_secrets(call, descriptor),
            call.caller.require_uid(),
            keep_secrets=bool(keep_secrets),
        )
        return []

    async def enable(call: Call) -> Sequence[object]:
        gateways.set_enabled(_string(call, 0), call.caller.require_uid(), enabled=True)
        return []

    async def disable(call: Call) -> Sequence[object]:
        gateways.set_enabled(_string(call, 0), call.caller.require_uid(), enabled=False)
        return []

    async def remove(call: Call) -> Sequence[object]:
        gateways.remove(_string(call, 0), call.caller.require_uid())
        return []

    async def test(call: Call) -> Sequence[object]:
        uid = call.caller.require_uid()
        result = await gateways.test(_string(call, 0), _string(call, 1), uid)
        outcome = result.outcome
        reply: dict[str, str | int] = {
            "outcome": type(outcome).__name__.lower(),
            "latency_ms": round(result.latency * 1000),
        }
        if isinstance(outcome, Accepted):
            reply |= {"message_id": outcome.message_id}
        else:
            reply |= {"error_class": outcome.error_class.value, "detail": outcome.detail}
        return [{key: _variant(value) for key, value in reply.items()}]

    name, many, one = ("name", "s"), "aa{sv}", "a{sv}"
    configured = (
        name,
        ("type", "s"),
        ("settings", "a{ss}"),
        ("secrets", "h"),
        ("keep_secrets", "b"),
    )
    tested = (name, ("recipient", "s"))
    read, write = _READ_GATEWAYS, _WRITE_GATEWAYS
    return (
        Method(ADMIN, "ListGatewayTypes", (), (("types", many),), list_types, read),
        Method(ADMIN, "ListGateways", (), (("gateways", many),), list_all, read),
        Method(ADMIN, "ShowGateway", (name,), (("gateway", one),), show, read),
        Method(ADMIN, "GatewayStatus", (name,), (("status", one),), status, read),
        Method(ADMIN, "ConfigureGateway", configured, (), configure, write),
        Method(ADMIN, "EnableGateway", (name,), (), enable, write),
        Method(ADMIN, "DisableGateway", (name,), (), disable, write),
        Method(ADMIN, "RemoveGateway", (name,), (), remove, write),
        Method(ADMIN, "TestGateway", tested, (("result", one),), test, write),
    )


def pairing_methods(pairings: Pairings) -> tuple[Method, ...]:
    """Return the methods that link accounts to gateways."""

    async def begin(call: Call) -> Sequence[object]:
        uid = call.caller.require_uid()
        return [pairings.begin(_string(call, 0), call.caller.name, uid)]

    async def proceed(call: Call) -> Sequence[object]:
        answer = await read_secret(call, call.body[1])
        steps = await pairings.proceed(_string(call, 0), answer, call.caller.name)
        return [_encoded_steps(steps)]

    pairing, steps, write = ("pairing", "s"), ("steps", "a(sss)"), _WRITE_GATEWAYS
    name, answer = ("name", "s"), ("answer", "h")
    return (
        Method(ADMIN, "PairGateway", (name,), (pairing,), begin, write),
        Method(ADMIN, "ContinuePairing", (pairing, answer), (steps,), proceed, write),
    )


def user_methods(users: Users) -> tuple[Method, ...]:
    """Return the methods that concern users."""

    async def list_all(_call: Call) -> Sequence[object]:
        return [[encoded_user(state) for state in users.list()]]

    async def show(call: Call) -> Sequence[object]:
        return [encoded_user(users.show(_string(call, 0)))]

    async def enrol(call: Call) -> Sequence[object]:
        user, channel, address, descriptor, verify = call.body
        pin = await read_secret(call, descriptor)
        uid = call.caller.require_uid()
        name = await users.enrol(
            str(user), str(channel), str(address), pin, uid, verify=bool(verify)
        )
        return [name]

    async def confirm(call: Call) -> Sequence[object]:
        users.confirm(_string(call, 0), _string(call, 1))
        return []

    async def set_pin(call: Call) -> Sequence[object]:
        pin = await read_secret(call, call.body[1])
        await users.set_pin(_string(call, 0), pin, call.caller.require_uid())
        return []

    async def prefer(call: Call) -> Sequence[object]:
        users.prefer(_string(call, 0), _string(call, 1), call.caller.require_uid())
        return []

    async def drop(call: Call) -> Sequence[object]:
        users.drop_recipient(_string(call, 0), _string(call, 1), call.caller.require_uid())
        return []

    async def unlock(call: Call) -> Sequence[object]:
        users.unlock(_string(call, 0), call.caller.require_uid())
        return []

    async def disable(call: Call) -> Sequence[object]:
        users.disable(_string(call, 0), call.caller.require_uid())
        return []

    async def remove(call: Call) -> Sequence[object]:
        users.remove(_string(call, 0), call.caller.require_uid())
        return []

    user, pin, name = ("user", "s"), ("pin", "h"), ("enrolment", "s")
    channel = ("channel", "s")
    enrolled = (user, channel, ("address", "s"), pin, ("verify", "b"))
    read, write = _READ_USERS, _WRITE_USERS
    return (
        Method(ADMIN, "ListUsers", (), (("users", "aa{sv}"),), list_all, read),
        Method(ADMIN, "ShowUser", (user,), (("details", "a{sv}"),), show, read),
        Method(ADMIN, "EnrolUser", enrolled, (name,), enrol, write),
        Method(ADMIN, "ConfirmEnrolment", (name, ("code", "s")), (), confirm, write),
        Method(ADMIN, "SetPin", (user, pin), (), set_pin, write),
        Method(ADMIN, "PreferChannel", (user, channel), (), prefer, write),
        Method(ADMIN, "DropRecipient", (user, channel), (), drop, write),
        Method(ADMIN, "UnlockUser", (user,), (), unlock, write),
        Method(ADMIN, "DisableUser", (user,), (), disable, write),
        Method(ADMIN, "RemoveUser", (user,), (), remove, write),
    )


def _encoded_steps(steps: PairingSteps) -> list[list[str]]:
    return [[step.kind.value, step.label, step.content] for step in steps]


def _encoded_type(gateway_type: GatewayType) -> Dictionary:
    return {
        "type": Variant("s", gateway_type.type_id),
        "title": Variant("s", gateway_type.title),
        "link": Variant("s", gateway_type.link),
        "aliases": Variant("as", list(gateway_type.aliases)),
        "channel": Variant("s", gateway_type.channel),
        "pairs": Variant("b", gateway_type.pairs),
        "settings": Variant(
            "aa{sv}", [_encoded_setting(setting) for setting in gateway_type.settings]
        ),
    }


def _encoded_setting(setting: SettingDescription) -> Dictionary:
    encoded = {
        "name": Variant("s", setting.name),
        "label": Variant("s", setting.label),
        "help": Variant("s", setting.help),
        "kind": Variant("s", setting.kind),
        "required": Variant("b", setting.required),
        "secret": Variant("b", setting.secret),
        "choices": Variant("as", list(setting.choices)),
    }
    if setting.default is not None:
        encoded["default"] = Variant("s", setting.default)
    return encoded


def _encoded_gateway(definition: GatewayDefinition) -> Dictionary:
    return {
        "name": Variant("s", definition.name),
        "type": Variant("s", definition.type_id),
        "source": Variant("s", definition.source),
        "enabled": Variant("b", definition.enabled),
    }


def encoded_user(state: UserState) -> Dictionary:
    """Return what may be known of a user, numbers masked."""
    enrolment = state.enrolment
    return {
        "user": Variant("s", enrolment.user),
        "phone": Variant("s", enrolment.recipients[0].masked),
        "recipients": Variant(
            "a(ss)", [[recipient.channel, recipient.masked] for recipient in enrolment.recipients]
        ),
        "state": Variant("s", state.word),
        "failures": Variant("u", state.failures.in_all),
        "enrolled_at": Variant("t", round(enrolment.enrolled_at)),
        "has_pin": Variant("b", bool(enrolment.pin_hash)),
        "has_authenticator": Variant("b", state.ways.authenticator),
        "recovery_codes": Variant("u", state.ways.recovery_codes),
        "has_break_glass": Variant("b", state.ways.break_glass),
    }


def _variant(value: str | int | bool) -> Variant:  # noqa: FBT001  # a value, not a switch
    match value:
        case bool():
            return Variant("b", value)
        case int():
            return Variant("t", value)
        case _:
            return Variant("s", str(value))


def _string(call: Call, index: int) -> str:
    return str(call.body[index])
