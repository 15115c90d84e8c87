# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A fresh Debian with nothing but the package, for the newcomer's path."""

from collections.abc import Iterator

import pytest

from tests.system.conftest import installed
from tests.testhost.machine import Machine


@pytest.fixture(scope="module")
def fresh() -> Iterator[Machine]:
    """Debian 12 with our package, and nothing configured."""
    with installed("bookworm") as machine:
        yield machine
