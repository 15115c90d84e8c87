# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The few words of smsotpctl that are for users; what it says to administrators is in English."""

import gettext
import os

from smsotpd.core.phrase import in_language, locale_of

_DOMAIN = "pam-smsotp"


def said(text: str) -> str:
    """Return a text in the language of whoever runs this program."""
    languages = [locale_of(os.environ) or "C"]
    return in_language(gettext.translation(_DOMAIN, languages=languages, fallback=True), text)
