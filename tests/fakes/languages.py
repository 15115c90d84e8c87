# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Languages of which it can be seen what was said in them."""

from smsotpd.core.phrase import ENGLISH, Catalogue


class Marked:
    """English between brackets: whatever stands outside of them was not translated."""

    def gettext(self, message: str, /) -> str:
        return f"[{message}]"

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        return f"[{ENGLISH.ngettext(singular, plural, number)}]"

    def pgettext(self, _context: str, message: str, /) -> str:
        return f"[{message}]"


class FakeLanguages:
    """English on a host that speaks it, marked English for every other locale.

    Attributes:
        wanted: what was asked for, oldest first.
    """

    def __init__(self) -> None:
        self.host: Catalogue = ENGLISH
        self.wanted: list[str] = []

    def catalogue(self, wanted: str) -> Catalogue:
        self.wanted.append(wanted)
        return Marked() if wanted else self.host
