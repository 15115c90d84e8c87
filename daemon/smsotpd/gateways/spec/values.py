# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of one configured gateway, secrets included, as a provider reads them."""

from collections.abc import Mapping, Sequence

from smsotpd.core.gateway import GatewayDefinition, SettingDescription

NO = "no"


def family_of(name: str, table: Sequence[SettingDescription], open_family: str) -> str:
    """Return the family a setting's name belongs to, or an empty text for a fixed setting.

    `option.to` belongs to the family `option`; a name that the table does not know belongs to the
    open family, if the gateway has one.
    """
    families = {setting.name for setting in table if setting.kind == "fields"}
    prefix, dot, rest = name.partition(".")
    if dot and rest and prefix in families:
        return prefix
    if any(setting.name == name for setting in table):
        return ""
    return open_family


class Values:
    """Hold settings and secrets by name; the printed form shows neither.

    An empty text counts as not given, as in a form whose field was left empty.
    """

    __slots__ = ("_given", "_open_family", "_table")

    def __init__(
        self,
        table: Sequence[SettingDescription],
        given: Mapping[str, str],
        *,
        open_family: str = "",
    ) -> None:
        self._table = table
        self._given = dict(given)
        self._open_family = open_family

    @classmethod
    def from_definition(
        cls, table: Sequence[SettingDescription], definition: GatewayDefinition, open_family: str
    ) -> "Values":
        """Join a definition's settings and its secrets, in the order they are stored."""
        secrets = {name: secret.reveal() for name, secret in definition.secrets.items()}
        return cls(table, {**definition.settings, **secrets}, open_family=open_family)

    def __repr__(self) -> str:
        return f"Values({len(self._given)} settings)"

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names that are given, as they are spelled."""
        return tuple(self._given)

    def is_given(self, name: str) -> bool:
        """Tell whether the setting exists, be it empty."""
        return name in self._given

    def text(self, name: str) -> str:
        """Return a setting's text, its default if it is missing or empty, or an empty text."""
        given = self._given.get(name, "")
        if given:
            return given
        return next((s.default or "" for s in self._table if s.name == name), "")

    def number(self, name: str) -> float:
        """Return a checked number, as of seconds."""
        return float(self.text(name))

    def is_on(self, name: str) -> bool:
        """Tell whether a yes-no setting holds; only an explicit `no` switches it off."""
        return self.text(name) != NO

    def fields(self, family: str) -> dict[str, str]:
        """Return the members of a family by their own names, prefix removed, in stored order."""
        members: dict[str, str] = {}
        for name, text in self._given.items():
            if family_of(name, self._table, self._open_family) == family:
                members[name.removeprefix(f"{family}.")] = text
        return members
