# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Values to put into a store."""

from dataclasses import replace

from smsotpd.core.authenticator import Authenticator
from smsotpd.core.challenge import Challenge, ChallengeKey
from smsotpd.core.enrolment import Enrolment
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.moment import Moment
from smsotpd.core.recipient import Recipient
from smsotpd.core.secret import Secret
from smsotpd.core.spare_code import BreakGlass, Invitation
from smsotpd.core.throttle import CounterKey

NOON = Moment(wall=1_700_000_000.25, boot=5_000.125, boot_id="boot-1")
DAY = 86_400.0

ANNA = Enrolment(
    "anna",
    (Recipient("sms", "+491701234567"), Recipient("xmpp", "anna@example.org")),
    pin_hash="$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
    enrolled_at=1_700_000_000.5,
)
BEN = Enrolment("ben", (Recipient("sms", "+431234567"),), disabled=True)

SSH = ChallengeKey("anna", "sshd", "192.0.2.7")
SUDO = ChallengeKey("anna", "sudo", "")

CHALLENGE = Challenge(
    key=SSH,
    salt="salt",
    digest=bytes(range(32)),
    issued=NOON,
    lifetime=300.0,
    answers_left=3,
    sends=1,
    masked="+49 ••• ••67",
    digits=6,
    id_digest=b"\x00\xff" * 16,
)

APP = Authenticator(
    "anna", "salt", digits=8, newest_step=58_000_000, drift=-2, added_at=1_700_000_000.5
)
GLASS = BreakGlass("anna", "$argon2id$hash", "phone lost", 0, NOON, 900.0)
INVITATION = Invitation("anna", "$argon2id$hash", 0, NOON, 259_200.0)

GUESSES = CounterKey("guess", "user", "anna")

HTTP = GatewayDefinition(
    "main",
    "http",
    {"URL": "https://sms.example.org/", "HTTP_METHOD": "POST", "EMPTY": ""},
    {"PASSWORD": Secret("hunter2")},
)


def later(seconds: float, since: Moment = NOON) -> Moment:
    """Return the moment so much later, both clocks agreeing."""
    return replace(since, wall=since.wall + seconds, boot=since.boot + seconds)


def after_reboot(seconds: float, since: Moment = NOON) -> Moment:
    """Return the moment so much later by the wall clock, in another boot."""
    return Moment(since.wall + seconds, 1.0, "boot-2")
