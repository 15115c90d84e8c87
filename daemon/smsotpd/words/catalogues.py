# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The catalogues that are installed, by language."""

import gettext
import struct
from pathlib import Path

from smsotpd.core.phrase import ENGLISH, Catalogue, nearest_language

DOMAIN = "pam-smsotp"


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
        """Return the catalogue of a locale; of the host's own if it is empty."""
        language = nearest_language(wanted or self._host, self._by_language)
        return self._by_language.get(language, ENGLISH)
