# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A program of root's own that sends: privacyIDEA's script provider, its accidents mended.

Every mend, and why, stands in docs/gateways/script.md.
"""

import re
from functools import partial
from pathlib import Path
from typing import Final

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import SettingDescription
from smsotpd.core.message import Message
from smsotpd.core.outcome import ErrorClass, Outcome, Rejected
from smsotpd.gateways.providers.script.program import Programs, UnsafeProgramError
from smsotpd.gateways.providers.script.run import PROTOCOL, STATUSES, run
from smsotpd.gateways.spec import Direct, Evidence, Failure, Gateway, Values
from smsotpd.gateways.spec.number import REGEXP, parse_rewriting, rewritten

DIRECTORY: Final = "/etc/smsotp/scripts"

# Never an option: it does not begin with a hyphen.
_ARGUMENT: Final = re.compile(r"[+0-9A-Za-z][0-9A-Za-z@._:+ -]{0,99}", re.ASCII)


def _deliver(programs: Programs, values: Values, message: Message, seconds: float) -> Outcome:
    number = rewritten(values, message.recipient.address)
    if not _ARGUMENT.fullmatch(number):
        return Rejected(ErrorClass.RECIPIENT, "REGEXP leaves what is no number")
    if any("\ud800" <= char <= "\udfff" for char in message.text):
        return Rejected(ErrorClass.CONTENT, "the text holds halves of characters")
    try:
        program = programs.find(values.text("script"))
    except UnsafeProgramError as error:
        return Rejected(ErrorClass.REJECTED, f"script {error}")
    return run(program, number, message.text, min(seconds, values.number("TIMEOUT")))


def _check(programs: Programs, values: Values) -> None:
    parse_rewriting(values.text("REGEXP"))
    try:
        programs.find(values.text("script"))
    except UnsafeProgramError as error:
        raise BadArgumentError("script", str(error)) from error


def gateway(programs: Programs) -> Gateway:
    """Return the gateway type over the programs of a directory."""
    return Gateway(
        id="script",
        title="A program on this host",
        link="https://privacyidea.readthedocs.io/en/latest/configuration/sms_gateway_config.html",
        settings=(
            SettingDescription(
                "script",
                "Name of the program",
                f"A file in {DIRECTORY}, root's and writable by nobody else; it gets the number as "
                "its argument, which other users of this host can see, and the message on its "
                "input. Its exit status tells what became of it.",
                required=True,
            ),
            SettingDescription(
                "TIMEOUT",
                "Timeout",
                "Seconds after which it is killed, with what it started.",
                kind="seconds",
                default="10",
            ),
            REGEXP,
        ),
        transport=Direct(partial(_deliver, programs)),
        check=partial(_check, programs),
        failures=(*STATUSES.failures, Failure(f"exit status {PROTOCOL}", ErrorClass.AMBIGUOUS)),
        evidence=Evidence(verified="real programs, in the sandbox of the daemon's unit"),
    )


GATEWAY: Final = gateway(Programs(Path(DIRECTORY)))
