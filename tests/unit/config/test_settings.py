# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the files say reaches the settings, later files over earlier ones, services over all."""

import socket
from collections.abc import Callable
from pathlib import Path

from smsotpd.config.settings import Configuration, PinCost, read_configuration
from smsotpd.core.limits import Budget
from smsotpd.core.policy import Factor, Mode, Settings, Unenrolled
from tests.unit.config.conftest import Write

Read = Callable[[], Configuration]
FILE = "smsotpd.toml"


def test_without_files_everything_has_its_default(tmp_path: Path) -> None:
    expected = Configuration(Settings(host=socket.gethostname()))
    assert read_configuration(tmp_path) == expected
    assert read_configuration(tmp_path / "absent") == expected


def test_each_table_reaches_its_settings(write: Write, read: Read) -> None:
    write(
        FILE,
        """
        [daemon]
        host = "gate"
        transaction_seconds = 60
        [pin]
        memory_kib = 64
        threads = 1
        [gateways]
        order = ["b", "a"]
        allow_outbox = true
        [limits]
        lock_seconds = 3600
        sends_per_user_and_day = 5
        [policy.default]
        code_seconds = 120
        message = "{otp}"
        """,
    )
    configuration = read()
    settings = configuration.settings
    assert (settings.host, settings.transaction_seconds) == ("gate", 60.0)
    assert configuration.pin_cost == PinCost(memory=64, threads=1)
    assert (settings.order, settings.allow_outbox) == (("b", "a"), True)
    assert settings.limits.lock_seconds == 3600.0
    assert settings.limits.sends_per_user == Budget(5, 86_400.0)
    assert settings.default_policy.code_lifetime == 120.0
    assert settings.default_policy.texts.message == "{otp}"


def test_a_service_differs_from_the_default_only_in_what_it_says(write: Write, read: Read) -> None:
    write(
        FILE,
        """
        [policy.sshd]
        factors = ["code"]
        pin_prompt = "Yes? "
        [policy.default]
        unenrolled = "ignore"
        mode = "conversation"
        """,
    )
    settings = read().settings
    sshd, sudo = settings.policy("sshd"), settings.policy("sudo")
    assert sshd.factors == {Factor.CODE}
    assert sshd.texts.pin_prompt == "Yes? "
    assert (sshd.unenrolled, sshd.mode) == (Unenrolled.IGNORE, Mode.CONVERSATION)
    assert sudo == settings.default_policy
    assert sudo.factors == {Factor.PIN, Factor.CODE}


def test_drop_ins_are_read_by_name_and_the_last_word_wins(write: Write, read: Read) -> None:
    write(FILE, "[limits]\nlock_seconds = 1\nresend_seconds = 1\ndelay_step_seconds = 1\n")
    write("smsotpd.d/20-later.toml", "[limits]\nlock_seconds = 3\n")
    write("smsotpd.d/10-first.toml", "[limits]\nlock_seconds = 2\nresend_seconds = 2\n")
    configuration = read()
    limits = configuration.settings.limits
    assert (limits.lock_seconds, limits.resend_seconds, limits.delay_step_seconds) == (3, 2, 1)
    assert configuration.files == 3


def test_a_later_default_holds_for_services_of_earlier_files(write: Write, read: Read) -> None:
    write(FILE, "[policy.sshd]\nresends = 1\n")
    write("smsotpd.d/10-site.toml", "[policy.default]\nresends = 2\ncode_seconds = 60\n")
    sshd = read().settings.policy("sshd")
    assert (sshd.resends, sshd.code_lifetime) == (1, 60.0)


def test_drop_ins_add_to_a_service(write: Write, read: Read) -> None:
    write(FILE, "[policy.sshd]\nresends = 1\ncode_digits = 8\n")
    write("smsotpd.d/10-site.toml", "[policy.sshd]\nresends = 2\n")
    sshd = read().settings.policy("sshd")
    assert (sshd.resends, sshd.code_digits) == (2, 8)


def test_a_service_may_have_a_dot_in_its_name(write: Write, read: Read) -> None:
    write(FILE, '[policy."org.example"]\nresends = 0\n')
    assert read().settings.policy("org.example").resends == 0


def test_hidden_files_and_other_endings_are_left_alone(write: Write, read: Read) -> None:
    write("smsotpd.d/.#10-site.toml", "garbage")
    write("smsotpd.d/10-site.toml~", "garbage")
    write("smsotpd.d/README", "garbage")
    write("gateways.d/.sms.toml", "garbage")
    assert read().files == 0
