# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the doctor says when the PINs that are hashed at once need more memory than there is."""

import os
import tomllib

import pytest

from smsotpd.cli.doctor.finding import Finding, Severity
from smsotpd.cli.doctor.memory import memory_findings
from smsotpd.cli.doctor.policy_values import pin_cost
from smsotpd.cli.host import Finished
from tests.bus.private_bus import ROOT
from tests.unit.cli.fake_host import FakeHost


def with_memory(host: FakeHost, most: str, pin: str = "", total: int = 8_000_000) -> list[Finding]:
    host.answers["systemctl show"] = Finished(0, f"LoadState=loaded\n{most}\n")
    (host.places.root / "proc").mkdir(exist_ok=True)
    (host.places.root / "proc/meminfo").write_text(f"MemTotal:  {total} kB\n")
    host.places.policies.mkdir(exist_ok=True)
    (host.places.policies / "pin.toml").write_text(f"[pin]\n{pin}\n")
    (host.places.policies / ".pin.toml~.toml").write_text("[pin]\nthreads = 60\n")
    return list(memory_findings(host))


@pytest.mark.parametrize("most", ["MemoryMax=536870912", "MemoryMax=infinity", ""])
def test_what_is_shipped_fits_into_what_is_shipped(most: str, host: FakeHost) -> None:
    assert with_memory(host, most) == []
    assert with_memory(host, most, "threads = 6") == []


def test_more_hashes_than_the_unit_has_memory_for_are_a_warning_with_the_change(
    host: FakeHost,
) -> None:
    (finding,) = with_memory(host, "MemoryMax=536870912", "threads = 16")

    assert finding.severity is Severity.WARNING
    assert finding.where == "/etc/smsotpd.d/pin.toml"
    assert "take 832 MiB" in finding.what
    assert "may use 512" in finding.what
    assert finding.commands == ("systemctl set-property smsotpd.service MemoryMax=832M",)
    threads = int(finding.remedy.removeprefix("set threads = ").split()[0])
    assert with_memory(host, "MemoryMax=536870912", f"threads = {threads}") == []
    assert with_memory(host, "MemoryMax=536870912", f"threads = {threads + 1}")
    assert with_memory(host, f"MemoryMax={832 * 1024**2}", "threads = 16") == []


def test_a_unit_that_cannot_hold_one_hash_is_an_error(host: FakeHost) -> None:
    (finding,) = with_memory(host, "MemoryMax=100000000")

    assert finding.severity is Severity.ERROR
    assert finding.commands == ("systemctl set-property smsotpd.service MemoryMax=192M",)


@pytest.mark.parametrize(
    ("most", "total"),
    [
        ("MemoryMax=536870912\nEffectiveMemoryMax=300000000", 8_000_000),
        ("MemoryMax=536870912\nEffectiveMemoryMax=536870912", 900_000),
        ("MemoryMax=infinity\nEffectiveMemoryMax=18446744073709551615", 600_000),
    ],
)
def test_where_the_unit_is_not_what_is_tight_no_higher_limit_is_proposed(
    most: str, total: int, host: FakeHost
) -> None:
    (finding,) = with_memory(host, most, "threads = 16", total)

    assert finding.commands == ()
    assert finding.remedy.endswith("then: systemctl restart smsotpd.service")


def test_a_pipe_in_place_of_a_file_is_not_waited_for(host: FakeHost) -> None:
    host.places.policies.mkdir()
    os.mkfifo(host.places.policies / "a.toml")

    assert pin_cost(host).threads == 2


def test_the_doctor_knows_what_hashing_takes_unless_configured(host: FakeHost) -> None:
    shipped = tomllib.loads(
        (ROOT / "etc/smsotp/smsotpd.toml").read_text().replace("#threads", "threads").replace(
            "#memory_kib", "memory_kib"
        )
    )  # fmt: skip

    found = pin_cost(host)

    assert {"threads": found.threads, "memory_kib": found.memory_kib} == shipped["pin"]
