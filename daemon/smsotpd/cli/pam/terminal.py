# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The two terminals: what a stack names, what that needs on this machine, and where it stands."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from smsotpd.cli.host import Host
from smsotpd.cli.pam.lines import LineError, Rule, parse_line

ENTRY = "/usr/lib/pam-smsotp/pam_smsotp.py"
_PYTHON_MODULE = "pam_python.so"
_NATIVE_MODULE = "pam_smsotp.so"


class Terminal(StrEnum):
    """What runs inside the program that authenticates: pam_python with our entry, or C."""

    PYTHON = "python"
    NATIVE = "native"

    @property
    def module(self) -> str:
        """Return what a line of a stack says behind its control."""
        return f"{_PYTHON_MODULE} {ENTRY}" if self is Terminal.PYTHON else _NATIVE_MODULE

    @property
    def library(self) -> str:
        """Return the file name of what libpam loads."""
        return _PYTHON_MODULE if self is Terminal.PYTHON else _NATIVE_MODULE

    @property
    def package(self) -> str:
        """Return the Debian package that has the library."""
        return "libpam-python" if self is Terminal.PYTHON else "libpam-smsotp"


def terminal_of(rule: Rule) -> Terminal | None:
    """Tell which terminal a rule runs; None if it is somebody else's."""
    if rule.module == _NATIVE_MODULE:
        return Terminal.NATIVE
    if rule.module == _PYTHON_MODULE and "pam_smsotp" in rule.text:
        return Terminal.PYTHON
    return None


def our_rules(text: str) -> Iterator[tuple[int, Rule, Terminal]]:
    """Find our rules in the text of a service file: line number from 1, rule, terminal.

    Lines that are not understood are passed over.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            rule = parse_line(line)
        except LineError:
            continue
        if isinstance(rule, Rule) and (terminal := terminal_of(rule)):
            yield number, rule, terminal


def terminals_in(text: str) -> list[Terminal]:
    """Return the terminals that a service file runs when somebody logs in, each once."""
    found = (terminal for _, rule, terminal in our_rules(text) if rule.kind == "auth")
    return list(dict.fromkeys(found))


def installed_libraries(host: Host, terminal: Terminal) -> list[Path]:
    """Return where libpam would find what a terminal needs; empty if it is not installed."""
    patterns = (f"security/{terminal.library}", f"*/security/{terminal.library}")
    return [
        path
        for root in host.places.libraries
        for pattern in patterns
        for path in sorted(root.glob(pattern))
    ]
