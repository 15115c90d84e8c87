# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Give an account inside a machine what lets it in without a message."""

import json
from datetime import datetime

import pyotp

from tests.system.accounts import Account


def ask(account: Account, *words: str, typed: str = "") -> dict[str, object]:
    """Run `smsotpctl user … --json`."""
    command = ["smsotpctl", "--json", "user", *words]
    answer: dict[str, object] = json.loads(account.machine.run(command, input=typed).stdout)
    return answer


def add_app(account: Account, digits: int = 6) -> pyotp.TOTP:
    """Set an app up for an account, from the URI that stands in the QR code."""
    words = ("authenticator", "add", account.name, "--digits", str(digits))
    offer = ask(account, *words, "--confirm-later")
    app = pyotp.parse_uri(str(offer["uri"]))
    assert isinstance(app, pyotp.TOTP)
    confirm = ["smsotpctl", "user", "authenticator", "confirm", str(offer["authenticator"])]
    account.machine.run([*confirm, "--code-stdin"], input=f"{app.now()}\n")
    return app


def next_code(app: pyotp.TOTP) -> str:
    """Return a code that is accepted now and was not used to confirm the app."""
    return app.at(datetime.now().astimezone(), 1)
