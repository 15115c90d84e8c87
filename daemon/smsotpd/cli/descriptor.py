# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Options that name the file descriptor from which something is read."""

import re

import click

_DESCRIPTOR = re.compile(r"\d{1,6}", re.ASCII)


class Descriptor(click.ParamType):
    """The number of a file descriptor; a text for errors never repeats what is none.

    Somebody may have given there what should be read from it.
    """

    name = "FD"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the number."""
        if _DESCRIPTOR.fullmatch(str(value)) is None:
            self.fail("must be the number of an open file descriptor", param, ctx)
        return int(str(value))
