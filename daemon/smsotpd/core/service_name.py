# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What a service may be called by a program that is not root's."""

import re

from smsotpd.core.errors import BadArgumentError

# As files in /etc/pam.d are called; the longest of Debian's has 25 letters.
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]{0,31}")


def check_service(text: str) -> None:
    """Refuse a service that is called like none.

    The name goes into messages and notifications: whoever could invent any would make each as long
    as it likes, at the operator's cost, and let it say what it likes.

    Raises:
        BadArgumentError: it is longer than 32 letters, or holds other signs than . _ + @ -
    """
    if not _SERVICE.fullmatch(text):
        raise BadArgumentError(
            "service", "must be 1 to 32 letters, digits or signs of . _ + @ -, as in /etc/pam.d"
        )
