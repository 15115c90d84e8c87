# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Admin.ImportUsers: many enrolments in one call, and what it does not take."""

import json
from typing import Any

import pytest

from tests.bus.client import ADMIN, BusError, Client
from tests.bus.conftest import PIN
from tests.bus.daemon import Daemon

NOBODY = 65_534


async def imported(root: Client, users: Any, *, dry_run: bool = False) -> list[list[str]]:
    secret = users if isinstance(users, str) else json.dumps(users)
    (answers,) = await root.call(ADMIN, "ImportUsers", "hbb", [0, dry_run, False], secret=secret)
    return list(answers)


def entry(user: str, **more: object) -> dict[str, object]:
    return {"user": user, "addresses": {"sms": "+4915112345680"}, "pin": PIN, **more}


async def test_users_are_enrolled_changed_and_left_alone_and_can_log_in(
    root: Client, daemon: Daemon
) -> None:
    users = [entry("bob"), entry("carl", addresses={"sms": "0170"}), entry("dora", pin="Kohl1x")]

    dry = await imported(root, users, dry_run=True)
    assert [each[:2] for each in dry] == [
        ["bob", "enrolled"],
        ["carl", "refused"],
        ["dora", "enrolled"],
    ]
    assert "phone must start with +" in dry[1][2]
    assert len((await root.call(ADMIN, "ListUsers"))[0]) == 1
    assert [each[1] for each in await imported(root, users)] == ["enrolled", "refused", "enrolled"]
    again = [entry("bob"), entry("dora", pin="Kohl2x")]
    assert [each[1] for each in await imported(root, again)] == ["unchanged", "changed"]

    transaction, _ = await root.begin("bob")
    await root.respond(transaction, PIN)
    assert (await root.respond(transaction, daemon.code()))[-1] == ["outcome", "PAM_SUCCESS"]


@pytest.mark.parametrize(
    "given",
    [
        "",
        "{",
        "{}",
        "[1]",
        '[{"user": 1}]',
        '[{"user": "bob", "addresses": []}]',
        '[{"user": "bob", "addresses": {"sms": 1}}]',
        '[{"user": "bob", "address": {}}]',
        '[{"user": "bob", "pin": null}]',
        "[" * 30_000,
        json.dumps([{"user": f"u{number}"} for number in range(201)]),
        "[" + " " * 65_536 + "]",
    ],
)
async def test_what_is_not_in_the_contract_is_refused_without_repeating_it(
    root: Client, given: str
) -> None:
    with pytest.raises(BusError) as caught:
        await imported(root, given)

    assert caught.value.name == "org.smsotp1.Error.BadArgument"
    assert "bob" not in caught.value.text
    assert len((await root.call(ADMIN, "ListUsers"))[0]) == 1


async def test_nobody_but_root_may(daemon: Daemon) -> None:
    async with Client(daemon.address, NOBODY) as other:
        with pytest.raises(BusError) as caught:
            await imported(other, [entry("bob")])
    assert caught.value.name == "org.smsotp1.Error.NotAuthorized"
