# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures for the domain's tests."""

import pytest

from tests.fakes.world import World


@pytest.fixture
def world() -> World:
    """Return a daemon with one gateway, at which `anna` is enrolled."""
    made = World()
    made.enrol()
    return made
