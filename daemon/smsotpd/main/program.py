# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""smsotpd from its arguments to its exit status."""

import argparse
import asyncio
import json
import os
import sys
import syslog
from pathlib import Path

from smsotpd import VERSION
from smsotpd.config.settings import check_file, read_configuration
from smsotpd.core.errors import ConfigurationError, SmsOtpError, sentences
from smsotpd.core.phrase import locale_of
from smsotpd.journal.native import SystemdJournal
from smsotpd.kernel.memory import close_to_others
from smsotpd.main.daemon import run
from smsotpd.main.parts import gather
from smsotpd.store.backup import restore
from smsotpd.store.sqlite import DATABASE_NAME
from smsotpd.words.catalogues import MessageCatalogues

_CONFIGURATION = Path("/etc/smsotp")
_STATE = Path("/var/lib/smsotp")
_LOCALE = Path("/usr/share/locale")


def main() -> int:
    """Run the daemon until it is told to end; return its exit status (sysexits.h)."""
    arguments = _parse()
    journal = SystemdJournal()
    try:
        if arguments.check or arguments.check_file:
            return _check(arguments.config, arguments.check_file, as_json=arguments.json)
        # Whatever the daemon writes is its own: the state directory holds secrets.
        os.umask(0o077)
        close_to_others()
        if arguments.restore:
            return _restore(arguments.state)
        languages = MessageCatalogues(arguments.locale, locale_of(os.environ))
        with gather(
            arguments.config, arguments.state, arguments.boot_id, journal, languages
        ) as parts:
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
        "--locale",
        type=Path,
        default=_LOCALE,
        metavar="DIRECTORY",
        help="where the catalogues of the languages are",
    )
    parser.add_argument(
        "--boot-id", default="", help="id of the running boot, where /proc/sys is hidden from us"
    )
    parser.add_argument(
        "--check", action="store_true", help="read the configuration, say what is wrong, and end"
    )
    parser.add_argument(
        "--check-file", type=Path, metavar="FILE", help="the same, with a file as the last drop-in"
    )
    parser.add_argument(
        "--json", action="store_true", help="say on standard output, as JSON, what is wrong"
    )
    parser.add_argument(
        "--restore",
        action="store_true",
        help="put back the last day's copy of a damaged store, while no daemon runs, and end",
    )
    parser.add_argument("--version", action="version", version=f"smsotpd {VERSION}")
    return parser.parse_args()


def _check(directory: Path, file: Path | None, *, as_json: bool) -> int:
    answer, found = "", None
    try:
        if file is not None:
            check_file(directory, file)
            answer = f"{file}: nothing wrong"
        else:
            answer = f"{directory}: {read_configuration(directory).files} file(s), nothing wrong"
    except ConfigurationError as error:
        if not as_json:
            raise
        found = error
    print(_as_json(found) if as_json else answer)  # noqa: T201  # its answer
    return os.EX_CONFIG if found else os.EX_OK


def _as_json(found: ConfigurationError | None) -> str:
    """Return file, key, line and complaint of the first mistake, its sentence, and all of them.

    All is empty if nothing is wrong.
    """
    nothing = {"file": "", "key": "", "line": 0, "complaint": "", "text": ""}
    mistakes = [
        {
            "file": each.path,
            "key": each.key,
            "line": each.line,
            "complaint": each.complaint,
            "text": str(each),
        }
        for each in (found.each if found else ())
    ]
    return json.dumps({**(mistakes[0] if mistakes else nothing), "mistakes": mistakes})


def _restore(state: Path) -> int:
    aside = restore(state / DATABASE_NAME)
    kept = f" What was there is now {aside}." if aside else ""
    print(  # noqa: T201  # its answer
        f"The copy of the store is back in place.{kept}\n"
        "Users, PINs, gateways, failures and locks are as they were when it was made; codes that\n"
        "were out are gone. Recovery codes used since then would count again: give whoever used\n"
        "one a new set (smsotpctl user recovery)."
    )
    return os.EX_OK


def _refuse(journal: SystemdJournal, error: SmsOtpError, status: int) -> int:
    for text in sentences(error):
        if not _is_the_journal(sys.stderr.fileno()):
            print(f"smsotpd: {text}", file=sys.stderr)  # noqa: T201  # for whoever started it by hand
        journal.note(f"smsotpd ends: {text}", syslog.LOG_ERR)
    return status


def _is_the_journal(descriptor: int) -> bool:
    """Tell whether what is written there becomes a journal entry anyway (systemd.exec(5))."""
    status = os.fstat(descriptor)
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
