# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Where a login comes from, as limits count it."""

import ipaddress

# RFC 6177, 2: whoever has one address has at least as many as these, one for each guess.
_BITS_OF_ONE_NETWORK = 64


def origin_of(rhost: str) -> str:
    """Return the address, the network that its owner is sure to have whole, or the name."""
    try:
        address = ipaddress.ip_address(rhost.partition("%")[0])
    except ValueError:
        return rhost.lower().rstrip(".")
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    network = ipaddress.IPv6Network((address, _BITS_OF_ONE_NETWORK), strict=False)
    return str(network)
