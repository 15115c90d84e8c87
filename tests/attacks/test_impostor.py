# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Somebody else under the daemon's name: the bus gives it to nobody, and no terminal trusts it."""

import pwd
from collections.abc import Iterator
from typing import Final

import pytest
from dbus_next import DBusError, NameFlag

from tests.bus.client import Client
from tests.bus.daemon import Daemon
from tests.pam.conftest import _requirements
from tests.pam.private_host import ALICE_UID, IMPOSTOR_UID, TERMINALS, PrivateHost, facts
from tests.tally import Tried

__all__ = ["_requirements"]

NOBODY: Final = pwd.getpwnam("nobody")
NAME: Final = "org.smsotp1"
UNAVAILABLE: Final = "result 9"
GRANTED: Final = {"steps": [["outcome", "PAM_SUCCESS"]]}
SCRIPTS: Final = {
    "grants at once": [GRANTED],
    "asks for the PIN": [{"steps": [["hidden", "PIN: "]]}, GRANTED],
    "asks to be ignored": [{"steps": [["outcome", "PAM_IGNORE"]]}],
    "is busy": [{"error": "org.smsotp1.Error.Unavailable"}],
}


@pytest.fixture(scope="module")
def one_host(_requirements: None) -> Iterator[PrivateHost]:
    """Start a host whose bus, unlike a real one, lets anybody own any name."""
    with PrivateHost() as host:
        yield host


@pytest.fixture(params=TERMINALS)
def open_host(request: pytest.FixtureRequest, one_host: PrivateHost) -> PrivateHost:
    """Take each terminal in turn."""
    one_host.terminal = request.param
    one_host.log_lines()
    return one_host


@pytest.mark.parametrize("arguments", ["", "fail=ignore"])
@pytest.mark.parametrize("uid", [IMPOSTOR_UID, ALICE_UID], ids=["nobody", "the user"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_an_impostor_is_refused_and_told_nothing(
    open_host: PrivateHost, script: str, uid: int, arguments: str, tried: Tried
) -> None:
    tried()
    host = open_host
    host.write_service("smsotp-test", host.terminal_line(arguments), "auth required pam_permit.so")
    with host.daemon(SCRIPTS[script], uid=uid) as impostor:
        done = host.drive("smsotp-test", "alice", "2580")
        assert facts(done.stdout, ["result"]) == [UNAVAILABLE], "not even fail=ignore lets it pass"
        assert facts(done.stdout, ["hidden", "visible"]) == []
        assert f"owned by uid {uid}" in host.log_lines()[0]
        assert impostor.calls() == []


@pytest.mark.parametrize("is_there", [True, False], ids=["with a daemon", "without"])
async def test_the_bus_gives_the_daemons_name_to_nobody(
    daemon: Daemon, tried: Tried, *, is_there: bool
) -> None:
    flags = (
        NameFlag.NONE,
        NameFlag.DO_NOT_QUEUE,
        NameFlag.REPLACE_EXISTING,
        NameFlag.REPLACE_EXISTING | NameFlag.ALLOW_REPLACEMENT,
    )
    tried(len(flags))
    if not is_there:
        daemon.kill()
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for flag in flags:
            with pytest.raises(DBusError, match="not allowed to own"):
                await client._bus.request_name(NAME, flag)
    if is_there:
        async with Client(daemon.address) as root:
            assert (await root.begin("alice"))[1] == [["hidden", "PIN: "]]


async def test_not_even_root_takes_the_name_from_a_running_daemon(
    daemon: Daemon, tried: Tried
) -> None:
    """On this bus the tests' user plays the daemon's, so the bus would let it."""
    tried(2)
    async with Client(daemon.address) as second:
        for flag in (NameFlag.REPLACE_EXISTING, NameFlag.DO_NOT_QUEUE):
            reply = await second._bus.request_name(NAME, flag | NameFlag.DO_NOT_QUEUE)
            assert reply.name == "EXISTS"
        assert (await second.begin("alice"))[1] == [["hidden", "PIN: "]]
