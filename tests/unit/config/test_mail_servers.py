# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Mail servers are tables with names, defined once for all gateways that send mail."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smsotpd.config.settings import Configuration
from smsotpd.core.mail_server import MailServer, Protection
from smsotpd.core.secret import Secret
from tests.unit.config.conftest import Refusal, Write

Read = Callable[[], Configuration]

_OFFICE = 'host = "mail.example.org"\nsender = "otp@example.org"\n'


def test_a_server_has_defaults_for_all_but_host_and_sender(write: Write, read: Read) -> None:
    write("smsotpd.toml", f"[smtp.office]\n{_OFFICE}")
    server = read().mail_servers["office"]
    assert server == MailServer("office", "mail.example.org", "otp@example.org")
    assert (server.protection, server.port, server.timeout) == (Protection.STARTTLS, 587, 10.0)


@pytest.mark.parametrize(("protection", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_protection_implies_the_port(
    write: Write, read: Read, protection: str, port: int
) -> None:
    write("smsotpd.toml", f'[smtp.office]\n{_OFFICE}protection = "{protection}"\n')
    assert read().mail_servers["office"].port == port


def test_a_server_is_read_with_all_it_has_and_a_later_file_wins(write: Write, read: Read) -> None:
    write("smsotpd.toml", f"[smtp.office]\n{_OFFICE}[smtp.home]\n{_OFFICE}")
    write(
        "smsotpd.d/mail.toml",
        '[smtp.office]\nhost = "2001:db8::1"\nport = 2525\nprotection = "tls"\nuser = "ötp"\n'
        'password = "geheim"\nsender = "code@example.org"\nca_file = "/etc/ca.pem"\n'
        "timeout_seconds = 2.5\n",
    )
    servers = read().mail_servers
    assert set(servers) == {"office", "home"}
    assert servers["office"] == MailServer(
        "office",
        "2001:db8::1",
        "code@example.org",
        2525,
        Protection.TLS,
        "ötp",
        Secret("geheim"),
        "/etc/ca.pem",
        2.5,
    )
    assert "geheim" not in repr(servers)


def test_a_password_may_be_a_credential(
    write: Write, read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "smtp-office").write_text("gehëim\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    write(
        "smsotpd.toml",
        f'[smtp.office]\n{_OFFICE}user = "otp"\npassword = {{ credential = "smtp-office" }}\n',
        0o644,
    )
    assert read().mail_servers["office"].password == Secret("gehëim")


def test_a_password_in_a_file_that_everybody_reads_is_refused(
    write: Write, refusal: Refusal
) -> None:
    write("smsotpd.toml", f'[smtp.office]\n{_OFFICE}user = "otp"\npassword = "geheim"\n', 0o644)
    error = str(refusal())
    assert "has mode 0644" in error
    assert "geheim" not in error


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_login_without_encryption_is_for_this_host_only(
    write: Write, read: Read, host: str
) -> None:
    login = 'protection = "none"\nuser = "otp"\npassword = "geheim"\n'
    write("smsotpd.toml", f'[smtp.a]\nhost = "{host}"\nsender = "otp@example.org"\n{login}')
    assert read().mail_servers["a"].user == "otp"


@pytest.mark.parametrize(
    ("text", "key", "complaint"),
    [
        ('sender = "otp@example.org"', "smtp.office", "needs both host and sender"),
        ('host = "mail.example.org"', "smtp.office", "needs both host and sender"),
        (f'{_OFFICE}user = "otp"', "smtp.office", "needs both user and password"),
        (f'{_OFFICE}password = "geheim"', "smtp.office", "needs both user and password"),
        (f"{_OFFICE}port = 0", "smtp.office.port", "from 1 to 65535"),
        (f'{_OFFICE}protection = "ssl"', "smtp.office.protection", "starttls, tls, none"),
        (f'{_OFFICE}ca_file = "ca.pem"', "smtp.office.ca_file", "an absolute path"),
        (f"{_OFFICE}timeout_seconds = 0", "smtp.office.timeout_seconds", "from 1 to 60"),
        (f'{_OFFICE}user = "a\\nb"', "smtp.office.user", "one line"),
        (f"{_OFFICE}password = 7", "smtp.office.password", "must be a text, or"),
        (f'{_OFFICE}password = {{ credential = "../x" }}', "smtp.office.password", "signs other"),
        (f'{_OFFICE}tls = "yes"', "smtp.office.tls", "is no key of [smtp.office]"),
        ('host = "mail host"\nsender = "a@b.example"', "smtp.office.host", "a host name"),
        ('host = "m"\nsender = "a@b.example, c@d.example"', "smtp.office.sender", "one mail"),
        ('host = "m"\nsender = "Otp <a@b.example>"', "smtp.office.sender", "one mail"),
        (
            f'{_OFFICE}protection = "none"\nuser = "otp"\npassword = "geheim"',
            "smtp.office.protection",
            "for everybody to read",
        ),
        (
            f'{_OFFICE.replace("mail", "127")}protection = "none"\nuser = "otp"\npassword = "x"',
            "smtp.office.protection",
            "for everybody to read",
        ),
    ],
)
def test_a_wrong_server_is_refused(
    write: Write, refusal: Refusal, text: str, key: str, complaint: str
) -> None:
    write("smsotpd.toml", f"[smtp.office]\n{text}\n")
    error = refusal()
    assert error.key == key
    assert complaint in str(error)
    assert "geheim" not in str(error)


def test_a_server_without_a_name_is_refused(write: Write, refusal: Refusal) -> None:
    write("smsotpd.toml", '[smtp]\nhost = "mail.example.org"\n')
    assert "[smtp.NAME]" in str(refusal())
