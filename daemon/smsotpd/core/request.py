# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What somebody wants who answers the code prompt: to prove something, or something else."""

import re
from dataclasses import dataclass, field

from smsotpd.core.phrase import Phrase
from smsotpd.core.policy import Texts

_SEPARATORS = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Nothing:
    """An empty answer."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """To be told what may be typed."""


@dataclass(frozen=True, slots=True)
class AnotherCode:
    """To be sent another code."""


@dataclass(frozen=True, slots=True)
class AnotherChannel:
    """To be sent the code another way; `channel` is empty for the next one."""

    channel: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """To have a code judged."""

    code: str = field(repr=False)


Request = Nothing | Explanation | AnotherCode | AnotherChannel | Typed


def request_of(answer: str, texts: Texts) -> Request:
    """Read an answer; the words are the policy's, in whatever case.

    Where they are ours, those of the source count, too: scripts and habits cross languages.
    """
    code = normalised(answer)
    if not code:
        return Nothing()
    match answer.casefold().split():
        case [word] if word in _forms(texts.help_word):
            return Explanation()
        case [word] if word in _forms(texts.resend_word):
            return AnotherCode()
        case [word, *channel] if word in _forms(texts.channel_word) and len(channel) <= 1:
            return AnotherChannel("".join(channel))
        case _:
            return Typed(code)


def _forms(word: str) -> set[str]:
    forms = {word, word.source} if isinstance(word, Phrase) else {word}
    return {form.casefold() for form in forms}


def normalised(answer: str) -> str:
    """Return a typed code without the blanks and hyphens that phones show between digits."""
    return _SEPARATORS.sub("", answer)
