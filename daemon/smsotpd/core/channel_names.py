# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The names of the channels, for whoever needs no more than those (they cost no import)."""

SMS = "sms"
SIGNAL = "signal"
WHATSAPP = "whatsapp"
TELEGRAM = "telegram"
XMPP = "xmpp"

CHANNEL_NAMES = (SMS, SIGNAL, WHATSAPP, TELEGRAM, XMPP)
