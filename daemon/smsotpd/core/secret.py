# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A string that does not print itself."""

from hmac import compare_digest


class Secret:
    """Hold a string that shows itself only to whoever calls `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the string itself, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        """Compare in constant time; unequal to anything that is no Secret."""
        if not isinstance(other, Secret):
            return NotImplemented
        own, others = self._value, other._value
        # A lone surrogate would end in an exception that holds the text.
        return compare_digest(
            own.encode(errors="surrogatepass"), others.encode(errors="surrogatepass")
        )

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is not serialised")
