# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Log a user's account in, as one of its devices: by QR code, or by number and code."""

from collections.abc import Callable, Generator
from functools import partial
from typing import Final, Protocol

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.recipient import parse_phone
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.providers.telegram_client.progress import Progress, Stage
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.pairing import (
    Ask,
    Keep,
    Pairing,
    PairingAnswer,
    PairingStep,
    Pause,
    Show,
    ShowCode,
    asked,
    worked,
)

KEEP: Final = "keep this account"
ANOTHER: Final = "link another account"
BY_QR: Final = "scan a QR code"
BY_CODE: Final = "type a code"

_TRIES: Final = 3
# Three minutes: a QR code lives for 30 seconds, and is then replaced.
_LOOKS: Final = 60
_BETWEEN_LOOKS: Final = 3.0
_SCAN: Final = "In Telegram on the phone: Settings, Devices, Link Desktop Device"
_TIRED: Final = Progress(Stage.FAILED, detail="mistyped three times; pair the gateway again")

_Steps = Generator[PairingStep, PairingAnswer, Progress]
_Try = Callable[[str, float], Progress]


def pair(values: Values) -> Pairing:
    """Lead to a session: the one there is, or a new login."""
    if (yield from _is_to_stay(values)):
        return Report(Condition.READY, "the account stays linked")
    how = Ask("How shall the account be linked?", choices=(BY_QR, BY_CODE))
    by_code = (yield from asked(how)) == BY_CODE
    progress = yield from (_by_code(values) if by_code else _by_qr(values))
    if progress.stage is Stage.PASSWORD:
        progress = yield from _by_password(values, progress)
    if progress.stage is not Stage.LINKED:
        return Report(Condition.DOWN, progress.detail or "no account was linked")
    yield Keep("session", Secret(progress.session))
    return Report(Condition.READY, "the account is linked", progress.facts)


def _is_to_stay(values: Values) -> Generator[PairingStep, PairingAnswer, bool]:
    session = values.text("session")
    if not session:
        return False
    progress = yield from worked(lambda seconds: _login().who(values, session, seconds))
    if progress.stage is not Stage.LINKED:
        return False
    shown = ", ".join(text for _, text in progress.facts)
    question = Ask(f"An account is linked ({shown})", choices=(KEEP, ANOTHER))
    return (yield from asked(question)) != ANOTHER


def _by_qr(values: Values) -> _Steps:
    progress = Progress(Stage.SCAN)
    for _ in range(_LOOKS):
        shown = progress
        progress = yield from worked(partial(_scan, values, shown.session))
        if progress.stage is not Stage.SCAN:
            return progress
        if progress.link != shown.link:
            yield ShowCode(_SCAN, progress.link, is_qr=True)
        yield Pause(_BETWEEN_LOOKS)
    return Progress(Stage.FAILED, detail="nobody scanned the code; pair the gateway again")


def _scan(values: Values, session: str, seconds: float) -> Progress:
    return _login().scan(values, session, seconds)


def _by_code(values: Values) -> _Steps:
    phone = yield from _number()
    if not phone:
        return _TIRED
    sent = yield from worked(lambda seconds: _login().send_code(values, phone, seconds))
    if sent.stage is not Stage.CODE:
        return sent
    yield Show("Telegram sends a code: to the account's other devices, or else by SMS.")
    return (
        yield from _tried(
            Ask("Code"),
            lambda code, seconds: _login().give_code(values, sent, phone, code.strip(), seconds),
        )
    )


def _number() -> Generator[PairingStep, PairingAnswer, str]:
    """Return a number in E.164, empty if none was typed."""
    for _ in range(_TRIES):
        typed = yield from asked(Ask("Number of the account, with + and country code"))
        try:
            return parse_phone(typed).address
        except BadArgumentError as error:
            yield Show(f"The number {error.complaint}.")
    return ""


def _by_password(values: Values, reached: Progress) -> _Steps:
    hint = f" (hint: {reached.hint})" if reached.hint else ""
    question = Ask(f"Password of the account's two-step verification{hint}", is_secret=True)
    return (
        yield from _tried(
            question,
            lambda typed, seconds: _login().give_password(values, reached.session, typed, seconds),
        )
    )


def _tried(question: Ask, attempt: _Try) -> _Steps:
    for _ in range(_TRIES):
        typed = yield from asked(question)
        progress = yield from worked(partial(attempt, typed))
        if progress.stage is not Stage.MISTYPED:
            return progress
        yield Show("That was wrong.")
    return _TIRED


def _login() -> "_Login":
    """Return the steps of a login: called in the gateway's thread, where Telethon is loaded."""
    from smsotpd.gateways.providers.telegram_client import login  # noqa: PLC0415  # see above

    return login


class _Login(Protocol):
    """What `login` offers; each step takes the seconds that it may last."""

    def who(self, values: Values, session: str, seconds: float) -> Progress: ...

    def scan(self, values: Values, session: str, seconds: float) -> Progress: ...

    def send_code(self, values: Values, phone: str, seconds: float) -> Progress: ...

    def give_code(
        self, values: Values, sent: Progress, phone: str, code: str, seconds: float
    ) -> Progress: ...

    def give_password(
        self, values: Values, session: str, password: str, seconds: float
    ) -> Progress: ...
