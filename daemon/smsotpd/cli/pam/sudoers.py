# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Find out whether sudo replaces the caller's PATH for everybody (secure_path).

Before our module runs, sudo must have put its own PATH in place of the caller's: it decides where
an interpreter looks for itself. `sudo -V` tells what holds in general, wherever the rules come
from; `cvtsudoers` tells of exceptions for single users, hosts or commands.
"""

import json
import re

_SECURE_PATH = re.compile(r"^Value to override user's \$PATH with: (?P<path>.+)$", re.MULTILINE)
_EXEMPT = re.compile(r"^Users in this group are exempt from password and PATH", re.MULTILINE)
_TOUCHY = ("secure_path", "exempt_group")


def complaint_about_secure_path(version_text: str, sudoers_json: str) -> str:
    """Return why the caller's PATH could reach our module; empty if it cannot.

    Args:
        version_text: what `sudo -V` prints for root.
        sudoers_json: what `cvtsudoers -f json` makes of the sudoers file.
    """
    general = _SECURE_PATH.search(version_text)
    if general is None:
        return "secure_path is not set"
    if not all(part.startswith("/") for part in general["path"].strip().split(":")):
        return "secure_path has a part that is no absolute path"
    if _EXEMPT.search(version_text):
        return "exempt_group leaves the members of a group their own PATH"
    try:
        defaults = json.loads(sudoers_json).get("Defaults", [])
        bound = [entry for entry in defaults if "Binding" in entry]
        names = {name for entry in bound for option in entry["Options"] for name in option}
    except (ValueError, TypeError, AttributeError, KeyError):
        return "the sudoers file could not be read by cvtsudoers"
    for name in _TOUCHY:
        if name in names:
            return f"a “Defaults” for some users, hosts or commands changes {name}"
    return ""
