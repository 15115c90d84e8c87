# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What Telegram knows and answers: accounts, logins, people, messages."""

import inspect
import os
import re
import struct
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from telethon import types

from tests.fakes.mtproto.line import Key
from tests.fakes.mtproto.password import Verifier
from tests.fakes.mtproto.world import API_HASH, API_ID, CODE, Person, RpcError, World

_VECTOR: Final = 0x1CB5C415
_LONGEST_TEXT: Final = 4096
_BEFORE_LOGIN: Final = frozenset(
    {
        "ExportLoginToken",
        "ImportLoginToken",
        "SendCode",
        "SignIn",
        "GetPassword",
        "CheckPassword",
        "GetConfig",
    }
)


class Telegram:
    """Answer calls, and remember in the world what came of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._half_logged_in: set[bytes] = set()
        self._verifier: Verifier | None = None
        self._code_hash = ""
        self._random_ids: set[int] = set()

    def answer(self, call: Any, key: Key, api_id: int, dc: int) -> bytes:
        """Answer a call made with a key at a data centre."""
        name = type(call).__name__.removesuffix("Request")
        self._world.calls.append(name)
        if name in self._world.failing:
            raise self._world.failing[name]
        if api_id != API_ID:
            raise RpcError(400, "API_ID_INVALID")
        handle = getattr(self, f"_{_snake(name)}", None)
        if handle is None:
            raise RpcError(400, "METHOD_INVALID")
        if name not in _BEFORE_LOGIN and key.secret not in self._world.logged_in:
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")
        return bytes(handle(call, key.secret, dc))

    # Logins.

    def _export_login_token(self, call: Any, key: bytes, dc: int) -> Any:
        self._check_application(call)
        mine = [token for token, owner in self._world.tokens.items() if owner == key]
        if key in self._world.logged_in:
            return types.auth.LoginTokenSuccess(self._authorization())
        if mine and mine[-1] in self._world.scanned:
            if dc != self._world.home_dc:
                return types.auth.LoginTokenMigrateTo(self._world.home_dc, mine[-1])
            return types.auth.LoginTokenSuccess(self._log_in(key))
        token = mine[-1] if mine else os.urandom(32)
        self._world.tokens[token] = key
        return types.auth.LoginToken(_now() + timedelta(seconds=30), token)

    def _import_login_token(self, call: Any, key: bytes, dc: int) -> Any:
        if call.token not in self._world.scanned or dc != self._world.home_dc:
            raise RpcError(400, "AUTH_TOKEN_INVALID")
        return types.auth.LoginTokenSuccess(self._log_in(key))

    def _send_code(self, call: Any, _key: bytes, dc: int) -> Any:
        self._check_application(call)
        digits = call.phone_number.lstrip("+")
        if not re.fullmatch(r"[0-9]{7,15}", digits):
            raise RpcError(400, "PHONE_NUMBER_INVALID")
        if dc != self._world.home_dc:
            raise RpcError(303, f"PHONE_MIGRATE_{self._world.home_dc}")
        self._code_hash = os.urandom(9).hex()
        return types.auth.SentCode(types.auth.SentCodeTypeApp(len(CODE)), self._code_hash)

    def _sign_in(self, call: Any, key: bytes, _dc: int) -> Any:
        if call.phone_code_hash != self._code_hash:
            raise RpcError(400, "PHONE_CODE_EXPIRED")
        if call.phone_code != CODE:
            raise RpcError(400, "PHONE_CODE_INVALID")
        if call.phone_number.lstrip("+") != self._world.account.phone:
            return types.auth.AuthorizationSignUpRequired()
        return self._log_in(key)

    def _get_password(self, _call: Any, key: bytes, _dc: int) -> Any:
        if not self._world.password or key not in self._half_logged_in | self._world.logged_in:
            raise RpcError(401, "AUTH_KEY_UNREGISTERED")
        self._verifier = Verifier(self._world.password, self._world.hint)
        return self._verifier.challenge()

    def _check_password(self, call: Any, key: bytes, _dc: int) -> Any:
        if self._verifier is None or not self._verifier.accepts(call.password):
            raise RpcError(400, "PASSWORD_HASH_INVALID")
        self._world.logged_in.add(key)
        return self._authorization()

    def _log_in(self, key: bytes) -> Any:
        if self._world.password:
            self._half_logged_in.add(key)
            raise RpcError(401, "SESSION_PASSWORD_NEEDED")
        self._world.logged_in.add(key)
        return self._authorization()

    def _authorization(self) -> Any:
        return types.auth.Authorization(user=_user(self._world.account))

    @staticmethod
    def _check_application(call: Any) -> None:
        if (call.api_id, call.api_hash) != (API_ID, API_HASH):
            raise RpcError(400, "API_ID_INVALID")

    # The account.

    def _get_config(self, _call: Any, _key: bytes, dc: int) -> Any:
        options = [
            types.DcOption(each, "127.0.0.1", port) for each, port in self._world.dc_ports.items()
        ]
        known = {"date": _now(), "expires": _now(), "this_dc": dc, "dc_options": options}
        return _filled(types.Config, **known)

    def _get_users(self, call: Any, _key: bytes, _dc: int) -> bytes:
        if [type(each) for each in call.id] != [types.InputUserSelf]:
            raise RpcError(400, "USER_ID_INVALID")
        return struct.pack("<Ii", _VECTOR, 1) + bytes(_user(self._world.account))

    def _get_state(self, _call: Any, _key: bytes, _dc: int) -> Any:
        return types.updates.State(1, 0, _now(), 1, 0)

    def _get_difference(self, _call: Any, _key: bytes, _dc: int) -> Any:
        return types.updates.DifferenceEmpty(_now(), 1)

    # People and messages.

    def _resolve_phone(self, call: Any, _key: bytes, _dc: int) -> Any:
        if not re.fullmatch(r"[0-9]{7,15}", call.phone):
            raise RpcError(400, "PHONE_NUMBER_INVALID")
        return self._resolved(
            [each for each in self._world.people if each.phone == call.phone], "PHONE_NOT_OCCUPIED"
        )

    def _resolve_username(self, call: Any, _key: bytes, _dc: int) -> Any:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{3,31}", call.username):
            raise RpcError(400, "USERNAME_INVALID")
        if call.username in self._world.channels:
            return types.contacts.ResolvedPeer(types.PeerChannel(5), [], [])
        return self._resolved(
            [each for each in self._world.people if each.username == call.username],
            "USERNAME_NOT_OCCUPIED",
        )

    @staticmethod
    def _resolved(found: list[Person], otherwise: str) -> Any:
        if not found:
            raise RpcError(400, otherwise)
        (person,) = found
        return types.contacts.ResolvedPeer(types.PeerUser(person.user_id), [], [_user(person)])

    def _get_contacts(self, _call: Any, _key: bytes, _dc: int) -> Any:
        contacts = [each for each in self._world.people if each.is_contact]
        return types.contacts.Contacts(
            [types.Contact(each.user_id, mutual=False) for each in contacts],
            len(contacts),
            [_user(each) for each in contacts],
        )

    def _send_message(self, call: Any, _key: bytes, _dc: int) -> Any:
        known = {(each.user_id, each.access_hash) for each in self._world.people}
        peer = call.peer
        if not isinstance(peer, types.InputPeerUser) or (
            (peer.user_id, peer.access_hash) not in known
        ):
            raise RpcError(400, "PEER_ID_INVALID")
        if not call.message or call.entities or not call.no_webpage:
            raise RpcError(400, "MESSAGE_EMPTY" if not call.message else "ENTITY_BOUNDS_INVALID")
        if len(call.message) > _LONGEST_TEXT:
            raise RpcError(400, "MESSAGE_TOO_LONG")
        if call.random_id in self._random_ids:
            raise RpcError(500, "RANDOM_ID_DUPLICATE")
        self._random_ids.add(call.random_id)
        self._world.sent.append((peer.user_id, call.message))
        return types.UpdateShortSentMessage(
            id=4000 + len(self._world.sent), pts=1, pts_count=1, date=_now(), out=True
        )


def _user(person: Person) -> Any:
    return types.User(
        id=person.user_id,
        access_hash=person.access_hash,
        first_name="Ada\x1b[2J",
        username=person.username or None,
        phone=person.phone or None,
        bot=person.is_bot,
        bot_info_version=1 if person.is_bot else None,
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _now() -> datetime:
    return datetime.now(UTC)


def _filled(kind: Any, **known: object) -> Any:
    """Make an object of which the fields that do not matter here are nought."""
    nought = {"bool": False, "int": 0, "str": ""}
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        if name != "self" and name not in known and parameter.default is parameter.empty:
            spelled = getattr(parameter.annotation, "__name__", str(parameter.annotation))
            known[name] = nought.get(spelled, 0)
    return kind(**known)
