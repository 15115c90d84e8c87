# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Tell what holds for every PAM service that concerns us."""

from smsotpd.cli.errors import CliError
from smsotpd.cli.host import Host
from smsotpd.cli.pam import rollback
from smsotpd.cli.pam.block import Stack, State, disable, enable, state
from smsotpd.cli.pam.change import pam_directory
from smsotpd.cli.pam.files import PamDirectory
from smsotpd.cli.pam.known import KNOWN
from smsotpd.cli.pam.line_findings import line_findings
from smsotpd.cli.pam.place import includers
from smsotpd.cli.pam.stack import included_names
from smsotpd.cli.pam.terminal import Terminal, installed_libraries, terminals_in


def describe_services(host: Host, wanted: str | None = None) -> list[dict[str, object]]:
    """Return what holds for every service that concerns us, one dictionary each.

    These are the known ones that are installed, and all that mention us; or just the wanted one.
    Keys: service, title, present, state, terminal, unconfirmed, notes.
    """
    directory = pam_directory(host)
    texts = {name: _text(directory, name) for name in directory.names()}
    states = {name: state(text) for name, text in texts.items()}
    in_use = {name for name, found in states.items() if found is not State.OFF}
    installed = frozenset(each for each in Terminal if installed_libraries(host, each))
    names = [wanted] if wanted else sorted(KNOWN.keys() & texts.keys() | in_use)
    return [
        {
            "service": name,
            "title": KNOWN[name].title if name in KNOWN else "",
            "present": name in texts,
            "state": str(states.get(name, State.OFF)),
            "terminal": " and ".join(terminals_in(texts.get(name, ""))),
            "unconfirmed": name in in_use and rollback.is_armed(host, name),
            "notes": _notes(name, directory, texts, states, installed),
        }
        for name in names
    ]


def _notes(
    name: str,
    directory: PamDirectory,
    texts: dict[str, str],
    states: dict[str, State],
    installed: frozenset[Terminal],
) -> list[str]:
    found = states.get(name)
    if found is None:
        return ["not installed"]
    notes = [finding.text for finding in line_findings(name, texts[name], installed)]
    if name in KNOWN and KNOWN[name].one_field:
        notes.append("one field: PIN first, then PIN and code")
    if name in KNOWN and KNOWN[name].note:
        notes.append(KNOWN[name].note)
    if found in {State.INSTEAD, State.AFTER} and not is_current(name, texts[name], directory):
        notes.append("an included file has changed since: disable and enable again")
    notes += [
        f"asks through {other}"
        for other in sorted(included_names(texts[name]))
        if states.get(other, State.OFF) is not State.OFF
    ]
    if found is not State.OFF and (others := includers(name, directory)):
        notes.append(f"also holds for {', '.join(others)}")
    return notes


def is_current(name: str, text: str, directory: PamDirectory) -> bool:
    """Tell whether enabling the service now would write what stands there."""
    stack = Stack(str(state(text)))
    arguments = KNOWN[name].arguments if name in KNOWN else ""
    read = directory.read_text
    try:
        [terminal] = terminals_in(text)
        before = disable(name, text)
        return enable(name, before, stack, arguments, read, terminal=terminal) == text
    except (CliError, ValueError):
        return False


def _text(directory: PamDirectory, name: str) -> str:
    try:
        return directory.read_text(name)
    except CliError:
        return ""
