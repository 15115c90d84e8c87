# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl gateway`."""

import json
import os

import pytest

from smsotpd.cli.exit import Exit
from smsotpd.cli.gateway_settings import MASK
from smsotpd.core import gateways as core_gateways
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon

URL = "https://sms.example.org/send"
TOKEN = "t0p-s3cret"


def define(shell: Shell) -> None:
    result = shell.run(
        "gateway", "configure", "main", "--type", "http", "--set", f"URL={URL}",
        "--set", "option.to={phone}", "--set-secret", "TOKEN", typed=f"{TOKEN}\n",
    )  # fmt: skip
    assert result.exit_code == Exit.DONE, result.output


def settings_of(daemon: FakeDaemon) -> object:
    return daemon.gateways["main"]["settings"]


def test_a_script_defines_a_gateway_without_a_terminal(shell: Shell, daemon: FakeDaemon) -> None:
    define(shell)

    assert settings_of(daemon) == {"URL": URL, "option.to": "{phone}"}
    assert daemon.secrets == {"main": {"TOKEN": TOKEN}}


def test_a_secret_in_an_argument_is_refused_and_not_repeated(
    shell: Shell, daemon: FakeDaemon
) -> None:
    arguments = ["gateway", "configure", "main", "--type", "http"]

    by_set = shell.run(*arguments, "--set", f"TOKEN={TOKEN}")
    by_set_secret = shell.run(*arguments, "--set-secret", f"TOKEN={TOKEN}")

    for result in (by_set, by_set_secret):
        assert result.exit_code == Exit.USAGE
        assert "--set-secret TOKEN" in result.output
        assert TOKEN not in result.output
    assert daemon.gateways == {}


@pytest.mark.parametrize("form", ["TOKEN=@{fd}", "TOKEN --secret-fd {fd}"])
def test_a_secret_comes_by_descriptor(form: str, shell: Shell, daemon: FakeDaemon) -> None:
    reading, writing = os.pipe()
    os.write(writing, TOKEN.encode())
    os.close(writing)
    words = form.format(fd=reading).split()

    result = shell.run("gateway", "configure", "main", "--type", "http", "--set-secret", *words)

    os.close(reading)
    assert result.exit_code == Exit.DONE, result.output
    assert daemon.secrets == {"main": {"TOKEN": TOKEN}}


def test_several_secrets_come_one_a_line(shell: Shell, daemon: FakeDaemon) -> None:
    both = ["--set-secret", "TOKEN", "--set-secret", "option.key"]
    command = ["gateway", "configure", "main", "--type", "http", *both]

    assert shell.run(*command, typed="only one\n").exit_code == Exit.USAGE
    assert shell.run(*command, typed="first\nsecond\n").exit_code == Exit.DONE
    assert daemon.secrets == {"main": {"TOKEN": "first", "option.key": "second"}}


def test_a_change_keeps_what_it_does_not_name(shell: Shell, daemon: FakeDaemon) -> None:
    define(shell)

    changed = shell.run("gateway", "configure", "main", "--set", "TIMEOUT=5")
    shortened = shell.run("gateway", "configure", "main", "--unset", "option.to")

    assert (changed.exit_code, shortened.exit_code) == (Exit.DONE, Exit.DONE)
    assert settings_of(daemon) == {"URL": URL, "TIMEOUT": "5"}
    assert daemon.secrets == {"main": {"TOKEN": TOKEN}}


def test_another_type_starts_afresh(shell: Shell, daemon: FakeDaemon) -> None:
    define(shell)

    shell.run("gateway", "configure", "main", "--type", "outbox")

    assert settings_of(daemon) == {}
    assert daemon.secrets == {"main": {}}


def test_the_mask_is_the_daemons() -> None:
    # A masked value that came back as a setting would overwrite the secret.
    assert MASK == core_gateways.MASK


def test_a_person_is_asked_for_everything(shell: Shell, daemon: FakeDaemon) -> None:
    shell.interactive = True
    answers = [
        "9", "1",                     # no such type; http
        "not a url", URL,             # asked again
        "PUT", "POST",                # asked again
        "",                           # the default timeout
        TOKEN,
        "no equals sign", "to={phone}", "",
        "y", "+491701234567",         # the test message
    ]  # fmt: skip

    result = shell.run("gateway", "configure", "main", typed="\n".join(answers) + "\n")

    assert result.exit_code == Exit.DONE, result.output
    assert settings_of(daemon) == {"URL": URL, "METHOD": "POST", "option.to": "{phone}"}
    assert daemon.secrets == {"main": {"TOKEN": TOKEN}}
    assert "https://example.org/http" in result.output
    assert "accepted" in result.output
    assert TOKEN not in result.output


def test_answers_left_empty_keep_what_was_there(shell: Shell, daemon: FakeDaemon) -> None:
    define(shell)
    shell.interactive = True

    result = shell.run("gateway", "configure", "main", typed="\n\n\n\n\nn\n")

    assert result.exit_code == Exit.DONE, result.output
    assert settings_of(daemon) == {"URL": URL, "option.to": "{phone}"}
    assert daemon.secrets == {"main": {"TOKEN": TOKEN}}


def test_an_aborted_dialogue_stores_nothing(shell: Shell, daemon: FakeDaemon) -> None:
    shell.interactive = True

    result = shell.run("gateway", "configure", "main", typed=f"http\n{URL}\n")

    assert result.exit_code == Exit.ABORTED
    assert daemon.gateways == {}
    assert "ConfigureGateway" not in daemon.calls


@pytest.mark.parametrize("pair", ["URL", "=x", ""])
def test_a_setting_without_name_or_value_is_refused(pair: str, shell: Shell) -> None:
    result = shell.run("gateway", "configure", "main", "--type", "http", "--set", pair)

    assert result.exit_code == Exit.USAGE
    assert "KEY=VALUE" in result.output


def test_leaving_out_what_is_not_there_is_refused(shell: Shell) -> None:
    result = shell.run("gateway", "configure", "main", "--type", "http", "--unset", "X")

    assert result.exit_code == Exit.USAGE


def test_an_unknown_type_is_not_found(shell: Shell) -> None:
    result = shell.run("gateway", "configure", "main", "--type", "pigeon", "--set", "A=b")

    assert result.exit_code == Exit.NOT_FOUND
    assert "gateway types" in result.output


def test_a_type_is_found_by_its_former_id_and_called_by_its_own(
    shell: Shell, daemon: FakeDaemon
) -> None:
    define(shell)

    arguments = ("gateway", "configure", "main", "--type", "former-http", "--set", f"URL={URL}")
    result = shell.run(*arguments, "--json")

    assert json.loads(result.stdout) == {"name": "main", "type": "http"}
    assert daemon.gateways["main"]["type"] == "http"
    assert daemon.secrets == {"main": {"TOKEN": TOKEN}}


@pytest.mark.parametrize("answer", ["http", "former-http", "1"])
def test_the_type_is_answered_by_id_former_id_or_number(shell: Shell, answer: str) -> None:
    shell.interactive = True

    result = shell.run("gateway", "configure", "main", typed=f"{answer}\n")

    assert "none of them" not in result.output
    assert "Empty keeps what stands in brackets" in result.output


def test_without_a_terminal_the_type_must_be_named(shell: Shell) -> None:
    assert "--type" in shell.run("gateway", "configure", "main").output


def test_types_are_listed_and_one_is_explained(shell: Shell) -> None:
    assert "Any HTTP gateway" in shell.run("gateway", "types").output
    assert "API token" in shell.run("gateway", "types", "http").output
    assert json.loads(shell.run("gateway", "types", "--json").output)[0]["type"] == "http"
    assert shell.run("gateway", "types", "pigeon").exit_code == Exit.NOT_FOUND


def test_a_gateway_is_shown_with_its_secrets_masked(shell: Shell) -> None:
    define(shell)

    shown = shell.run("gateway", "show", "main").output

    assert f"TOKEN = {MASK}" in shown
    assert f"URL = {URL}" in shown
    assert json.loads(shell.run("gateway", "show", "main", "--json").output)["name"] == "main"


def test_gateways_are_listed_enabled_disabled_and_removed(shell: Shell, daemon: FakeDaemon) -> None:
    assert "gateway configure" in shell.run("gateway", "list").output
    define(shell)

    shell.run("gateway", "disable", "main")
    assert json.loads(shell.run("gateway", "list", "--json").output)[0]["enabled"] is False
    shell.run("gateway", "enable", "main")
    assert "yes" in shell.run("gateway", "list").output
    assert shell.run("gateway", "remove", "main", "--yes").exit_code == Exit.DONE
    assert daemon.gateways == {}


def test_a_test_message_that_is_not_accepted_fails(shell: Shell, daemon: FakeDaemon) -> None:
    define(shell)
    daemon.test_outcome = "rejected"

    result = shell.run("gateway", "test", "main", "--to-fd", "0", typed="+491701234567\n")

    assert result.exit_code == Exit.FAILED
    assert "rejected" in result.output


def test_a_test_message_needs_an_address(shell: Shell) -> None:
    define(shell)

    assert "--to-fd" in shell.run("gateway", "test", "main").output
    words = ["gateway", "test", "main", "--to-fd", "0", "--json"]
    sent = shell.run(*words, typed="+491701234567\n")
    assert json.loads(sent.output)["outcome"] == "accepted"
