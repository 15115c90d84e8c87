# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The few words of smsotpctl that are for users; what it says to administrators is in English."""

import gettext
import os
from pathlib import Path
from typing import Final

from smsotpd.core.phrase import in_language, locale_of, nearest_language

_DOMAIN: Final = "pam-smsotp"
_DIRECTORY: Final = Path("/usr/share/locale")


def said(text: str) -> str:
    """Return a text in the language of whoever runs this program, as the daemon chooses it."""
    found = _DIRECTORY.glob(f"*/LC_MESSAGES/{_DOMAIN}.mo")
    language = nearest_language(locale_of(os.environ), {path.parts[-3] for path in found})
    # Without a catalogue, it is said in the source's English.
    languages = [language or "C"]
    catalogue = gettext.translation(_DOMAIN, _DIRECTORY, languages=languages, fallback=True)
    return in_language(catalogue, text)
