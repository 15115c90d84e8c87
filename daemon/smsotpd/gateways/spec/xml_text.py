# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""XML in short requests and replies: what it can carry, and single values out of any bytes.

A reply is never parsed as a document: entities, depth and size of a hostile one then do not matter.
"""

import re
from typing import Final
from xml.sax.saxutils import unescape

# XML 1.0, 2.2: Char. What is beyond cannot be written, not even as a reference.
_UNFIT: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTES: Final = {"&quot;": '"', "&apos;": "'"}


def is_xml_text(text: str) -> bool:
    """Tell whether XML can carry the text: no control characters, no halves of characters."""
    return not _UNFIT.search(text)


def element(text: str, name: str) -> str:
    """Return the text of the first element of that name, empty if there is none of plain text."""
    found = re.search(rf"<{re.escape(name)}>([^<]{{0,1000}})</{re.escape(name)}>", text)
    return unescape(found[1].strip(), _QUOTES) if found else ""


def struct_member(text: str, name: str) -> str:
    """Return a plain value of an XML-RPC struct by its member's name, empty if there is none."""
    found = re.search(
        rf"<name>\s{{0,99}}{re.escape(name)}\s{{0,99}}</name>\s{{0,99}}<value>\s{{0,99}}"
        r"(?:<(?:int|i4|double|string)>)?([^<]{0,1000})</",
        text,
    )
    return unescape(found[1].strip(), _QUOTES) if found else ""
