# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What an attacker on the bus meets: the real daemon under the shipped policy."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.bus.conftest import daemon, requirements, root
from tests.bus.private_bus import private_bus

__all__ = ["daemon", "requirements", "root"]

# So that a test can play polkit.
POLKIT: Final = """
  <policy user="root">
    <allow own="org.freedesktop.PolicyKit1"/>
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>"""


@pytest.fixture
def bus_address() -> Iterator[str]:
    """Run a private bus where other users may connect, too; yield its address."""
    # Not below pytest's own directory: each run of pytest closes that to others again.
    with (
        tempfile.TemporaryDirectory(prefix="private-bus-") as directory,
        private_bus(Path(directory), POLKIT) as address,
    ):
        yield address


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start a bus; the others need none."""
    for item in items:
        if Path(__file__).parent in item.path.parents and "daemon" in getattr(
            item, "fixturenames", ()
        ):
            item.add_marker(pytest.mark.bus)
