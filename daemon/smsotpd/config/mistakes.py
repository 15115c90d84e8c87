# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Go on behind a mistake in the administrator's files, and tell all of them in the end."""

from collections.abc import Iterator
from contextlib import contextmanager

from smsotpd.core.errors import ConfigurationError, ConfigurationMistakesError


class Mistakes:
    """The mistakes that were found so far."""

    def __init__(self) -> None:
        self._found: dict[str, ConfigurationError] = {}

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._found)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Keep the mistakes of what is done inside; the same one found twice counts once."""
        try:
            yield
        except ConfigurationError as error:
            self._found |= {str(each): each for each in error.each}

    def tell(self) -> None:
        """Raise what was found, if anything was.

        Raises:
            ConfigurationError: one mistake, or all of them.
        """
        found = tuple(self._found.values())
        if len(found) == 1:
            raise found[0]
        if found:
            raise ConfigurationMistakesError(found)
