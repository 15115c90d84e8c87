# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A fresh Debian with nothing but the package, for the newcomer's path."""

from collections.abc import Iterator

import pytest

from tests.system.conftest import installed
from tests.testhost.machine import Machine


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def fresh(request: pytest.FixtureRequest) -> Iterator[Machine]:
    """Each Debian in turn with our package, and nothing configured."""
    with installed(request.param) as machine:
        yield machine
