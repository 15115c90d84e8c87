# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Links, pipes and strange names in place of files: nothing beside them is touched or waited for.

Whoever can plant these has the daemon's user, or root's directories, already; what is tried is
that it gains nothing more by them, root's own commands included.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from smsotpd.cli.doctor.bundle import write_bundle
from smsotpd.cli.doctor.finding import Report
from smsotpd.cli.errors import CliError
from smsotpd.cli.pin_file import PinFile
from smsotpd.config.secret_value import secret
from smsotpd.core.errors import SmsOtpError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted
from smsotpd.core.recipient import parse_phone
from smsotpd.gateways.catalogue import Catalogue
from smsotpd.gateways.sender import GatewaySender
from smsotpd.store.key import KEY_NAME, load_or_create_key
from smsotpd.store.sqlite import DATABASE_NAME, open_store
from tests.bus.private_bus import ROOT
from tests.tally import Tried

VICTIM: Final = "root:x:0:0::/root:/bin/sh\n"
SECONDS: Final = 60.0


def link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def link_to_nothing(path: Path, victim: Path) -> None:
    path.symlink_to(victim.with_name("made"))


def link_up(path: Path, victim: Path) -> None:
    path.symlink_to(os.path.relpath(victim, path.parent))


def second_name(path: Path, victim: Path) -> None:
    path.hardlink_to(victim)


def pipe(path: Path, _victim: Path) -> None:
    os.mkfifo(path, 0o600)


def directory(path: Path, _victim: Path) -> None:
    path.mkdir()


def open_to_all(path: Path, _victim: Path) -> None:
    path.touch()
    path.chmod(0o666)


TRICKS: Final = (link, link_to_nothing, link_up, second_name, pipe, directory, open_to_all)
STATE_FILES: Final = (
    DATABASE_NAME, f"{DATABASE_NAME}-wal", f"{DATABASE_NAME}-shm", f"{DATABASE_NAME}-journal",
    KEY_NAME, f"{KEY_NAME}.new",
)  # fmt: skip


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of root's that must stay as it is."""
    (tmp_path / "etc").mkdir()
    path = tmp_path / "etc/passwd"
    path.write_text(VICTIM)
    path.chmod(0o600)
    return path


def unharmed(victim: Path) -> bool:
    """Tell whether it is as it was, and nothing was made beside it."""
    return (
        victim.read_text() == VICTIM
        and victim.stat().st_mode & 0o777 == 0o600
        and [each.name for each in victim.parent.iterdir()] == [victim.name]
    )


def run_daemon(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run smsotpd to its end, which is near."""
    return subprocess.run(
        [sys.executable, "-m", "smsotpd.main", *map(str, arguments)],
        env={"PYTHONPATH": f"{ROOT}/daemon", "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("name", STATE_FILES)
@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("is_new", [True, False], ids=["first start", "later start"])
def test_a_trick_in_the_state_directory_harms_nothing_outside(
    tmp_path: Path,
    victim: Path,
    tried: Tried,
    trick: Callable[[Path, Path], None],
    name: str,
    *,
    is_new: bool,
) -> None:
    tried()
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    if not is_new:
        load_or_create_key(state, {})
        open_store(state).close()
        (state / name).unlink(missing_ok=True)
    trick(state / name, victim)
    with suppress(SmsOtpError):
        load_or_create_key(state, {})
        open_store(state).close()
    assert unharmed(victim)


@pytest.mark.parametrize("suffix", ["", "-wal", ".backup", ".backup-unfinished", ".damaged"])
@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_under_a_restore_harms_nothing_outside(
    tmp_path: Path, victim: Path, tried: Tried, trick: Callable[[Path, Path], None], suffix: str
) -> None:
    tried()
    state = tmp_path / "state"
    load_or_create_key(state, {})
    open_store(state).close()
    path = state / f"{DATABASE_NAME}{suffix}"
    path.unlink(missing_ok=True)
    trick(path, victim)
    done = run_daemon("--state", state, "--restore")
    assert "Traceback" not in done.stderr
    assert unharmed(victim)


@pytest.mark.parametrize("trick", TRICKS)
async def test_the_outbox_writes_to_a_file_of_its_own_or_to_none(
    tmp_path: Path, victim: Path, tried: Tried, trick: Callable[[Path, Path], None]
) -> None:
    tried()
    path = tmp_path / "outbox"
    trick(path, victim)
    catalogue = Catalogue(GatewaySender, allow_outbox=True)
    definition = GatewayDefinition("demo", "outbox", {"PATH": str(path)})
    message = Message(parse_phone("+4915112345611"), "012345 is a code")
    outcome = await catalogue.sender(definition).send(message, 5)
    assert not isinstance(outcome, Accepted)
    assert unharmed(victim)


@pytest.mark.parametrize("trick", TRICKS)
def test_a_file_of_pins_is_made_new_or_not_at_all(
    tmp_path: Path, victim: Path, tried: Tried, trick: Callable[[Path, Path], None]
) -> None:
    tried()
    path = tmp_path / "pins.csv"
    trick(path, victim)
    with pytest.raises(CliError):
        PinFile(path)
    assert unharmed(victim)


@pytest.mark.parametrize("trick", TRICKS)
def test_a_bundle_is_made_new_or_not_at_all(
    tmp_path: Path, victim: Path, tried: Tried, trick: Callable[[Path, Path], None]
) -> None:
    tried()
    path = tmp_path / "bundle.tar.gz"
    trick(path, victim)
    with pytest.raises(OSError, match="File exists"):
        write_bundle(path, Report((), ()), None, None)  # type: ignore[arg-type]  # never asked
    assert unharmed(victim)


@pytest.mark.parametrize("name", ["smsotpd.toml", "smsotpd.d/x.toml", "gateways.d/x.toml"])
@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_in_the_configuration_is_refused_in_time_and_not_repeated(
    tmp_path: Path, victim: Path, tried: Tried, trick: Callable[[Path, Path], None], name: str
) -> None:
    tried()
    path = tmp_path / "smsotp" / name
    path.parent.mkdir(parents=True)
    trick(path, victim)
    done = run_daemon("--config", tmp_path / "smsotp", "--check")
    assert "Traceback" not in done.stderr
    assert "root:x" not in done.stdout + done.stderr
    assert done.returncode == os.EX_CONFIG or trick is open_to_all
    assert unharmed(victim)


@pytest.mark.parametrize(
    "name", ["..", ".", "../x", "/etc/passwd", "a/../b", "", "a\0b", "x" * 300]
)
def test_a_credential_is_a_name_and_never_a_path(
    tmp_path: Path, tried: Tried, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried()
    (tmp_path / "credentials").mkdir()
    (tmp_path / "x").write_text("stolen")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the texts differ
        secret({"credential": name})
    assert "stolen" not in str(caught.value)
