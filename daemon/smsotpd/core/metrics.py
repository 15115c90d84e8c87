# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What is measured: the one list of names, kinds and meanings.

Names and labels follow prometheus.io/docs/practices/naming: base units, `_total` for what only
grows. Once released, a name stays. No label holds what a stranger chooses: no user, no host.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a family's values behave; the words of the text exposition format."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Family:
    """One thing that is measured; counters and histograms count since the daemon's start."""

    name: str
    kind: Kind
    help: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One number; `name` is a family's, or a histogram's with `_bucket`, `_sum` or `_count`."""

    name: str
    labels: Mapping[str, str]
    value: float


UP = "smsotp_up"
INFO = "smsotp_build_info"
START = "smsotp_start_time_seconds"
CONFIGURED = "smsotp_configuration_ok"
OPEN_LOGINS = "smsotp_open_logins"
USERS = "smsotp_users"
GATEWAY_UP = "smsotp_gateway_up"
BUDGET = "smsotp_budget"
BUDGET_LEFT = "smsotp_budget_remaining"
PREFIX_BUDGET = "smsotp_prefix_budget"
PREFIX_BUDGET_LEFT = "smsotp_prefix_budget_remaining"
INVITATIONS = "smsotp_invitations"
EVENTS = "smsotp_events_total"
LOGINS = "smsotp_logins_total"
REFUSED = "smsotp_guesses_refused_total"
CODES = "smsotp_codes_total"
CODE_ERRORS = "smsotp_code_errors_total"
LATENCY = "smsotp_code_latency_seconds"

FAMILIES: Sequence[Family] = (
    Family(UP, Kind.GAUGE, "Whether the daemon answers."),
    Family(INFO, Kind.GAUGE, "Always 1; the label names the daemon's version."),
    Family(START, Kind.GAUGE, "When the daemon started, in seconds since 1970."),
    Family(CONFIGURED, Kind.GAUGE, "Whether the configuration files were taken when last read."),
    Family(OPEN_LOGINS, Kind.GAUGE, "Logins in progress."),
    Family(USERS, Kind.GAUGE, "Enrolled users by state: active, locked, disabled."),
    Family(GATEWAY_UP, Kind.GAUGE, "Whether an enabled gateway is neither down nor passed over."),
    Family(BUDGET, Kind.GAUGE, "How many are allowed in a window: sends a day, guesses an hour."),
    Family(BUDGET_LEFT, Kind.GAUGE, "How many of the budget are left in the present window."),
    Family(
        PREFIX_BUDGET, Kind.GAUGE, "How many are allowed in a window for each country's numbers."
    ),
    Family(
        PREFIX_BUDGET_LEFT,
        Kind.GAUGE,
        "How many of a country's budget are left in the present window; no sample if none began.",
    ),
    Family(INVITATIONS, Kind.GAUGE, "Invitations that are out."),
    Family(EVENTS, Kind.COUNTER, "Journal entries by kind of event."),
    Family(LOGINS, Kind.COUNTER, "Logins by service and outcome."),
    Family(REFUSED, Kind.COUNTER, "Logins that ended since a limit forbade the guess, by reason."),
    Family(CODES, Kind.COUNTER, "Attempts to hand a code to a gateway, by outcome."),
    Family(CODE_ERRORS, Kind.COUNTER, "Attempts that no gateway took, by class of error."),
    Family(LATENCY, Kind.HISTOGRAM, "How long a gateway needed to answer for a code."),
)
