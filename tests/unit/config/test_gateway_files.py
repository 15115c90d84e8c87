# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Gateways in files: a name, a type, settings, and secrets that are nobody else's to read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smsotpd.config.settings import Configuration
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.secret import Secret
from tests.unit.config.conftest import Refusal, Write

Read = Callable[[], Configuration]
SECRET = 'type = "http"\n[secrets]\nPASSWORD = "sesame"\n'
CREDENTIAL = 'type = "http"\n\n[secrets]\nPASSWORD = { credential = "sms-password" }\n'


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory where systemd puts credentials."""
    directory = tmp_path / "credentials"
    directory.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(directory))
    return directory


def only(configuration: Configuration) -> GatewayDefinition:
    """Return the only gateway."""
    (gateway,) = configuration.gateways
    return gateway


def test_a_file_defines_the_gateway_it_is_called_after(write: Write, read: Read) -> None:
    path = write(
        "gateways.d/sms-1.toml",
        'type = "http"\n[settings]\nURL = "https://a/"\nTIMEOUT = 3\nCHECK_SSL = true\n'
        'SEND_DATA_AS_JSON = false\n"option.to" = "{phone}"\n[secrets]\nPASSWORD = "sesame"\n',
    )
    gateway = only(read())
    assert (gateway.name, gateway.type_id, gateway.enabled) == ("sms-1", "http", True)
    assert gateway.source == str(path)
    assert gateway.settings == {
        "URL": "https://a/",
        "TIMEOUT": "3",
        "CHECK_SSL": "yes",
        "SEND_DATA_AS_JSON": "no",
        "option.to": "{phone}",
    }
    assert gateway.secrets == {"PASSWORD": Secret("sesame")}
    assert "sesame" not in repr(gateway)


def test_gateways_are_ordered_by_name_and_may_be_off(write: Write, read: Read) -> None:
    write("gateways.d/b.toml", 'type = "http"\nenabled = false\n')
    write("gateways.d/a.toml", 'type = "outbox"\n')
    found = [(gateway.name, gateway.enabled) for gateway in read().gateways]
    assert found == [("a", True), ("b", False)]


@pytest.mark.parametrize("mode", [0o644, 0o642, 0o660, 0o604, 0o666])
def test_a_secret_that_others_can_read_or_write_is_refused(
    write: Write, refusal: Refusal, mode: int
) -> None:
    path = write("gateways.d/sms.toml", SECRET, mode)
    error = refusal()
    assert str(error).startswith(f"{path}: may hold secrets, has mode {mode:04o}; run ")
    assert "chmod 0640" in str(error)
    assert "sesame" not in str(error)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_a_secret_for_the_daemon_alone_is_taken(write: Write, read: Read, mode: int) -> None:
    write("gateways.d/sms.toml", SECRET, mode)
    assert only(read()).secrets == {"PASSWORD": Secret("sesame")}


def test_a_secret_among_the_settings_is_guarded_as_well(write: Write, refusal: Refusal) -> None:
    write("gateways.d/sms.toml", 'type = "http"\n[settings]\nPASSWORD = "sesame"\n', 0o644)
    assert "may hold secrets, has mode 0644" in str(refusal())


def test_a_secret_may_be_a_credential_of_systemd(
    write: Write, read: Read, credentials: Path
) -> None:
    (credentials / "sms-password").write_text("open sesame \n")
    write("gateways.d/sms.toml", CREDENTIAL)
    assert only(read()).secrets == {"PASSWORD": Secret("open sesame ")}


def test_a_credential_that_was_not_handed_in_is_refused(
    write: Write, refusal: Refusal, credentials: Path
) -> None:
    path = write("gateways.d/sms.toml", CREDENTIAL)
    assert list(credentials.iterdir()) == []
    assert str(refusal()) == (
        f"{path}:4: secrets.PASSWORD: names the credential sms-password, "
        "which systemd did not hand in"
    )


def test_without_systemd_there_are_no_credentials(
    write: Write, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    write("gateways.d/sms.toml", CREDENTIAL)
    assert "which systemd did not hand in" in str(refusal())


@pytest.mark.parametrize("name", ["../shadow", "/etc/passwd", "a/b", "", "a b", "..", "."])
def test_a_credential_is_a_name_and_never_a_path(
    write: Write, refusal: Refusal, credentials: Path, name: str
) -> None:
    (credentials.parent / "shadow").write_text("sesame")
    write("gateways.d/sms.toml", f'type = "http"\n[secrets]\nX = {{ credential = "{name}" }}\n')
    error = refusal()
    assert (error.key, error.line) == ("secrets.X", 3)


def test_a_credential_that_is_no_text_is_refused_without_showing_it(
    write: Write, refusal: Refusal, credentials: Path
) -> None:
    (credentials / "sms-password").write_bytes(b"sesame\xff")
    write("gateways.d/sms.toml", CREDENTIAL)
    error = refusal()
    assert "is no UTF-8" in str(error)
    assert error.__cause__ is None
    assert "sesame" not in str(error)


@pytest.mark.parametrize(
    ("content", "key", "line"),
    [
        ("", "type", 0),
        ("type = 1\n", "type", 1),
        ('type = "http"\nurl = "x"\n', "url", 2),
        ('type = "http"\nenabled = "yes"\n', "enabled", 2),
        ('type = "http"\nsettings = 1\n', "settings", 2),
        ('type = "http"\nsecrets = ["a"]\n', "secrets", 2),
        ('type = "http"\n[settings]\nURL = ["a"]\n', "settings.URL", 3),
        ('type = "http"\n[settings]\nURL = 2026-11-21\n', "settings.URL", 3),
        ('type = "http"\n[settings]\nTIMEOUT = nan\n', "settings.TIMEOUT", 3),
        (f'type = "http"\n[settings]\nTIMEOUT = 0x{"f" * 9000}\n', "settings.TIMEOUT", 3),
        ('type = "http"\n[secrets]\nPASSWORD = 1\n', "secrets.PASSWORD", 3),
        ('type = "http"\n[secrets]\nA = { file = "x" }\n', "secrets.A", 3),
        ('type = "http"\n[secrets]\nA = { credential = "x", or = "y" }\n', "secrets.A", 3),
    ],
)
def test_a_mistake_is_named_with_key_and_line(
    write: Write, refusal: Refusal, content: str, key: str, line: int
) -> None:
    path = write("gateways.d/sms.toml", content)
    error = refusal()
    assert (error.path, error.key, error.line) == (str(path), key, line)


def test_whoever_forgets_the_quotes_of_a_dotted_name_is_told(
    write: Write, refusal: Refusal
) -> None:
    path = write("gateways.d/sms.toml", 'type = "http"\n[settings]\noption.to = "{phone}"\n')
    error = str(refusal())
    assert error.startswith(f"{path}:2: settings.option: is no table; a name with a dot is quoted")


@pytest.mark.parametrize("name", ["SMS", "a b", "-a", "a.b", "ä", "a" * 65])
def test_a_file_whose_name_names_no_gateway_is_refused(
    write: Write, refusal: Refusal, name: str
) -> None:
    path = write(f"gateways.d/{name}.toml", 'type = "http"\n')
    assert str(refusal()).startswith(f"{path}: is called after no gateway: ")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\x00\xff garbage", "is not UTF-8 text"),
        (b"garbage sesame", "is not TOML"),
        (b"#" * (2 << 20), "is larger than 1048576 bytes"),
    ],
)
def test_what_is_no_toml_is_refused(
    write: Write, refusal: Refusal, content: bytes, complaint: str
) -> None:
    write("gateways.d/sms.toml", content)
    error = refusal()
    assert complaint in str(error)
    assert "sesame" not in str(error)
