# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""org.smsotp1.Admin.Status: encode how the daemon is."""

from collections.abc import Callable, Sequence

from dbus_next import Variant

from smsotpd.core.overview import GatewayView, Overview, Use
from smsotpd.dbus.method import Call, Method
from smsotpd.dbus.names import ADMIN

Dictionary = dict[str, Variant]


def status_method(look: Callable[[], Overview]) -> Method:
    """Return the method that tells how the daemon is."""

    async def answer(_call: Call) -> Sequence[object]:
        return [_encoded(look())]

    return Method(ADMIN, "Status", (), (("status", "a{sv}"),), answer, "org.smsotp1.status")


def _encoded(overview: Overview) -> Dictionary:
    configured, users, gateways = overview.configured, overview.users, overview.gateways
    samples = [[each.name, dict(each.labels), each.value] for each in overview.samples()]
    out_of_reach = [[each.user, each.state, round(each.until)] for each in overview.out_of_reach]
    invited = [[each.user, round(each.until)] for each in overview.invited]
    return {
        "version": Variant("s", overview.version),
        "started_at": Variant("t", round(overview.started)),
        "uptime_seconds": Variant("t", round(overview.uptime)),
        "configuration_files": Variant("t", configured.files),
        "configuration_at": Variant("t", round(configured.at)),
        "configuration_complaint": Variant("s", configured.complaint),
        "transactions": Variant("t", overview.transactions),
        "users": Variant("t", sum(users.values())),
        "locked_users": Variant("t", users["locked"]),
        "disabled_users": Variant("t", users["disabled"]),
        "out_of_reach": Variant("a(sst)", out_of_reach),
        "invitations": Variant("t", overview.invitations),
        "invited": Variant("a(st)", invited),
        "gateways": Variant("t", len(gateways)),
        "enabled_gateways": Variant("t", sum(each.enabled for each in gateways)),
        "gateway_states": Variant("aa{sv}", [_encoded_gateway(each) for each in gateways]),
        "budgets": Variant("aa{sv}", [_encoded_use(each) for each in overview.uses]),
        "prefix_budgets": Variant(
            "aa{sv}",
            [
                {"prefix": Variant("s", each.prefix), **_encoded_use(each)}
                for each in overview.prefix_uses
            ],
        ),
        "samples": Variant("a(sa{ss}d)", samples),
    }


def _encoded_gateway(gateway: GatewayView) -> Dictionary:
    health, report = gateway.health, gateway.report
    encoded = {
        "name": Variant("s", gateway.name),
        "type": Variant("s", gateway.type_id),
        "enabled": Variant("b", gateway.enabled),
        "breaker": Variant("s", "open" if gateway.is_open else "closed"),
        "failures": Variant("u", health.failures),
        "condition": Variant("s", report.condition.value),
        "summary": Variant("s", report.summary),
        "facts": Variant("a(ss)", [list(fact) for fact in report.facts]),
    }
    if health.recent:
        last = health.recent[-1]
        encoded["last_at"] = Variant("t", round(last.at))
        encoded["last"] = Variant("s", last.word)
        encoded["last_latency_ms"] = Variant("u", round(last.latency * 1000))
    return encoded


def _encoded_use(use: Use) -> Dictionary:
    return {
        "kind": Variant("s", use.kind),
        "used": Variant("t", use.used),
        "most": Variant("t", use.budget.count),
        "window_seconds": Variant("t", round(use.budget.window_seconds)),
        "since_at": Variant("t", round(use.since)),
    }
