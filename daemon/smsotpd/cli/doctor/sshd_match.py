# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Find the Match blocks of sshd's configuration, and a connection that each is about.

See sshd_config(5): Include, Match, PATTERNS.
"""

import ipaddress
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from smsotpd.cli.host import Host

_MAIN: Final = "etc/ssh/sshd_config"
_DEEPEST: Final = 16  # as sshd's own limit of Include
_LINE: Final = re.compile(r'\s*"?(\w+)"?\s*=?\s*(.*)')
_ALONE: Final = frozenset({"all", "invalid-user"})
_ADDRESS: Final = "192.0.2.1"
_NAMES: Final = {
    "user": "user", "host": "host", "address": "addr", "localaddress": "laddr",
    "localport": "lport", "rdomain": "rdomain",
}  # fmt: skip
_ADDRESSES: Final = frozenset({"address", "localaddress"})


@dataclass(frozen=True, slots=True)
class Special:
    """One kind of connection, as a Match block tells it from others.

    Attributes:
        where: the line of the block.
        options: for `sshd -T -C`.
    """

    where: str
    options: str


def special_connections(host: Host) -> list[Special]:
    """Return a connection for each Match block that may be about somebody."""
    found = []
    for path, number, words in _lines(host, host.places.root / _MAIN):
        if words[0].lower() == "match":
            options = _connection(host, _criteria(words[1:]))
            if options:
                where = f"/{path.relative_to(host.places.root)}:{number}"
                found.append(Special(where, options))
    return found


def _lines(host: Host, path: Path, depth: int = 0) -> Iterator[tuple[Path, int, list[str]]]:
    """Yield file, number and words of each line, those of included files in their place."""
    if depth > _DEEPEST or not path.is_file():
        return
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1):
        words = _words(line)
        if not words:
            continue
        if words[0].lower() != "include":
            yield path, number, words
            continue
        for pattern in words[1:]:
            whole = pattern.lstrip("/") if pattern.startswith("/") else f"etc/ssh/{pattern}"
            for each in sorted(host.places.root.glob(whole)):
                # A star of glob(3) stands for no dot at the beginning; pathlib's does.
                if not each.name.startswith(".") or whole.rpartition("/")[2].startswith("."):
                    yield from _lines(host, each, depth + 1)


def _words(line: str) -> list[str]:
    found = _LINE.match(line)
    if not found:
        return []
    try:
        return [found[1], *shlex.split(found[2], comments=True)]
    except ValueError:  # an open quotation, which sshd itself complains about
        return [found[1], *found[2].split()]


def _criteria(words: Sequence[str]) -> dict[str, str]:
    """Return the patterns by their criteria; each pair is two words, or one with an equals sign."""
    found = {}
    left = list(words)
    while left:
        name, _, pattern = left.pop(0).partition("=")
        name = name.lower()
        if name in _ALONE:
            found[name] = ""
        elif pattern or left:
            found[name] = pattern or left.pop(0)
    return found


def _connection(host: Host, criteria: dict[str, str]) -> str:
    """Return a connection that the criteria are about; empty for all, or if there is none."""
    if criteria.keys() <= _ALONE:
        return ""
    values = {"user": "root", "host": "localhost", "addr": _ADDRESS}
    for criterion, text in criteria.items():
        patterns = text.split(",")
        if criterion == "group":
            member = _member(host, patterns, criteria.get("user", "*").split(","))
            if not member:
                return ""
            values["user"] = member
        elif criterion in _ADDRESSES:
            values[_NAMES[criterion]] = _address(patterns)
        elif criterion in _NAMES and not (criterion == "user" and "group" in criteria):
            first = next((each for each in patterns if not each.startswith("!")), "*")
            values[_NAMES[criterion]] = first.replace("*", "x").replace("?", "x")
    return ",".join(f"{name}={value}" for name, value in values.items())


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """Tell whether a name is meant by a list of patterns, in which “!” excludes."""
    excluded = [each[1:] for each in patterns if each.startswith("!")]
    if any(fnmatchcase(name, each) for each in excluded):
        return False
    return any(fnmatchcase(name, each) for each in patterns if not each.startswith("!"))


def _member(host: Host, groups: Sequence[str], users: Sequence[str]) -> str:
    """Return a user who is meant, of a group that is meant; empty if there is none."""
    accounts = [line.split(":") for line in host.run("getent", "passwd").output.splitlines()]
    for line in host.run("getent", "group").output.splitlines():
        name, _, number, members = (*line.split(":"), "", "", "")[:4]
        if _matches(name, groups):
            own = [fields[0] for fields in accounts if fields[3:4] == [number]]
            for user in (*filter(None, members.split(",")), *own):
                if _matches(user, users):
                    return user
    return ""


def _address(patterns: Sequence[str]) -> str:
    """Return an address that is meant and not excluded, if one of a few is."""
    excluded = [
        found for each in patterns if each.startswith("!") and (found := _network(each[1:]))
    ]
    for pattern in patterns:
        network = None if pattern.startswith("!") or pattern == "*" else _network(pattern)
        if network is None:
            continue
        size = network.num_addresses
        for index in (1, size - 2, size // 2, 0):
            address = network[max(0, min(index, size - 1))]
            if not any(address.version == net.version and address in net for net in excluded):
                return str(address)
    return _ADDRESS


def _network(pattern: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return the network of a pattern; of one with stars, a few of its addresses."""
    for star in ("1", "1.1", "1.1.1", "::1"):
        try:
            return ipaddress.ip_network(pattern.replace("*", star).replace("?", "1"), strict=False)
        except ValueError:
            continue
    return None
