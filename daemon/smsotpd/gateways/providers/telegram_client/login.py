# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The steps of a login at Telegram, each a connection of its own with the session of the last.

The key in a session is what Telegram knows the login by, so nothing needs to stay connected while
people look for their phone.
"""

import base64
from dataclasses import replace
from typing import Any, Final

from telethon import functions, types
from telethon.password import compute_check

from smsotpd.core.outcome import Deferred
from smsotpd.core.text import printable
from smsotpd.gateways.providers.telegram_client.account import facts_of
from smsotpd.gateways.providers.telegram_client.client import Client, Do, Server, run
from smsotpd.gateways.providers.telegram_client.failures import outcome_of, sign_of
from smsotpd.gateways.providers.telegram_client.progress import Progress, Stage
from smsotpd.gateways.spec import Values

_PASSWORD_NEEDED: Final = "401 SESSION_PASSWORD_NEEDED"  # noqa: S105  # a word of Telegram's
_MISTYPED: Final = ("400 PHONE_CODE_INVALID", "400 PHONE_CODE_EMPTY", "400 PASSWORD_HASH_INVALID")
_DETAILS: Final = {
    "400 PHONE_NUMBER_INVALID": "Telegram knows no such number",
    "400 PHONE_NUMBER_BANNED": "Telegram has banned the number",
    "400 PHONE_NUMBER_UNOCCUPIED": "the number has no Telegram account",
    "400 PHONE_PASSWORD_FLOOD": "too many logins were tried with the number; try again tomorrow",
    "400 PHONE_CODE_EXPIRED": "the code has expired; begin again",
    "400 API_ID_INVALID": "api_id and api_hash do not belong together",
    "406 UPDATE_APP_TO_LOGIN": "Telegram asks for a newer version of the library Telethon",
}
_LONGEST_HINT: Final = 64
_NO_ACCOUNT: Final = Progress(Stage.FAILED, detail=_DETAILS["400 PHONE_NUMBER_UNOCCUPIED"])
_UNREADABLE: Final = Progress(Stage.FAILED, detail="Telegram's answer is of an unknown kind")


def who(values: Values, session: str, seconds: float) -> Progress:
    """Tell whose session it is."""

    async def ask(client: Client) -> Progress:
        (me,) = await client(functions.users.GetUsersRequest([types.InputUserSelf()]))
        return Progress(Stage.LINKED, facts=facts_of(me))

    return _step(values, session, seconds, ask)


def scan(values: Values, session: str, seconds: float) -> Progress:
    """Get what the QR code has to hold, or learn that the phone has scanned it."""
    api_id, api_hash = int(values.text("api_id")), values.text("api_hash")
    moves: list[tuple[Server, bytes]] = []

    async def ask(client: Client) -> Progress:
        token = await client(functions.auth.ExportLoginTokenRequest(api_id, api_hash, []))
        if isinstance(token, types.auth.LoginTokenMigrateTo):
            moves.append((await _server(client, token.dc_id), token.token))
        return _of_token(token)

    progress = _step(values, session, seconds / 2, ask)
    if not moves:
        return progress
    server, token = moves[0]

    async def ask_there(client: Client) -> Progress:
        return _of_token(await client(functions.auth.ImportLoginTokenRequest(token)))

    return _step(values, "", seconds / 2, ask_there, server)


def send_code(values: Values, phone: str, seconds: float) -> Progress:
    """Let Telegram send a code, to the account's other devices or by SMS."""
    api_id, api_hash = int(values.text("api_id")), values.text("api_hash")

    async def ask(client: Client) -> Progress:
        settings = types.CodeSettings()
        sent = await client(functions.auth.SendCodeRequest(phone, api_id, api_hash, settings))
        code_hash = getattr(sent, "phone_code_hash", "")
        return Progress(Stage.CODE, code_hash=code_hash) if code_hash else _UNREADABLE

    return _step(values, "", seconds, ask)


def give_code(values: Values, sent: Progress, phone: str, code: str, seconds: float) -> Progress:
    """Log in with the code that Telegram sent."""

    async def ask(client: Client) -> Progress:
        found = await client(functions.auth.SignInRequest(phone, sent.code_hash, code))
        return _of_authorization(found)

    return _step(values, sent.session, seconds, ask)


def give_password(values: Values, session: str, password: str, seconds: float) -> Progress:
    """Log in with the password of two-step verification, which does not leave this host (SRP)."""

    async def ask(client: Client) -> Progress:
        challenge = await client(functions.account.GetPasswordRequest())
        proof = compute_check(challenge, password)
        return _of_authorization(await client(functions.auth.CheckPasswordRequest(proof)))

    return _step(values, session, seconds, ask)


def _step(
    values: Values, session: str, seconds: float, do: Do[Progress], server: Server | None = None
) -> Progress:
    async def attempt(client: Client) -> Progress:
        try:
            return await do(client)
        except Exception as error:  # noqa: BLE001  # some of Telethon's are bare exceptions
            if sign_of(error) != _PASSWORD_NEEDED:
                return _of_error(error)
            challenge = await client(functions.account.GetPasswordRequest())
            hint = challenge.hint if isinstance(challenge.hint, str) else ""
            return Progress(Stage.PASSWORD, hint=printable(hint)[:_LONGEST_HINT])

    try:
        progress, kept = run(values, session, seconds, attempt, server=server, tries=2)
    except Exception as error:  # noqa: BLE001  # as above
        return _of_error(error)
    return replace(progress, session=kept)


def _of_token(token: Any) -> Progress:
    match token:
        case types.auth.LoginTokenSuccess():
            return _of_authorization(token.authorization)
        case types.auth.LoginToken():
            text = base64.urlsafe_b64encode(token.token).decode("ascii").rstrip("=")
            return Progress(Stage.SCAN, link=f"tg://login?token={text}")
        case _:
            return _UNREADABLE


def _of_authorization(authorization: Any) -> Progress:
    if not isinstance(authorization, types.auth.Authorization):
        return _NO_ACCOUNT
    return Progress(Stage.LINKED, facts=facts_of(authorization.user))


def _of_error(error: Exception) -> Progress:
    sign = sign_of(error)
    if sign in _MISTYPED:
        return Progress(Stage.MISTYPED)
    if sign in _DETAILS:
        return Progress(Stage.FAILED, detail=_DETAILS[sign])
    outcome = outcome_of(error, handed_over=False)
    detail = getattr(outcome, "detail", "")
    if isinstance(outcome, Deferred) and outcome.retry_after:
        detail = f"{detail}; try again in {outcome.retry_after:.0f} seconds"
    return Progress(Stage.FAILED, detail=detail)


async def _server(client: Client, dc_id: int) -> Server:
    """Return where a data centre is.

    Raises:
        LookupError: Telegram does not say.
    """
    config = await client(functions.help.GetConfigRequest())
    for option in config.dc_options:
        if option.id == dc_id and not (option.ipv6 or option.media_only or option.cdn):
            return Server(dc_id, option.ip_address, option.port)
    raise LookupError(dc_id)
