# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Booted Debian machines for the system tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from smsotpd.cli.pam.terminal import Terminal
from tests.testhost import requirements
from tests.testhost.machine import Machine
from tests.testhost.package import built_package, install


def require_a_host() -> None:
    """Skip where no machine can be booted; where that must work, fail."""
    if reason := requirements.missing():
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@contextmanager
def installed(suite: str, terminal: Terminal = Terminal.PYTHON) -> Iterator[Machine]:
    """Boot a machine and install our package in it, and what else a terminal needs."""
    require_a_host()
    packages = [built_package()]
    if terminal is Terminal.NATIVE:
        packages.append(built_package(terminal.package))
    with Machine(suite) as machine:
        install(machine, *packages)
        yield machine


@pytest.fixture(scope="session", params=["bookworm", "trixie"])
def bare(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Each Debian in turn, without our package."""
    require_a_host()
    with Machine(request.param) as machine:
        yield machine


@pytest.fixture(scope="session")
def bookworm() -> Iterator[Machine]:
    """Debian 12 with our package."""
    with installed("bookworm") as machine:
        yield machine


@pytest.fixture(scope="session")
def trixie() -> Iterator[Machine]:
    """Debian 13 with our package."""
    with installed("trixie") as machine:
        yield machine
