# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A provider's failures with their classes, once: for its outcomes and for its page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from smsotpd.core.outcome import Deferred, ErrorClass, Rejected
from smsotpd.gateways.spec.gateway import Failure

_WORDS: Final[Mapping[ErrorClass, str]] = {
    ErrorClass.AUTH: "the gateway refuses our credentials or does not allow us to send",
    ErrorClass.CREDIT: "the account has no credit left",
    ErrorClass.RECIPIENT: "the gateway refuses the recipient",
    ErrorClass.SENDER: "the gateway refuses the sender that is configured",
    ErrorClass.RATE: "the gateway says we send too fast or too much",
    ErrorClass.TEMPORARY: "the gateway fails for now",
    ErrorClass.CONTENT: "the gateway refuses the text",
    ErrorClass.REJECTED: "the gateway refuses the message",
}
_OTHER_WORDS: Final = "other words"
_PASSING: Final = frozenset({ErrorClass.RATE, ErrorClass.TEMPORARY})


def failed(
    error_class: ErrorClass, sign: str, retry_after: float | None = None
) -> Rejected | Deferred:
    """Return the outcome of a failure: deferred if it passes by itself, else rejected.

    `sign` becomes part of the journal: words of ours and the provider's codes, never its text.
    """
    detail = f"{_WORDS[error_class]} ({sign})"
    if error_class in _PASSING:
        return Deferred(error_class, detail, retry_after)
    return Rejected(error_class, detail)


@dataclass(frozen=True, slots=True)
class FailureTable:
    """One family of codes.

    Attributes:
        sign: how the provider says it, with `{}` for the code, as `HTTP 200, statusCode {}`.
        classes: by code, in the order of the reference page.
    """

    sign: str
    classes: Mapping[str, ErrorClass]

    def __contains__(self, code: str) -> bool:
        return code in self.classes

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return them as a gateway declares them."""
        return tuple(Failure(self.sign.format(code), each) for code, each in self.classes.items())

    def outcome(self, code: str, retry_after: float | None = None) -> Rejected | Deferred:
        """Return what a code means; one that is not documented is a refusal without a reason.

        Such a code is repeated only if it is a short number: it might be what we sent.
        """
        if code in self.classes:
            return failed(self.classes[code], self.sign.format(code), retry_after)
        number = code if code.isascii() and code.isdigit() and len(code) <= 5 else "unknown"  # noqa: PLR2004  # shorter than any phone number or code
        return failed(ErrorClass.REJECTED, self.sign.format(number))


@dataclass(frozen=True, slots=True)
class FailureWords:
    """Failures that a provider tells in free text only, known by words in it.

    Attributes:
        sign: how the provider says it, with `{}` for the word, as `HTTP 200, ERROR with "{}"`.
        classes: by word in lower case; the first that is found decides.
    """

    sign: str
    classes: Mapping[str, ErrorClass]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Return them as a gateway declares them, other words last."""
        named = tuple(Failure(self.sign.format(word), each) for word, each in self.classes.items())
        return (*named, Failure(self.sign.format(_OTHER_WORDS), ErrorClass.REJECTED))

    def outcome(self, text: str) -> Rejected | Deferred:
        """Return what a text means; one with none of the words is a refusal without a reason."""
        lowered = text.lower()
        for word, error_class in self.classes.items():
            if word in lowered:
                return failed(error_class, self.sign.format(word))
        return failed(ErrorClass.REJECTED, self.sign.format(_OTHER_WORDS))
