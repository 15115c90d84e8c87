# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The private host, started once for all tests here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.pam.private_host import PYTHON, TERMINALS, PrivateHost, missing_requirement

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _requirements() -> None:
    missing = missing_requirement()
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"a private host {missing}")
    if missing:
        pytest.skip(f"a private host {missing}")


@pytest.fixture(scope="session")
def shared_host(_requirements: None) -> Iterator[PrivateHost]:
    with PrivateHost() as host:
        yield host


@pytest.fixture(params=TERMINALS)
def terminal(request: pytest.FixtureRequest) -> str:
    """Take each terminal in turn."""
    return str(request.param)


@pytest.fixture
def host(shared_host: PrivateHost, terminal: str) -> PrivateHost:
    """Return the private host with a terminal and an empty log."""
    shared_host.terminal = terminal
    shared_host.log_lines()
    return shared_host


@pytest.fixture
def python_host(shared_host: PrivateHost) -> PrivateHost:
    """Return the private host with the terminal for pam_python and an empty log."""
    shared_host.terminal = PYTHON
    shared_host.log_lines()
    return shared_host


@pytest.fixture
def own_host(_requirements: None, terminal: str) -> Iterator[PrivateHost]:
    """Start a private host for a test that breaks it."""
    with PrivateHost() as host:
        host.terminal = terminal
        yield host
