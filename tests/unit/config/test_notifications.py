# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Notifications are tables with names; who and what must be said."""

import re
from pathlib import Path

import pytest

from smsotpd.config.settings import read_configuration
from smsotpd.core.errors import ConfigurationError
from smsotpd.core.notification import Notification
from smsotpd.core.recipient import Recipient


def test_a_notification_is_read(tmp_path: Path) -> None:
    (tmp_path / "smsotpd.toml").write_text(
        """
        [notify.locked]
        events = ["user-locked", "gateway-down"]
        to = ["user", "sms:+49 170 1234567", "xmpp:ops@example.org"]
        gateway = "cheap"
        services = ["sshd"]
        users = ["anna"]
        text = "{user} at {time}"
        most_per_hour = 3
        """
    )
    assert read_configuration(tmp_path).settings.notifications == {
        "locked": Notification(
            "locked",
            frozenset({"user-locked", "gateway-down"}),
            to_user=True,
            to=(Recipient("sms", "+491701234567"), Recipient("xmpp", "ops@example.org")),
            gateway="cheap",
            services=frozenset({"sshd"}),
            users=frozenset({"anna"}),
            text="{user} at {time}",
            most_per_hour=3,
        )
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('events = ["user-locked"]', "needs both events and to"),
        ('to = ["user"]', "needs both events and to"),
        ('events = ["sun-rises"]\nto = ["user"]', "must be a list out of"),
        ('events = ["notification-sent"]\nto = ["user"]', "must be a list out of"),
        ('events = ["user-locked"]\nto = ["+491701234567"]', "CHANNEL:ADDRESS"),
        ('events = ["user-locked"]\nto = ["sms:0170"]', "must start with +"),
        ('events = ["user-locked"]\nto = ["user"]\ntext = "{otp}"', "unknown field {otp}"),
        ('events = ["user-locked"]\nto = ["user"]\ngateway = "A B"', "gateway name"),
        ('events = ["user-locked"]\nto = ["user"]\nmost_per_hour = 0', "whole number"),
        ('event = ["user-locked"]', "is no key of [notify.x]"),
    ],
)
def test_a_wrong_notification_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "smsotpd.toml").write_text(f"[notify.x]\n{text}\n")
    with pytest.raises(ConfigurationError, match=re.escape(complaint)) as caught:
        read_configuration(tmp_path)
    assert "0170" not in str(caught.value)
