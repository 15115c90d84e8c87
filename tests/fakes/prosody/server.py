# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Start a Prosody in a directory of its own, and stop it again."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fakes.http_provider import wait_until

MODULES: Final = Path(__file__).parent
DOMAIN: Final = "localhost"
_STARTING: Final = 20.0

_CONFIGURATION: Final = """\
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
plugin_paths = {{ "{modules}" }}
run_as_root = true
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {client_port} }}
s2s_ports = {{ }}
http_ports = {{ {http_port} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ }}
modules_enabled = {{ "roster", "saslauth", "disco", "posix", "ping", "rest", "post_msg" }}
modules_disabled = {{ "s2s", "tls" }}
authentication = "internal_plain"
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
storage = "internal"
http_default_host = "{domain}"
log = {{ info = "{folder}/prosody.log" }}
VirtualHost "{domain}"
"""


@dataclass(frozen=True)
class Prosody:
    """A running server.

    Attributes:
        http_port: of mod_rest and mod_post_msg.
        client_port: of clients, without TLS.
    """

    folder: Path
    http_port: int
    client_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def register(self, name: str, password: str) -> None:
        """Make an account; the password is typed, not an argument."""
        self._control("adduser", f"{name}@{DOMAIN}", typed=f"{password}\n{password}\n")

    def _control(self, *command: str, typed: str) -> None:
        subprocess.run(
            ["prosodyctl", "--root", "--config", self.folder / "prosody.cfg.lua", *command],
            check=True,
            capture_output=True,
            input=typed.encode(),
            timeout=_STARTING,
        )


def is_installed() -> bool:
    """Tell whether there is a Prosody to start."""
    return shutil.which("prosody") is not None and shutil.which("prosodyctl") is not None


@contextmanager
def prosody(folder: Path) -> Iterator[Prosody]:
    """Run a Prosody until the `with` block ends."""
    server = Prosody(folder, _free_port(), _free_port())
    (folder / "data").mkdir()
    (folder / "prosody.cfg.lua").write_text(
        _CONFIGURATION.format(
            folder=folder,
            modules=MODULES,
            client_port=server.client_port,
            http_port=server.http_port,
            domain=DOMAIN,
        )
    )
    with subprocess.Popen(
        ["prosody", "--root", "--config", folder / "prosody.cfg.lua", "-F"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            started = wait_until(
                lambda: (
                    process.poll() is not None
                    or (_listens(server.http_port) and _listens(server.client_port))
                ),
                _STARTING,
            )
            assert started, "Prosody did not start in time"
            assert process.poll() is None, (folder / "prosody.log").read_text()
            yield server
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
