# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A provider's reply as data, decoded and bounded."""

import codecs
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message as HeaderParser

# Codecs of Python that are no charsets, or costly on hostile bytes, are never looked up.
_CHARSET = re.compile(
    r"utf-8|utf-16(-le|-be)?|ascii|iso8859-\d+|cp125\d|koi8-r|gb2312|gbk|big5|shift_jis|euc_[jk][pr]"
)


@dataclass(frozen=True, slots=True)
class Response:
    """The reply to one request; text and headers are not printed.

    Attributes:
        headers: by lower-case name.
        text: the body, decoded; at most as long as the sender reads.
        complete: whether `text` is the whole body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = field(default="", repr=False)
    complete: bool = True

    def header(self, name: str) -> str:
        """Return a header's text, empty if there is none."""
        return self.headers.get(name.lower(), "")


def decode(body: bytes, content_type: str) -> str:
    """Decode a body by the charset it declares, else as UTF-8, else as Latin-1; never fails."""
    for charset in (_declared_charset(content_type), "utf-8"):
        if charset:
            try:
                return body.decode(charset).removeprefix("\ufeff")
            except UnicodeDecodeError:
                continue
    return body.decode("latin-1")


def decompress(body: bytes, content_encoding: str, limit: int) -> tuple[bytes, bool]:
    """Undo a compression that was not asked for, to `limit` bytes at most.

    Returns:
        The bytes, and whether they are all there is.
    """
    if content_encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body, True
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: gzip or zlib, by its header
    try:
        plain = inflater.decompress(body, limit)
    except zlib.error:
        return b"", False
    return plain, inflater.eof


def _declared_charset(content_type: str) -> str:
    parser = HeaderParser()
    parser["Content-Type"] = content_type
    declared = parser.get_content_charset() or ""
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return ""
    return name if _CHARSET.fullmatch(name) else ""
