# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""urllib3's connections, watched: what was handed over, and how to give it up from outside."""

import socket
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class GivenUpError(OSError):
    """The exchange was given up before anything was handed over."""


class Watch:
    """Know of one exchange whether the request went out, and end it from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._handed_over = False
        self._given_up = False

    @property
    def handed_over(self) -> bool:
        """Tell whether the first byte of the request may have left."""
        with self._lock:
            return self._handed_over

    def opened(self, connected: socket.socket) -> None:
        """Note a connected socket.

        A duplicate is kept, since TLS takes the socket itself away; shutting down the duplicate
        ends whatever is being waited for on the original.

        Raises:
            GivenUpError: nobody waits for this exchange any more.
        """
        with self._lock:
            if self._given_up:
                raise GivenUpError
            self._sockets.append(connected.dup())

    def hand_over(self) -> None:
        """Note that the request goes out now.

        Raises:
            GivenUpError: it must not, since the outcome has been told already.
        """
        with self._lock:
            if self._given_up:
                raise GivenUpError
            self._handed_over = True

    def give_up(self) -> bool:
        """End the exchange, and tell whether the request was handed over before."""
        with self._lock:
            self._given_up = True
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            return self._handed_over

    def close(self) -> None:
        """Let go of the sockets."""
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()


class _WatchedConnection(HTTPConnection):
    watch: Watch
    _connecting = False

    def _new_conn(self) -> socket.socket:
        connected: socket.socket = super()._new_conn()  # type: ignore[misc]  # not in the stubs
        try:
            self.watch.opened(connected)
        except OSError:
            connected.close()
            raise
        return connected

    def connect(self) -> None:
        self._connecting = True
        try:
            super().connect()  # type: ignore[no-untyped-call]  # untyped in the stubs
        finally:
            self._connecting = False
        # Only CHECK_SSL = no leaves this unset, and the administrator need not be told at each
        # message what he asked for.
        self.is_verified = True

    def send(self, data: Any) -> None:
        if not self._connecting:  # while connecting it is the CONNECT to a proxy
            if self.sock is None:
                self.connect()
            self.watch.hand_over()
        super().send(data)


class _WatchedTlsConnection(_WatchedConnection, HTTPSConnection):
    pass


class WatchedAdapter(HTTPAdapter):
    """Send one request over connections that report to a watch; never retry."""

    def __init__(self, watch: Watch) -> None:
        self._pools = {
            "http": _pool(HTTPConnectionPool, _WatchedConnection, watch),
            "https": _pool(HTTPSConnectionPool, _WatchedTlsConnection, watch),
        }
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)  # type: ignore[no-untyped-call]  # as above
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Make the pools for connections through a proxy."""
        manager: Any = super().proxy_manager_for(proxy, **kwargs)  # type: ignore[no-untyped-call]  # as above
        manager.pool_classes_by_scheme = self._pools
        return manager


def _pool(
    pool: type[HTTPConnectionPool], connection: type[_WatchedConnection], watch: Watch
) -> type[HTTPConnectionPool]:
    watched = type(connection.__name__, (connection,), {"watch": watch})
    return type(pool.__name__, (pool,), {"ConnectionCls": watched})
