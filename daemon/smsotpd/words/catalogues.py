# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The catalogues that are installed, by language."""

import gettext
import re
import struct
from pathlib import Path

from smsotpd.core.phrase import ENGLISH, Catalogue

DOMAIN = "pam-smsotp"
# setlocale(3): language, territory, and what does not matter here: codeset and modifier.
_LOCALE = re.compile(r"([a-z]{2,3})(?:_([A-Z]{2}))?(?:\.[\w-]+)?(?:@\w+)?", re.ASCII)


class MessageCatalogues:
    """Find the catalogue of a language; the port `Languages`.

    Attributes:
        complaints: what is wrong with catalogues that cannot be read; they count as absent.
    """

    def __init__(self, directory: Path, host: str) -> None:
        """Read all catalogues, so that no login waits for it.

        Args:
            directory: where gettext has them: `de/LC_MESSAGES/pam-smsotp.mo`.
            host: the locale of the host, as de_DE.UTF-8.
        """
        self._host = host
        self._by_language: dict[str, Catalogue] = {}
        complaints = []
        for path in sorted(directory.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")):
            try:
                with path.open("rb") as stream:
                    catalogue = gettext.GNUTranslations(stream)
            except (OSError, ValueError, struct.error) as error:
                complaints.append(f"{path}: is no message catalogue: {type(error).__name__}")
            else:
                self._by_language[path.parts[-3]] = catalogue
        self.complaints = tuple(complaints)

    def catalogue(self, wanted: str) -> Catalogue:
        """Return the catalogue of a locale; of the host's own if it is empty.

        Of a language without its territory's own catalogue, any is nearer than English.
        """
        found = _LOCALE.fullmatch(wanted or self._host)
        if found is None or found[1] == "en":
            return ENGLISH
        language, territory = found.groups()
        known = self._by_language
        for name in (f"{language}_{territory}", language):
            if name in known:
                return known[name]
        near = [name for name in known if name.startswith(f"{language}_")]
        return known[near[0]] if near else ENGLISH
