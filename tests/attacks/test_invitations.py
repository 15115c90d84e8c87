# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Somebody without an invitation, or with a used or a stranger's one: no enrolment, no message."""

import pwd
from typing import Final

import pytest

from tests.attacks.test_self_service import answer, call, change, error_of
from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

NOBODY: Final = pwd.getpwnam("nobody")
PHONE: Final = "+4915112345611"
NEW_PIN: Final = "90125"
DENIED: Final = ["outcome", "PAM_AUTH_ERR"]
GUESS: Final = "YAAA-AAAA-AAAA-AAAA"


async def invite(root: Client, user: str, seconds: int = 3600) -> str:
    (invitation,) = await root.call(ADMIN, "InviteUser", "su", [user, seconds])
    return str(invitation)


async def enrol(root: Client, daemon: Daemon, user: str, invitation: str) -> list[str]:
    """Enrol at a login; return the last step."""
    transaction, _ = await root.begin(user)
    steps = await root.respond(transaction, invitation)
    if steps[-1] == DENIED:
        return DENIED
    await root.respond(transaction, PHONE)
    await root.respond(transaction, daemon.code())
    await root.respond(transaction, NEW_PIN)
    return (await root.respond(transaction, NEW_PIN))[-1]


async def test_prompts_tell_nobody_who_is_invited(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(3)
    await invite(root, "nobody")
    shown = []
    for user in ("nobody", "alice", "carla"):
        transaction, first = await root.begin(user)
        shown.append((first, await root.respond(transaction, GUESS)))
    assert shown[0] == shown[1] == shown[2]
    assert shown[0][1] == [DENIED]
    assert daemon.messages() == []


async def test_guesses_of_invitations_lock_like_guesses_of_pins(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(10)
    invitation = await invite(root, "nobody")
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for _ in range(10):
            await change(client, "invitation", "sms", PHONE)
            assert (await answer(client, GUESS))[-1] == DENIED
        await change(client, "invitation", "sms", PHONE)
        assert (await answer(client, invitation))[-1] == DENIED
    assert await enrol(root, daemon, "nobody", invitation) == DENIED
    assert daemon.messages() == []


async def test_an_invitation_is_worth_nothing_twice_nor_to_another(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(5)
    invitation = await invite(root, "nobody")
    for user in ("alice", "carla"):
        assert await enrol(root, daemon, user, invitation) == DENIED
    assert daemon.messages() == []
    assert await enrol(root, daemon, "nobody", invitation) == ["outcome", "PAM_SUCCESS"]
    assert await enrol(root, daemon, "nobody", invitation) == DENIED
    await root.call(ADMIN, "RemoveUser", "s", ["nobody"])
    assert await enrol(root, daemon, "nobody", invitation) == DENIED
    daemon.kill()
    daemon.restart()
    assert await enrol(root, daemon, "nobody", invitation) == DENIED


async def test_one_that_was_taken_back_is_worth_nothing(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(2)
    first, second = await invite(root, "nobody"), await invite(root, "nobody")
    assert await enrol(root, daemon, "nobody", first) == DENIED
    await root.call(ADMIN, "RevokeInvitation", "s", ["nobody"])
    assert await enrol(root, daemon, "nobody", second) == DENIED


async def test_users_invite_nobody_and_see_no_invitations(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(4)
    await invite(root, "nobody")
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for member, signature, body in (
            ("InviteUser", "su", ["nobody", 3600]),
            ("RevokeInvitation", "s", ["nobody"]),
            ("ListInvitations", "", []),
        ):
            with pytest.raises(BusError, match="NotAuthorized"):
                await client.call(ADMIN, member, signature, body)
        transaction, _ = await client.begin("nobody")
        steps = await client.respond(transaction, await invite(root, "nobody"))
        assert steps[-1] == DENIED, "no program but root's enrols at a login"
    ((out,),) = await root.call(ADMIN, "ListInvitations")
    assert out["user"].value == "nobody"


async def test_who_is_enrolled_takes_no_invitation(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(2)
    await root.enrol("nobody", PHONE, PIN)
    with pytest.raises(BusError, match="Refused"):
        await invite(root, "nobody")
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        wish = ["invitation", "sms", "+4915112345699"]
        assert await error_of(client, "Change", "sss", wish) == "Refused"
        assert (await call(client, "Status"))["phone"].value == "+49 ••• ••11"


async def test_the_database_holds_no_invitation(root: Client, daemon: Daemon, tried: Tried) -> None:
    tried()
    invitation = await invite(root, "nobody")
    files = [path.read_bytes() for path in daemon.state.iterdir() if path.is_file()]
    for text in (invitation, invitation.replace("-", ""), invitation[1:].replace("-", "")):
        assert not any(text.encode() in content for content in files)
