# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Commands that need an address, none of which takes it as an argument.

Every user of the machine can read the arguments of a program, and shells remember them.
"""

import re

import click

from smsotpd.cli.errors import WrongInputError

_LIKELY_OPTIONS = frozenset({"--phone", "--number", "--address", "--to", "--recipient"})
_LIKELY_ADDRESS = re.compile(r"\+?[\d ()./-]{5,}|[^@\s]*@[^@\s]+")


class AddressCommand(click.Command):
    """A command that says where an address belongs, without repeating it, if it is given one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments, of which none is an address.

        Raises:
            WrongInputError: one is.
        """
        given = tuple(args)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if error.option_name not in _LIKELY_OPTIONS:
                raise
        except click.UsageError as error:
            # One too many; whatever else is wrong with a command line is told without its values.
            if type(error) is not click.UsageError or not any(map(_is_likely_address, given)):
                raise
        raise WrongInputError(
            "an address never stands among the arguments, where every user of this machine can "
            "read it",
            remedy=f"leave it out, and it is asked for; scripts give it by {self._option} FD",
        )

    @property
    def _option(self) -> str:
        """Return the option by which an address may be given."""
        return next(each.opts[0] for each in self.params if each.name in {"address_fd", "to_fd"})


def _is_likely_address(argument: str) -> bool:
    return _LIKELY_ADDRESS.fullmatch(argument) is not None
