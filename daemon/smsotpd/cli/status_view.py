# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What `smsotpctl status` shows to people, as blocks of rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from smsotpd.cli.client import Entry

_GATEWAY_COLUMNS = {
    "name": "Gateway",
    "type": "Type",
    "state": "State",
    "last": "Last message",
    "summary": "What to know",
}
_PREFIX_COLUMNS = {"prefix": "Numbers", "send": "Messages a day", "guess": "Guesses an hour"}
_INVITED_COLUMNS = {"user": "Invited", "until": "Until"}
_OUT_OF_REACH_COLUMNS = {"user": "User", "state": "State", "until": "Until"}
# The limits of the configuration are for a day and for an hour.
_BUDGETS = {"send": "Messages a day", "guess": "Guesses an hour"}
_USED = "{used} of {most} since {since}"
_UNUSED = "none of {most}"
_MODEM = "modem"


@dataclass(frozen=True, slots=True)
class Block:
    """Rows under headings; without columns, names and values.

    Attributes:
        columns: key in the rows to the heading.
    """

    rows: list[Entry]
    columns: Mapping[str, str] | None = None


def blocks(facts: Entry) -> list[Block]:
    """Return the blocks for a Status reply, from the whole to the parts."""
    found = [Block([_whole(facts)])]
    gateways = _entries(facts.get("gateway_states"))
    if gateways:
        found.append(Block([_gateway(each) for each in gateways], _GATEWAY_COLUMNS))
    if prefixes := _prefixes(_entries(facts.get("prefix_budgets"))):
        found.append(Block(prefixes, _PREFIX_COLUMNS))
    shut_out = facts.get("out_of_reach")
    if isinstance(shut_out, list) and shut_out:
        rows: list[Entry] = [
            {"user": user, "state": state, "until": _time(until) or "an administrator unlocks"}
            for user, state, until in shut_out
        ]
        found.append(Block(rows, _OUT_OF_REACH_COLUMNS))
    invited = facts.get("invited")
    if isinstance(invited, list) and invited:
        still: list[Entry] = [{"user": user, "until": _time(until)} for user, until in invited]
        found.append(Block(still, _INVITED_COLUMNS))
    return found


def _whole(facts: Entry) -> Entry:
    complaint = str(facts.get("configuration_complaint", ""))
    read = _time(facts.get("configuration_at"))
    files = f"{facts.get('configuration_files', 0)} file(s), in force since {read}"
    shown: Entry = {
        "Version": facts.get("version"),
        "Running since": _time(facts.get("started_at")),
        "Configuration": f"wrong since {read}: {complaint}" if complaint else files,
        "Open logins": facts.get("transactions"),
        "Users": (
            f"{facts.get('users', 0)} enrolled, {facts.get('locked_users', 0)} locked, "
            f"{facts.get('disabled_users', 0)} disabled, {facts.get('invitations', 0)} invited"
        ),
    }
    for budget in _entries(facts.get("budgets")):
        label = _BUDGETS.get(str(budget.get("kind")))
        if label:
            shown[label] = _used_up(budget)
    return shown


def _used_up(budget: Entry) -> str:
    since = _time(budget.get("since_at"))
    text = _USED if since else _UNUSED
    return text.format(used=budget.get("used"), most=budget.get("most"), since=since)


def _prefixes(budgets: list[Entry]) -> list[Entry]:
    """Return a row for each country, in the order in which the daemon names them."""
    rows: dict[str, Entry] = {}
    for budget in budgets:
        prefix = f"+{budget.get('prefix')} …"
        row = rows.setdefault(prefix, {"prefix": prefix})
        row[str(budget.get("kind"))] = _used_up(budget)
    return list(rows.values())


def _gateway(gateway: Entry) -> Entry:
    last = ""
    if gateway.get("last"):
        when = _time(gateway.get("last_at"))
        last = f"{gateway['last']}, {when}, {gateway.get('last_latency_ms')} ms"
    summary = str(gateway.get("summary", ""))
    if gateway.get("type") == _MODEM:
        facts = gateway.get("facts")
        pairs = {str(label): str(text) for label, text in facts} if isinstance(facts, list) else {}
        wanted = [f"{name} {pairs[name]}" for name in ("Network", "Signal") if pairs.get(name)]
        summary = ", ".join([*([summary] if summary else []), *wanted])
    return {**gateway, "state": _state(gateway), "last": last, "summary": summary}


def _state(gateway: Entry) -> str:
    if not gateway.get("enabled"):
        return "disabled"
    if gateway.get("breaker") == "open":
        return f"passed over after {gateway.get('failures')} failure(s)"
    condition = str(gateway.get("condition", ""))
    return "enabled" if condition == "unknown" else condition


def _entries(value: object) -> list[Entry]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, Iterable) else []


def _time(value: object) -> str:
    seconds = _number(value)
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
