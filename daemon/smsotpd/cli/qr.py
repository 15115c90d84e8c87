# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""QR codes on a terminal."""

import click

from smsotpd.cli.output import printable


def draw(content: str) -> None:
    """Draw a QR code, or print what it would hold where segno is not installed."""
    try:
        import segno  # noqa: PLC0415  # optional, and slow to import
    except ImportError:
        click.echo("To see the QR code, install python3-segno. Its content:")
        click.echo(printable(content))
        return
    segno.make(content, micro=False).terminal(border=2, compact=True)
