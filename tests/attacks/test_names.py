# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Other spellings of a name, which a directory takes for the same account."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pam.conftest import _requirements
from tests.pam.private_host import IN_ANY_PROGRAM, PrivateHost
from tests.tally import Tried

__all__ = ["_requirements"]


@pytest.fixture(params=IN_ANY_PROGRAM)
def directory_host(request: pytest.FixtureRequest, _requirements: None) -> Iterator[PrivateHost]:
    """Start a private host whose accounts are known under many names; each terminal in turn."""
    with PrivateHost() as host:
        host.terminal = request.param
        source = Path(__file__).with_name("directory.c")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", host.directory / "directory.so",
             source, "-ldl"],
            check=True,
        )  # fmt: skip
        yield host


@pytest.mark.parametrize(
    ("typed", "account"),
    [("ALICE", "alice"), ("alice@corp", "alice"), ("alice", "alice"), ("Zaphod", "Zaphod")],
)
def test_the_daemon_is_told_the_name_that_the_account_has(
    directory_host: PrivateHost, typed: str, account: str, tried: Tried
) -> None:
    tried()
    host = directory_host
    service = host.use_terminal()
    with host.daemon([{"steps": [["outcome", "PAM_AUTH_ERR"]]}]) as daemon:
        done = host.run(
            host.driver, service, typed,
            LD_PRELOAD=str(host.directory / "directory.so"),
        )  # fmt: skip
        assert "result 7" in done.stdout, done.stdout + done.stderr
        [(member, [context])] = daemon.calls()
    assert member == "Begin"
    assert isinstance(context, dict)
    assert context["user"] == account


def test_want_of_descriptors_hides_no_account_from_us_alone(
    directory_host: PrivateHost, tried: Tried
) -> None:
    """A caller of su leaves it as few as it likes; unknown, she would count as not enrolled."""
    host = directory_host
    service = host.use_terminal()
    limits = range(3, 20)
    tried(len(limits))
    with host.daemon([{"steps": [["outcome", "PAM_AUTH_ERR"]]}]) as daemon:
        for limit in limits:
            host.run(
                "prlimit", f"--nofile={limit}", host.driver, service, "ALICE",
                LD_PRELOAD=str(host.directory / "directory.so"),
            )  # fmt: skip
        contexts = [body[0] for _, body in daemon.calls()]
    assert contexts
    assert {context["user"] for context in contexts if isinstance(context, dict)} == {"alice"}
