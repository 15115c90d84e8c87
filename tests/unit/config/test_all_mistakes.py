# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""All mistakes of all files are told at once, each with its file, line and key."""

from pathlib import Path

import pytest

from smsotpd.config.settings import check_file, read_configuration
from smsotpd.core.errors import ConfigurationError, sentences

MAIN = """\
[limits]
lock_seconds = "long"
sends_per_dya = 7
failures_to_lock = 0

[policy.default]
code_digits = 3
codes = ["sent", "app"]

[policy.sshd]
factors = ["code"]
first = "recovery"
trusted_networks = ["office.example"]

[route.first]
prefixes = ["+49"]

[route.second]
gateways = []

[telephone]
number = 1
"""
GATEWAY = """\
type = 7
colour = "red"
"""


def places(found: ConfigurationError) -> list[tuple[str, int, str]]:
    return [(Path(each.path).name, each.line, each.key) for each in found.each]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("smsotpd.d", "gateways.d"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_every_mistake_of_a_file_is_told_with_its_line(directory: Path) -> None:
    (directory / "smsotpd.toml").write_text(MAIN)

    with pytest.raises(ConfigurationError) as caught:
        read_configuration(directory)

    assert places(caught.value) == [
        ("smsotpd.toml", 2, "limits.lock_seconds"),
        ("smsotpd.toml", 3, "limits.sends_per_dya"),
        ("smsotpd.toml", 4, "limits.failures_to_lock"),
        ("smsotpd.toml", 7, "policy.default.code_digits"),
        ("smsotpd.toml", 8, "policy.default.codes"),
        ("smsotpd.toml", 16, "route.first.prefixes"),
        ("smsotpd.toml", 18, "route.second"),
        ("smsotpd.toml", 21, "telephone"),
        ("smsotpd.toml", 12, "policy.sshd.first"),
        ("smsotpd.toml", 13, "policy.sshd.trusted_networks"),
    ]
    assert str(caught.value).splitlines() == sentences(caught.value)


def test_a_file_that_is_no_toml_hides_no_mistake_of_another(directory: Path) -> None:
    (directory / "smsotpd.toml").write_text("[limits\n")
    (directory / "smsotpd.d" / "10-a.toml").write_text("[limits]\nsends_per_dya = 7\n")
    path = directory / "gateways.d" / "sms.toml"
    path.write_text(GATEWAY)
    path.chmod(0o640)

    with pytest.raises(ConfigurationError) as caught:
        read_configuration(directory)

    assert places(caught.value) == [
        ("smsotpd.toml", 1, ""),
        ("sms.toml", 2, "colour"),
        ("10-a.toml", 2, "limits.sends_per_dya"),
    ]


def test_of_a_default_policy_that_is_wrong_nothing_is_said_that_services_do_not_fit_to(
    directory: Path,
) -> None:
    default = '[policy.default]\nresend_word = "again"\ncode_digits = 3\n'
    (directory / "smsotpd.toml").write_text(default + '[policy.sshd]\nchannel_word = "r"\n')

    with pytest.raises(ConfigurationError) as caught:
        read_configuration(directory)

    assert places(caught.value) == [("smsotpd.toml", 3, "policy.default.code_digits")]


def test_the_same_mistake_counts_once(directory: Path) -> None:
    (directory / "smsotpd.toml").write_text("policy = 7\n")

    with pytest.raises(ConfigurationError) as caught:
        read_configuration(directory)

    assert places(caught.value) == [("smsotpd.toml", 1, "policy")]


def test_no_value_that_was_given_is_repeated(directory: Path) -> None:
    text = '[smtp.main]\npassword = 7654321\nport = "hunter2"\n[limits]\nlock_seconds = "hunter3"\n'
    (directory / "smsotpd.toml").write_text(text)

    with pytest.raises(ConfigurationError) as caught:
        read_configuration(directory)

    assert len(caught.value.each) == 3
    assert not any(value in str(caught.value) for value in ("7654321", "hunter"))


def test_a_file_that_is_tried_tells_all_its_mistakes(directory: Path, tmp_path: Path) -> None:
    tried = tmp_path / "tried.toml"
    tried.write_text("[policy.sshd]\nresent = 1\ncode_digits = 3\n")

    with pytest.raises(ConfigurationError) as caught:
        check_file(directory, tried)

    assert places(caught.value) == [
        ("tried.toml", 2, "policy.sshd.resent"),
        ("tried.toml", 3, "policy.sshd.code_digits"),
    ]
