# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Ask the real libpam about a directory of service files whose modules do what their lines say."""

import ctypes
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

SUCCESS = 0
ESTABLISH = 0x2  # PAM_ESTABLISH_CRED
FAIL_DELAY = 10  # the item with what libpam calls instead of sleeping after a failure

LIBPAM = ctypes.CDLL("libpam.so.0")
LIBC = ctypes.CDLL(None)
LIBC.calloc.restype = ctypes.c_void_p
LIBC.calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]


class _Message(ctypes.Structure):
    _fields_ = (("style", ctypes.c_int), ("text", ctypes.c_char_p))


_CONVERSE = ctypes.CFUNCTYPE(
    ctypes.c_int,
    ctypes.c_int,
    ctypes.POINTER(ctypes.POINTER(_Message)),
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.c_void_p,
)


class _Conversation(ctypes.Structure):
    _fields_ = (("converse", _CONVERSE), ("data", ctypes.c_void_p))


_NO_DELAY = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p)(
    lambda _status, _microseconds, _data: None
)


@dataclass(frozen=True)
class Heard:
    """What a program heard: PAM's number, and the names of the modules that were asked."""

    status: int
    asked: tuple[str, ...]


@dataclass(frozen=True)
class Answers:
    """One transaction: authenticate, then set credentials; and setting them alone."""

    authenticated: Heard
    credentials: Heard
    credentials_alone: Heard


def build_module(directory: Path) -> Path:
    """Compile the module that does what it is told."""
    path = directory / "pam_told.so"
    source = Path(__file__).with_name("told_module.c")
    subprocess.run(
        [
            "cc",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-shared",
            "-fPIC",
            "-o",
            path,
            source,
            "-lpam",
        ],
        check=True,
    )
    return path


def ask(directory: Path, service: str) -> Answers:
    """Return what libpam makes of a service in a directory of service files."""
    with _Transaction(directory, service) as transaction:
        if transaction.failure:
            # The files cannot be read: the program gets no handle, and can ask nothing.
            refused = Heard(transaction.failure, ())
            return Answers(refused, refused, refused)
        authenticated = transaction.authenticate()
        credentials = transaction.set_credentials()
    with _Transaction(directory, service) as transaction:
        return Answers(authenticated, credentials, transaction.set_credentials())


class _Transaction:
    def __init__(self, directory: Path, service: str) -> None:
        self._asked: list[str] = []
        self._converse = _CONVERSE(self._listen)
        self._conversation = _Conversation(self._converse, None)
        self._handle = ctypes.c_void_p()
        self.failure = LIBPAM.pam_start_confdir(
            service.encode(),
            b"daemon",
            ctypes.byref(self._conversation),
            str(directory).encode(),
            ctypes.byref(self._handle),
        )
        if self.failure:
            return
        assert LIBPAM.pam_set_item(self._handle, FAIL_DELAY, _NO_DELAY) == SUCCESS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.failure:
            LIBPAM.pam_end(self._handle, 0)

    def authenticate(self) -> Heard:
        return self._heard(LIBPAM.pam_authenticate(self._handle, 0))

    def set_credentials(self) -> Heard:
        return self._heard(LIBPAM.pam_setcred(self._handle, ESTABLISH))

    def _heard(self, status: int) -> Heard:
        asked = tuple(self._asked)
        self._asked.clear()
        return Heard(status, asked)

    def _listen(self, count: int, messages: Any, response: Any, _data: object) -> int:
        self._asked.append(messages[0].contents.text.decode())
        response[0] = LIBC.calloc(count, 2 * ctypes.sizeof(ctypes.c_void_p))
        return SUCCESS
