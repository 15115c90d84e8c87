# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Sentences that people see: made in English, said in their language at the end.

A phrase is its English text, so that code and tests read as what they say, and remembers what it
was made of. Whoever hands it to a person says it again in that person's language first. `make
words` finds them in the source by the names `phrase`, `phrases` and `word`; see ADR 0014.
"""

import re
from collections.abc import Collection, Mapping
from typing import Protocol, Self

from smsotpd.core.text import fill, printable

# setlocale(3): language, territory, and what does not matter here: codeset and modifier.
_LOCALE = re.compile(r"([a-z]{2,3})(?:_([A-Z]{2}))?(?:\.[\w-]+)?(?:@\w+)?", re.ASCII)


class Catalogue(Protocol):
    """The sentences of one language; the standard library's `gettext` has such objects."""

    def gettext(self, message: str, /) -> str:
        """Return a sentence in this language, or as it is."""
        ...

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        """Return the form of a sentence that goes with a number."""
        ...

    def pgettext(self, context: str, message: str, /) -> str:
        """Return a word in this language, as it is said in that context."""
        ...


class Languages(Protocol):
    """The languages there are."""

    def catalogue(self, wanted: str) -> Catalogue:
        """Return the catalogue of a locale, as de_DE.UTF-8; of the host's own if it is empty.

        English for a language that nobody translated to.
        """
        ...


class English:
    """The language of the source."""

    def gettext(self, message: str, /) -> str:
        """Return the sentence."""
        return message

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        """Return the form that goes with a number."""
        return singular if number == 1 else plural

    def pgettext(self, _context: str, message: str, /) -> str:
        """Return the word."""
        return message


ENGLISH = English()


class Phrase(str):
    """A text that knows what it was made of; make it with one of the functions below."""

    __slots__ = ("_context", "_number", "_plural", "_values", "source")
    _context: str
    _number: int
    _plural: str
    _values: Mapping[str, str]
    source: str

    @classmethod
    def made(
        cls,
        catalogue: Catalogue,
        source: str,
        values: Mapping[str, str],
        *,
        plural: str = "",
        number: int = 0,
        context: str = "",
    ) -> Self:
        """Return the text in a language, with its values filled in."""
        if plural:
            pattern = catalogue.ngettext(source, plural, number)
        elif context:
            pattern = catalogue.pgettext(context, source)
        else:
            pattern = catalogue.gettext(source)
        said = {name: in_language(catalogue, value) for name, value in values.items()}
        made = cls(fill(pattern, said))
        made.source, made._values = source, said
        made._plural, made._number, made._context = plural, number, context
        return made

    def said_in(self, catalogue: Catalogue) -> Self:
        """Return the same in another language."""
        return self.made(
            catalogue,
            self.source,
            self._values,
            plural=self._plural,
            number=self._number,
            context=self._context,
        )


def phrase(text: str, /, **values: str) -> Phrase:
    """Return a sentence, each `{name}` in it replaced by a value."""
    return Phrase.made(ENGLISH, text, _harmless(values))


def phrases(singular: str, plural: str, number: int, /, **values: str) -> Phrase:
    """Return the form of a sentence that goes with a number, which is its `{number}`."""
    harmless = _harmless(values) | {"number": str(number)}
    return Phrase.made(ENGLISH, singular, harmless, plural=plural, number=number)


def word(context: str, text: str) -> Phrase:
    """Return a word that means nothing out of its context."""
    return Phrase.made(ENGLISH, text, {}, context=context)


def in_language(catalogue: Catalogue, text: str) -> str:
    """Return a text in a language if it is a phrase; what an administrator wrote stays as it is."""
    return text.said_in(catalogue) if isinstance(text, Phrase) else text


def locale_of(environment: Mapping[str, str]) -> str:
    """Return the locale in which a program is to speak (POSIX.1-2024, 8.2)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return environment[name]
    return ""


def nearest_language(locale: str, known: Collection[str]) -> str:
    """Return which of the known languages is nearest to a locale; empty if that is English.

    To a language without its territory's own catalogue, any of it is nearer than English.
    """
    found = _LOCALE.fullmatch(locale)
    if found is None or found[1] == "en":
        return ""
    language, territory = found.groups()
    near = sorted(name for name in known if name.startswith(f"{language}_"))
    wanted = (f"{language}_{territory}", language, *near)
    return next((name for name in wanted if name in known), "")


def _harmless(values: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value if isinstance(value, Phrase) else printable(value)
        for name, value in values.items()
    }
