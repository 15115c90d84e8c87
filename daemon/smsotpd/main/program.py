# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""smsotpd from its arguments to its exit status."""

import argparse
import asyncio
import os
import sys
import syslog
from pathlib import Path

from smsotpd import VERSION
from smsotpd.config.settings import read_configuration
from smsotpd.core.errors import ConfigurationError, SmsOtpError
from smsotpd.journal.native import SystemdJournal
from smsotpd.main.daemon import run
from smsotpd.main.parts import gather

_CONFIGURATION = Path("/etc/smsotp")
_STATE = Path("/var/lib/smsotp")


def main() -> int:
    """Run the daemon until it is told to end; return its exit status (sysexits.h)."""
    arguments = _parse()
    journal = SystemdJournal()
    try:
        if arguments.check:
            return _check(arguments.config)
        # Whatever the daemon writes is its own: the state directory holds secrets.
        os.umask(0o077)
        with gather(arguments.config, arguments.state, arguments.boot_id, journal) as parts:
            asyncio.run(run(parts))
    except ConfigurationError as error:
        return _refuse(journal, error, os.EX_CONFIG)
    except SmsOtpError as error:
        return _refuse(journal, error, os.EX_UNAVAILABLE)
    return os.EX_OK


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="smsotpd", description="Decide logins that need a one-time code; see smsotpd(8)."
    )
    parser.add_argument(
        "--config", type=Path, default=_CONFIGURATION, help="directory of smsotpd.toml"
    )
    parser.add_argument(
        "--state",
        type=Path,
        default=Path(os.environ.get("STATE_DIRECTORY", _STATE)),
        help="directory of the store; 0700 and the daemon's own",
    )
    parser.add_argument(
        "--boot-id", default="", help="id of the running boot, where /proc/sys is hidden from us"
    )
    parser.add_argument(
        "--check", action="store_true", help="read the configuration, say what is wrong, and end"
    )
    parser.add_argument("--version", action="version", version=f"smsotpd {VERSION}")
    return parser.parse_args()


def _check(directory: Path) -> int:
    configuration = read_configuration(directory)
    print(f"{directory}: {configuration.files} file(s), nothing wrong")  # noqa: T201  # its answer
    return os.EX_OK


def _refuse(journal: SystemdJournal, error: SmsOtpError, status: int) -> int:
    if not _is_the_journal(sys.stderr.fileno()):
        print(f"smsotpd: {error}", file=sys.stderr)  # noqa: T201  # for whoever started it by hand
    journal.note(f"smsotpd ends: {error}", syslog.LOG_ERR)
    return status


def _is_the_journal(descriptor: int) -> bool:
    """Tell whether what is written there becomes a journal entry anyway (systemd.exec(5))."""
    status = os.fstat(descriptor)
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
