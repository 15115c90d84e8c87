# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl status`, to people, programs and Prometheus."""

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from smsotpd.cli import live
from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.exposition import exposition
from smsotpd.core.metrics import Sample
from tests.unit.cli.conftest import Shell
from tests.unit.cli.fake_daemon import FakeDaemon


def test_a_person_sees_the_whole_then_gateways_and_who_is_shut_out(
    shell: Shell, daemon: FakeDaemon
) -> None:
    daemon.status |= {
        "out_of_reach": [["anna", "locked", 1_700_000_000], ["bob", "disabled", 0]],
        "gateway_states": [
            {"name": "main", "type": "ovh", "enabled": True, "breaker": "open", "failures": 3,
             "condition": "ready", "summary": "12 credits", "last": "temporary",
             "last_at": 1_700_000_000, "last_latency_ms": 15000},
            {"name": "gsm", "type": "modem", "enabled": True, "breaker": "closed", "failures": 0,
             "condition": "ready", "summary": "", "facts": [["Signal", "-71 dBm"], ["IMEI", "…1"]]},
        ],
        "budgets": [
            {"kind": "send", "used": 12, "most": 5000, "window_seconds": 86_400,
             "since_at": 1_700_000_000},
            {"kind": "guess", "used": 0, "most": 20_000, "window_seconds": 3600, "since_at": 0},
        ],
        "prefix_budgets": [
            {"kind": "send", "prefix": "49", "used": 12, "most": 2000, "window_seconds": 86_400,
             "since_at": 1_700_000_000},
            {"kind": "guess", "prefix": "43", "used": 7, "most": 5000, "window_seconds": 3600,
             "since_at": 1_700_000_000},
            {"kind": "guess", "prefix": "49", "used": 3, "most": 5000, "window_seconds": 3600,
             "since_at": 1_700_000_000},
        ],
        "invitations": 1,
        "invited": [["carol", 1_700_000_000]],
    }  # fmt: skip

    output = shell.run("status").output

    assert "1 file(s), in force since 2023-11-1" in output
    assert "Messages a day   12 of 5000 since 2023-11-1" in output
    assert "Guesses an hour  none of 20000" in output
    assert "passed over after 3 failure(s)  temporary, 2023-11-1" in output
    assert "Signal -71 dBm" in output
    assert "IMEI" not in output
    assert "bob   disabled  an administrator unlocks" in output
    assert "disabled, 1 invited" in output
    assert re.search(r"^carol +2023-11-1", output, re.MULTILINE)
    assert re.search(r"^\+49 … +12 of 2000 since .* 3 of 5000 since ", output, re.MULTILINE)
    assert re.search(r"^\+43 … +– +7 of 5000 since ", output, re.MULTILINE)


def test_a_configuration_that_was_refused_is_not_called_in_force(
    shell: Shell, daemon: FakeDaemon
) -> None:
    daemon.status |= {"configuration_complaint": "/etc/smsotp/smsotpd.toml:3: unknown key"}

    output = shell.run("status").output

    assert "smsotpd.toml:3: unknown key" in output
    assert "in force" not in output


def test_an_older_daemon_that_says_less_is_shown_all_the_same(
    shell: Shell, daemon: FakeDaemon
) -> None:
    daemon.status = {"version": "0.0.9"}

    assert "0.0.9" in shell.run("status").output
    assert json.loads(shell.run("status", "--json").output) == {"version": "0.0.9", "gateways": 0}


def test_prometheus_reads_what_is_printed_for_it(shell: Shell, daemon: FakeDaemon) -> None:
    hostile = 'a "quotation\\back\nline'
    daemon.status["samples"] = [
        ["smsotp_up", {}, 1.0],
        ["smsotp_logins_total", {"service": "sshd", "outcome": "granted"}, 3.0],
        ["smsotp_logins_total", {"service": hostile, "outcome": "denied"}, 1.0],
        ["smsotp_code_latency_seconds_bucket", {"gateway": "main", "le": "0.1"}, 1.0],
        ["smsotp_code_latency_seconds_bucket", {"gateway": "main", "le": "+Inf"}, 2.0],
        ["smsotp_code_latency_seconds_sum", {"gateway": "main"}, 0.75],
        ["smsotp_code_latency_seconds_count", {"gateway": "main"}, 2.0],
    ]

    result = shell.run("status", "--prometheus")

    assert result.exit_code == Exit.DONE
    families = {each.name: each for each in text_string_to_metric_families(result.output)}
    assert {name: each.type for name, each in families.items()} == {
        "smsotp_up": "gauge",
        "smsotp_logins": "counter",
        "smsotp_code_latency_seconds": "histogram",
    }
    assert all(each.documentation for each in families.values())
    assert [(s.labels["service"], s.value) for s in families["smsotp_logins"].samples] == [
        ("sshd", 3.0),
        (hostile, 1.0),
    ]
    assert families["smsotp_code_latency_seconds"].samples[2].value == 0.75


def test_samples_of_a_family_stand_together_under_one_heading() -> None:
    text = exposition([Sample("smsotp_users", {"state": word}, 1.0) for word in ("a", "b")])

    assert text.splitlines() == [
        "# HELP smsotp_users Enrolled users by state: active, locked, disabled.",
        "# TYPE smsotp_users gauge",
        'smsotp_users{state="a"} 1',
        'smsotp_users{state="b"} 1',
    ]
    assert text.endswith("\n")


def test_a_daemon_that_does_not_answer_is_told_to_prometheus_and_fails(
    shell: Shell, daemon: FakeDaemon
) -> None:
    daemon.failure = CliError("smsotpd does not run", exit_code=Exit.UNAVAILABLE)

    result = shell.run("status", "--prometheus")

    assert result.exit_code == Exit.UNAVAILABLE
    # The complaint, which goes to standard error, comes behind the numbers.
    numbers = result.output.partition("smsotpctl: ")[0]
    [up] = text_string_to_metric_families(numbers)
    assert (up.name, up.samples[0].value) == ("smsotp_up", 0.0)


@pytest.mark.parametrize("other", ["--watch", "--json"])
def test_prometheus_stands_alone(shell: Shell, other: str) -> None:
    assert shell.run("status", "--prometheus", other).exit_code == Exit.USAGE


def test_watching_in_a_pipe_prints_plain_text_until_ctrl_c(
    shell: Shell, daemon: FakeDaemon
) -> None:
    daemon.interrupt_after = 3

    result = shell.run("status", "--watch", "--interval", "0.2")

    assert result.exit_code == Exit.DONE
    assert result.output.count("0.1.0") == 2
    assert "\x1b" not in result.output
    assert not live.is_screen()


def test_watching_as_json_prints_one_object_a_line(shell: Shell, daemon: FakeDaemon) -> None:
    daemon.interrupt_after = 3

    lines = shell.run("status", "--watch", "--interval", "0.2", "--json").output.splitlines()

    assert [json.loads(line)["version"] for line in lines] == ["0.1.0", "0.1.0"]


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_watching_goes_on_while_the_daemon_restarts(
    form: list[str], shell: Shell, daemon: FakeDaemon
) -> None:
    gone = CliError("smsotpd \x1bdoes not run", exit_code=Exit.UNAVAILABLE)
    daemon.fail_at = ("Status", 2, gone)
    daemon.interrupt_after = 4

    result = shell.run("status", "--watch", "--interval", "0.2", *form)

    assert result.exit_code == Exit.DONE
    assert result.output.count("0.1.0") == 2
    if form:
        assert json.loads(result.output.splitlines()[1]) == {"error": gone.text}
    else:
        assert "smsotpd \\x1bdoes not run" in result.output


def test_watching_what_is_not_there_from_the_start_fails(shell: Shell, daemon: FakeDaemon) -> None:
    daemon.failure = CliError("smsotpd does not run", exit_code=Exit.UNAVAILABLE)

    assert shell.run("status", "--watch").exit_code == Exit.UNAVAILABLE


def test_nothing_that_a_gateway_says_controls_the_terminal(
    shell: Shell, daemon: FakeDaemon
) -> None:
    daemon.status["gateway_states"] = [{"name": "a", "enabled": True, "summary": "\x1b]0;x\x07"}]

    assert "\x1b" not in shell.run("status").output
