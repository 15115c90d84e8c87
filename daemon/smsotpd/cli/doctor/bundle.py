# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Write what support needs into one file, without secrets and numbers."""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from smsotpd import VERSION
from smsotpd.cli.doctor.daemon import UNIT, Connect, unit_properties
from smsotpd.cli.doctor.finding import Report
from smsotpd.cli.doctor.redaction import redacted_configuration, redacted_text
from smsotpd.cli.errors import CliError
from smsotpd.cli.host import Host

_JOURNAL_LINES = "500"
_PACKAGES = ("pam-smsotp", "libpam-python", "libpam0g", "libpam-modules", "openssh-server", "sudo",
             "systemd", "dbus", "python3", "python3-dbus-next")  # fmt: skip


def write_bundle(path: Path, report: Report, host: Host, connect: Connect) -> None:
    """Write the bundle, for root alone to read.

    Raises:
        OSError: it cannot be written; there must be no file of that name.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        try:
            with tarfile.open(fileobj=file, mode="w:gz") as archive:
                for name, text in _contents(report, host, connect):
                    content = text.encode("utf-8", "replace")
                    entry = tarfile.TarInfo(f"pam-smsotp-support/{name}")
                    entry.size, entry.mode = len(content), 0o600
                    archive.addfile(entry, io.BytesIO(content))
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _contents(report: Report, host: Host, connect: Connect) -> Iterator[tuple[str, str]]:
    yield "doctor.json", redacted_text(_json(report.encoded()))
    yield "versions.txt", _versions(host)
    yield "unit.json", _json(unit_properties(host))
    yield "daemon.json", redacted_text(_json(_daemon(connect)))
    etc = host.places.root / "etc"
    for file in (etc / "smsotp/smsotpd.toml", *sorted(host.places.policies.glob("*.toml"))):
        if file.is_file():
            found = redacted_configuration(file.read_text(errors="replace"), is_gateway=False)
            yield f"configuration/{file.name}.json", _json(found)
    for file in sorted((etc / "smsotp/gateways.d").glob("*.toml")):
        found = redacted_configuration(file.read_text(errors="replace"), is_gateway=True)
        yield f"gateways.d/{file.name}.json", _json(found)
    for file in sorted(host.places.pam.glob("*")):
        if file.is_file():
            yield f"pam.d/{file.name}", redacted_text(file.read_text(errors="replace"))
    yield "sshd.txt", redacted_text(host.run("sshd", "-T").output)
    yield "journal.txt", redacted_text(_journal(host))


def _versions(host: Host) -> str:
    release = host.places.root / "etc/os-release"
    packages = host.run(
        "dpkg-query", "--show", "--showformat=${Package} ${Version} ${db:Status-Status}\n",
        *_PACKAGES,
    )  # fmt: skip
    texts = (
        f"smsotpctl {VERSION}\n",
        release.read_text(errors="replace") if release.is_file() else "",
        host.run("uname", "-srm").output,
        packages.output,
    )
    return "".join(texts)


def _daemon(connect: Connect) -> dict[str, object]:
    """Return what the daemon says of itself; of gateways no setting, of users no address."""
    try:
        with connect() as daemon:
            return {
                "status": daemon.status(),
                "gateways": [
                    {key: gateway.get(key) for key in ("name", "type", "source", "enabled")}
                    for gateway in daemon.list_gateways()
                ],
                "users": [
                    {key: user.get(key) for key in ("state", "failures", "has_pin")}
                    for user in daemon.list_users()
                ],
            }
    except CliError as error:
        return {"error": error.text}


def _journal(host: Host) -> str:
    return host.run(
        "journalctl", f"--unit={UNIT}", "--quiet", "--no-pager", "--no-hostname",
        f"--lines={_JOURNAL_LINES}", "--output=short-iso",
    ).output  # fmt: skip


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
