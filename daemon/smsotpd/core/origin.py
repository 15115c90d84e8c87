# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Where a login comes from, as limits count it."""

import ipaddress

# RFC 6177, 2: whoever has one address has at least as many as these, one for each guess.
_BITS_OF_ONE_NETWORK = 64

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_of(rhost: str) -> Address | None:
    """Return the address that a remote host is named by; None for a name, and for a local login.

    A name proves nothing: who owns an address says what it is called. IPv4 that is written as IPv6
    (RFC 4291, 2.5.5.2) is IPv4 again, as a daemon that listens on both meets it.
    """
    try:
        address = ipaddress.ip_address(rhost.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def origin_of(rhost: str) -> str:
    """Return the address, the network that its owner is sure to have whole, or the name."""
    address = address_of(rhost)
    if address is None:
        return rhost.lower().rstrip(".")
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    network = ipaddress.IPv6Network((address, _BITS_OF_ONE_NETWORK), strict=False)
    return str(network)
