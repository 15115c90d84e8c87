# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Booted Debian machines for the system tests."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

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
def installed(suite: str) -> Iterator[Machine]:
    """Boot a machine and install our package in it."""
    require_a_host()
    with Machine(suite) as machine:
        install(machine, built_package())
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
