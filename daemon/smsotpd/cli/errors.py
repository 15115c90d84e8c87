# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a command can fail with: a text for people, what to do about it, and an exit code."""

from smsotpd.cli.exit import Exit


class CliError(Exception):
    """A command failed in a way that was foreseen.

    Attributes:
        text: what is wrong, one sentence without full stop.
        remedy: what to do about it; may be empty.
        exit_code: for the shell.
    """

    def __init__(self, text: str, *, remedy: str = "", exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy
        self.exit_code = exit_code


class RefusalError(CliError):
    """It could be done and must not be, as things stand."""

    def __init__(self, text: str, *, remedy: str = "") -> None:
        super().__init__(text, remedy=remedy, exit_code=Exit.REFUSED)


class WrongInputError(CliError):
    """A value given on the command line, on standard input or in answer to a question is wrong."""

    def __init__(self, text: str, *, remedy: str = "") -> None:
        super().__init__(text, remedy=remedy, exit_code=Exit.USAGE)
