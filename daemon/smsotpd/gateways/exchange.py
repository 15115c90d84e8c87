# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The one HTTP call: a request goes out, a bounded reply comes back, nothing is remembered."""

import http.client
import logging
import ssl
from contextlib import closing
from pathlib import Path
from typing import Final

import requests
from urllib3.exceptions import HTTPError

from smsotpd.core.outcome import Deferred, ErrorClass, Outcome, Unknown
from smsotpd.gateways.failure import outcome_from_error
from smsotpd.gateways.spec import Request, Response
from smsotpd.gateways.spec.response import decode, decompress
from smsotpd.gateways.watch import Watch, WatchedAdapter

REPLY_LIMIT: Final = 64 * 1024
_CHUNK: Final = 8 * 1024
_ERRORS: Final = (
    requests.RequestException,
    HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)


class Exchange:
    """One request and its reply: `perform` blocks in its thread, `give_up` ends it from any."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._watch = Watch()
        self._head: Response | None = None

    def perform(self) -> Response | Outcome:
        """Send the request and return the reply, or what became of it without one."""
        silence_client()
        adapter = WatchedAdapter(self._watch)
        try:
            with closing(self._send(adapter)) as reply:
                return self._read(reply)
        except _ERRORS as error:
            return outcome_from_error(error, handed_over=self._watch.handed_over)
        finally:
            adapter.close()  # type: ignore[no-untyped-call]  # untyped in the stubs
            self._watch.close()

    def give_up(self) -> Response | Outcome:
        """End the exchange, and return what is known of it by now."""
        handed_over = self._watch.give_up()
        if self._head is not None:
            return self._head
        if handed_over:
            return Unknown("no reply in time after the message was handed over")
        return Deferred(ErrorClass.TEMPORARY, "no connection to the gateway in time")

    def _send(self, adapter: WatchedAdapter) -> requests.Response:
        request = self._request
        prepared = requests.Request(
            request.method, request.target, data=request.content, headers=request.sent_headers
        ).prepare()
        # The adapter is used without a requests.Session: a session would read proxies, .netrc and
        # authorities from the environment, and the whole body of a redirect into memory.
        return adapter.send(
            prepared,
            stream=True,
            timeout=request.timeout,
            verify=(request.ca_file or _system_authorities()) if request.verify else False,
            proxies=dict.fromkeys(("http", "https"), request.proxy) if request.proxy else None,
        )

    def _read(self, reply: requests.Response) -> Response:
        headers = {name.lower(): text for name, text in reply.headers.items()}
        self._head = Response(reply.status_code, headers, complete=False)
        body, complete = _body(reply)
        plain, whole = decompress(body, headers.get("content-encoding", ""), REPLY_LIMIT)
        text = decode(plain, headers.get("content-type", ""))
        return Response(reply.status_code, headers, text, complete=complete and whole)


def silence_client() -> None:
    """Keep the HTTP client's own log lines in: they hold URLs with number and message."""
    for name in ("urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _body(reply: requests.Response) -> tuple[bytes, bool]:
    """Read a body up to the limit; tell whether that was all of it.

    `read` and not `stream`: the latter reads the length of a chunk without any limit.
    """
    body = bytearray()
    try:
        while len(body) <= REPLY_LIMIT:
            chunk = reply.raw.read(_CHUNK, decode_content=False)
            if not chunk:
                return bytes(body), reply.raw.length_remaining in {0, None}
            body += chunk
    except _ERRORS:
        return bytes(body[:REPLY_LIMIT]), False
    return bytes(body[:REPLY_LIMIT]), False


def _system_authorities() -> str | bool:
    """Return the system's own trust store, whatever the environment or certifi says."""
    paths = ssl.get_default_verify_paths()
    for path in (paths.openssl_cafile, paths.openssl_capath):
        if Path(path).exists():
            return path
    return True
