# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A user of this machine at SelfService: nothing of others, no free guesses, no free messages."""

import pwd
from collections.abc import Sequence
from typing import Any, Final

import pytest

from tests.attacks.polkit import polkit_that_says
from tests.bus.client import ADMIN, BusError, Client, Steps
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon
from tests.tally import Tried

SELF: Final = "org.smsotp1.SelfService"
NOBODY: Final = pwd.getpwnam("nobody")
OTHER: Final = pwd.getpwnam("daemon")
PHONE: Final = "+4915112345611"
NEW: Final = "+4915112345622"
NEW_PIN: Final = "90125"
ENROLS: Final = '[policy.sshd]\nunenrolled = "enrol"\n'


async def call(
    client: Client, member: str, signature: str = "", body: Sequence[Any] = (), **more: str
) -> Any:
    reply = await client.call(SELF, member, signature, body, **more)
    return reply[0] if reply else None


async def change(client: Client, kind: str, channel: str = "", address: str = "") -> Steps:
    steps: Steps = await call(client, "Change", "sss", [kind, channel, address])
    return steps


async def answer(client: Client, text: str) -> Steps:
    steps: Steps = await call(client, "Respond", "h", [0], secret=text)
    return steps


async def error_of(
    client: Client, member: str, signature: str = "", body: Sequence[Any] = ()
) -> str:
    with pytest.raises(BusError) as caught:
        await call(client, member, signature, body)
    return caught.value.name.removeprefix("org.smsotp1.Error.")


async def phones(root: Client) -> dict[str, str]:
    (users,) = await root.call(ADMIN, "ListUsers")
    return {user["user"].value: user["phone"].value for user in users}


async def test_a_user_changes_the_own_number_and_nobody_elses(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried()
    await root.enrol("nobody", PHONE, PIN)
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        details = await call(client, "Status")
        assert (details["user"].value, details["phone"].value) == ("nobody", "+49 ••• ••11")
        assert await change(client, "number", "sms", NEW) == [["hidden", "Current PIN: "]]
        assert (await answer(client, PIN))[-1] == ["hidden", "Code sent to +49 ••• ••11: "]
        assert (await answer(client, daemon.code()))[-1] == [
            "hidden",
            "Code sent to +49 ••• ••22: ",
        ]
        assert (await phones(root))["nobody"] == "+49 ••• ••11"
        assert (await answer(client, daemon.code()))[-1] == ["outcome", "PAM_SUCCESS"]
    assert await phones(root) == {"alice": "+49 ••• ••89", "nobody": "+49 ••• ••22"}


@pytest.mark.usefixtures("root")
async def test_who_is_not_enrolled_learns_and_changes_nothing(daemon: Daemon, tried: Tried) -> None:
    tried(7)
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        assert await error_of(client, "Status") == "NotFound"
        for kind in ("number", "pin", "recovery"):
            assert await error_of(client, "Change", "sss", [kind, "sms", NEW]) == "NotFound"
        for wish in (["enrol", "sms", NEW], ["alice", "sms", NEW], ["number", "alice", NEW]):
            name = await error_of(client, "Change", "sss", wish)
            assert name in {"NotAuthorized", "BadArgument"}
    assert daemon.messages() == []


async def test_no_other_connection_or_user_goes_on_with_a_change(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(7)
    await root.enrol("nobody", PHONE, PIN)
    async with (
        Client(daemon.address, NOBODY.pw_uid) as own,
        Client(daemon.address, NOBODY.pw_uid) as second,
        Client(daemon.address, OTHER.pw_uid) as other,
    ):
        await change(own, "pin")
        for stranger in (second, other, root):
            with pytest.raises(BusError) as caught:
                await answer(stranger, PIN)
            assert caught.value.name.endswith("NoSuchTransaction")
            await call(stranger, "Cancel")
        assert await answer(own, PIN) == [["hidden", "New PIN: "]]
        await call(own, "Cancel")
        with pytest.raises(BusError):
            await answer(own, NEW_PIN)


async def test_guessing_here_locks_like_guessing_at_logins(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(16)
    await root.enrol("nobody", PHONE, PIN)
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for _ in range(15):
            await change(client, "pin")
            assert (await answer(client, "86420"))[-1] == ["outcome", "PAM_AUTH_ERR"]
        await change(client, "pin")
        assert (await answer(client, PIN))[-1] == ["outcome", "PAM_AUTH_ERR"]
    (details,) = await root.call(ADMIN, "ShowUser", "s", ["nobody"])
    assert (details["failures"].value, details["state"].value) == (10, "locked")


async def test_numbers_pump_no_more_messages_than_logins(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(30)
    await root.enrol("nobody", PHONE, PIN)
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for number in range(30):
            await change(client, "number", "sms", f"+49151123456{number:02}")
            if (await answer(client, PIN))[-1][0] == "hidden":
                await answer(client, daemon.code())
    assert len(daemon.messages()) == 20


async def test_enrolling_needs_polkits_yes_and_a_policy(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(3)
    body = ["sms", NEW]
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        assert await error_of(client, "Enrol", "ss", body) == "NotAuthorized"
        async with polkit_that_says(daemon.address, yes=False) as asked:
            assert await error_of(client, "Enrol", "ss", body) == "NotAuthorized"
            assert asked == ["org.smsotp1.self.enrol"]
        async with polkit_that_says(daemon.address, yes=True):
            assert await error_of(client, "Enrol", "ss", body) == "Refused"
            (daemon.configuration / "smsotpd.d").mkdir()
            (daemon.configuration / "smsotpd.d/enrol.toml").write_text(ENROLS)
            daemon.reload()
            steps = await call(client, "Enrol", "ss", body)
            assert steps[-1] == ["hidden", "Code sent to +49 ••• ••22: "]
            await answer(client, daemon.code())
            await answer(client, NEW_PIN)
            assert (await answer(client, NEW_PIN))[-1] == ["outcome", "PAM_SUCCESS"]
    assert (await phones(root))["nobody"] == "+49 ••• ••22"


async def test_no_program_but_roots_enrols_at_a_login(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(2)
    (daemon.configuration / "smsotpd.d").mkdir()
    policy = daemon.configuration / "smsotpd.d/enrol.toml"
    policy.write_text(ENROLS + 'factors = ["code"]\n')
    daemon.reload()
    _, steps = await root.begin("nobody")
    assert steps[-1][1].startswith("Not enrolled yet.")
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        transaction, steps = await client.begin("nobody")
        assert steps[-1][1].startswith("Type r for a code to ")
        assert (await client.respond(transaction, NEW))[-1][0] == "hidden"
    assert daemon.messages() == []


async def test_root_is_a_user_like_any_other_here(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(2)
    assert await error_of(root, "Status") == "NotFound"
    await root.enrol("root", PHONE, PIN)
    assert (await call(root, "Status"))["user"].value == "root"
    assert await change(root, "pin") == [["hidden", "Current PIN: "]]
    assert daemon.messages() == []


async def test_a_pin_that_was_overheard_adds_no_app_and_removes_none(
    root: Client, daemon: Daemon, tried: Tried
) -> None:
    tried(7)
    await root.enrol("nobody", PHONE, PIN)
    async with Client(daemon.address, NOBODY.pw_uid) as client:
        for _ in range(2):
            steps = await change(client, "authenticator-add")
            steps = await answer(client, PIN)
            for _ in range(3):
                steps = await answer(client, "000000")
            assert steps[-1] == ["outcome", "PAM_MAXTRIES"]
        removal = ["authenticator-remove", "", ""]
        assert await error_of(client, "Change", "sss", removal) == "NotFound"
