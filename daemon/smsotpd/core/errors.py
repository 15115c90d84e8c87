# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, one class per remedy.

SmsOtpError
├── NotAuthorizedError        the caller may not do this
├── BadArgumentError          a value given by the caller is malformed
├── NoSuchTransactionError    the transaction is unknown, over, or somebody else's
├── BusyError                 too much is going on; try again
├── NotFoundError             no such user, gateway or enrolment
├── ExistsError               the name is taken
├── RefusedError              understood, and not allowed as things stand
├── UnavailableError          the daemon cannot do it now; nothing was changed
└── ConfigurationError        a file of the administrator's is wrong
    └── ConfigurationMistakesError   the same, in several places
"""


class SmsOtpError(Exception):
    """Root of all errors of the domain; its text may be shown to the caller."""


class NotAuthorizedError(SmsOtpError):
    """The caller may not do this."""


class BadArgumentError(SmsOtpError):
    """A value given by the caller is malformed; the text never repeats the value.

    Attributes:
        told: the same as a sentence for the person who was asked for it, to be translated; empty
            where no login asks for such a value.
    """

    def __init__(self, name: str, complaint: str, told: str = "") -> None:
        super().__init__(f"{name} {complaint}")
        self.told = told
        self.name = name
        self.complaint = complaint


class NoSuchTransactionError(SmsOtpError):
    """No live transaction of this connection has that name."""

    def __init__(self) -> None:
        super().__init__("no such transaction, or it is over")


class BusyError(SmsOtpError):
    """Too many transactions are open."""


class NotFoundError(SmsOtpError):
    """No such user, gateway or enrolment."""


class ExistsError(SmsOtpError):
    """The name is taken."""


class RefusedError(SmsOtpError):
    """The request is understood and not allowed as things stand."""


class UnavailableError(SmsOtpError):
    """The daemon cannot do it now; nothing was changed."""


class ConfigurationError(SmsOtpError):
    """A file of the administrator's is wrong.

    Attributes:
        path: of the file.
        key: dotted, as `policy.sshd.factors`; empty if the file as a whole is meant.
        line: 1-based, 0 if unknown.
        complaint: what is wrong, without file, key and line.
    """

    def __init__(self, path: str, complaint: str, *, key: str = "", line: int = 0) -> None:
        where = f"{path}:{line}" if line else path
        what = f"{key}: {complaint}" if key else complaint
        super().__init__(f"{where}: {what}")
        self.path = path
        self.key = key
        self.line = line
        self.complaint = complaint

    @property
    def each(self) -> "tuple[ConfigurationError, ...]":
        """Return every mistake that was found, in the order of the files."""
        return (self,)


class ConfigurationMistakesError(ConfigurationError):
    """Several mistakes are in the administrator's files; the attributes are those of the first.

    Its text has a line for each.
    """

    def __init__(self, each: "tuple[ConfigurationError, ...]") -> None:
        first = each[0]
        super().__init__(first.path, first.complaint, key=first.key, line=first.line)
        self._each = each

    def __str__(self) -> str:
        """Return a line for each mistake."""
        return "\n".join(str(mistake) for mistake in self._each)

    @property
    def each(self) -> "tuple[ConfigurationError, ...]":
        """Return every mistake that was found, in the order of the files."""
        return self._each


def sentences(error: SmsOtpError) -> list[str]:
    """Return the text of an error; of several mistakes in files one each."""
    if isinstance(error, ConfigurationError):
        return [str(each) for each in error.each]
    return [str(error)]
