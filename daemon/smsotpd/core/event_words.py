# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What classes of events are called when people are told of them, in a message of few letters."""

from collections.abc import Mapping
from typing import Final

from smsotpd.core import events
from smsotpd.core.events import Event
from smsotpd.core.phrase import Phrase, phrase

EVENT_WORDS: Final[Mapping[type[Event], Phrase]] = {
    events.LoginGranted: phrase("login granted"),
    events.CodeSkipped: phrase("login without a code"),
    events.LoginDenied: phrase("login denied"),
    events.LoginCancelled: phrase("login given up"),
    events.CodeSent: phrase("code sent"),
    events.CodeFailed: phrase("code not taken by the gateway"),
    events.CodeNotSent: phrase("no code sent"),
    events.UserLocked: phrase("user locked"),
    events.EnrolmentChanged: phrase("enrolment changed"),
    events.RecoveryCodeUsed: phrase("recovery code used"),
    events.BreakGlassMade: phrase("break-glass code made"),
    events.BreakGlassUsed: phrase("break-glass code used"),
    events.BreakGlassExpired: phrase("break-glass code expired"),
    events.InvitationMade: phrase("invitation made"),
    events.InvitationUsed: phrase("invitation used"),
    events.InvitationRevoked: phrase("invitation revoked"),
    events.InvitationExpired: phrase("invitation expired"),
    events.GatewayChanged: phrase("gateway changed"),
    events.GatewayDown: phrase("gateway down"),
    events.GatewayUp: phrase("gateway up again"),
    events.ConfigurationLoaded: phrase("configuration in force"),
    events.ConfigurationRefused: phrase("configuration refused"),
    events.StoreFailed: phrase("store cannot be written"),
    events.RequestFailed: phrase("defect: a request failed"),
}
