# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Each key of a policy knows its file and line, and a file can be tried before it is put in."""

import ipaddress
from collections.abc import Callable
from pathlib import Path

import pytest

from smsotpd.config.settings import Configuration, check_file
from smsotpd.core.errors import ConfigurationError
from smsotpd.core.policy import AllowedUntil
from tests.unit.config.conftest import Write

Read = Callable[[], Configuration]
FILE = "smsotpd.toml"


def test_who_is_asked_for_less_reaches_the_policy(write: Write, read: Read) -> None:
    write(
        FILE,
        """
        [policy.default]
        trusted_networks = ["192.0.2.0/24", "2001:db8::1"]
        exempt_groups = ["robots"]
        required_groups = ["admins"]
        remember_hours = 8
        unenrolled = "allow-until 2027-01-31"
        """,
    )
    policy = read().settings.policy("sshd")
    assert policy.trusted_networks == (
        ipaddress.ip_network("192.0.2.0/24"),
        ipaddress.ip_network("2001:db8::1/128"),
    )
    assert (policy.exempt_groups, policy.required_groups) == (
        frozenset({"robots"}),
        frozenset({"admins"}),
    )
    assert (policy.remember_seconds, policy.unenrolled) == (28_800.0, AllowedUntil("2027-01-31"))


def test_a_key_comes_from_its_services_table_else_from_the_default(
    write: Write, read: Read
) -> None:
    main = write(FILE, "[policy.default]\nresends = 1\nmode = 'auto'\n[policy.sshd]\nresends = 2\n")
    later = write("smsotpd.d/10.toml", '\n\n[policy."org.example"]\nresends = 0\n')
    settings = read().settings
    assert settings.source("sshd", "resends") == f"{main}:5"
    assert settings.source("sshd", "mode") == f"{main}:3"
    assert settings.source("sudo", "resends") == f"{main}:2"
    assert settings.source("org.example", "resends") == f"{later}:4"
    assert settings.source("sshd", "factors") == ""


def test_a_key_written_in_no_line_of_its_own_comes_from_the_file(write: Write, read: Read) -> None:
    path = write(FILE, "policy.'sshd'.resends = 1\n[policy]\n")
    with pytest.raises(ConfigurationError):
        read()
    path.write_text("policy = { default = { resends = 1 } }\n")
    assert read().settings.source("sshd", "resends") == f"{path}:1"


def test_a_file_is_tried_on_top_of_the_others(write: Write, tmp_path: Path) -> None:
    write(FILE, "[policy.sshd]\nresends = 1\n[smtp.office]\nhost = 'not read here'\n")
    tried = write("new/20.toml", "[policy.sshd]\nresends = 2\n")
    check_file(tmp_path, tried)
    tried.write_text("[policy.sshd]\nresent = 2\n")
    with pytest.raises(ConfigurationError) as caught:
        check_file(tmp_path, tried)
    error = caught.value
    assert (error.path, error.key, error.line) == (str(tried), "policy.sshd.resent", 2)
    assert error.complaint.startswith("is no key of [policy.sshd]; known: factors")


def test_a_file_that_is_in_force_is_tried_once(write: Write, tmp_path: Path) -> None:
    path = write(FILE, "[policy.sshd]\nresends = 1\n")
    check_file(tmp_path, path)
    path.write_text("[policy.sshd]\nresends = 11\n")
    with pytest.raises(ConfigurationError):
        check_file(tmp_path, path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_file(tmp_path, tmp_path / "gone.toml")
    assert str(caught.value).endswith("gone.toml: cannot be read: No such file or directory")
