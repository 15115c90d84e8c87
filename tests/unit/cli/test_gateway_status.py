# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl gateway status`: for people and for programs, with an exit status that tells both."""

import json
from contextlib import AbstractContextManager, nullcontext

import pytest
from click.testing import CliRunner, Result

from smsotpd.cli.client import AdminClient, Entry
from smsotpd.cli.exit import Exit
from smsotpd.cli.main import program
from smsotpd.cli.tool import Tool

WELL: Entry = {
    "name": "main",
    "breaker": "closed",
    "failures": 0,
    "recent": [[1763768300.0, "auth", 40], [1763768400.0, "accepted", 52]],
    "condition": "ready",
    "summary": "the provider knows the account",
    "facts": [["Balance", "2.01 USD"]],
}


class StatusClient(AdminClient):
    """Answers with one status."""

    def __init__(self, found: Entry) -> None:
        self._found = found

    def gateway_status(self, name: str) -> Entry:
        assert name == "main"
        return dict(self._found)


def ask(found: Entry, *options: str) -> Result:
    def connect() -> AbstractContextManager[AdminClient]:
        return nullcontext(StatusClient(found))

    words = ["gateway", "status", "main", *options]
    return CliRunner().invoke(program, words, obj=Tool(connect=connect))


def test_a_person_reads_facts_and_last_outcomes() -> None:
    result = ask(WELL)
    assert result.exit_code == Exit.DONE
    for text in ("the provider knows the account", "2.01 USD", "auth  40 ms", "accepted  52 ms"):
        assert text in result.output


def test_a_program_reads_all_of_it() -> None:
    result = ask(WELL, "--json")
    assert result.exit_code == Exit.DONE
    assert json.loads(result.stdout) == WELL


@pytest.mark.parametrize("down", [{"condition": "down"}, {"breaker": "open"}])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_gateway_that_is_down_is_a_failure(down: Entry, options: tuple[str, ...]) -> None:
    result = ask({**WELL, **down}, *options)
    assert result.exit_code == Exit.FAILED
    assert "the gateway main is down" in result.output
    assert "2.01 USD" in result.output
