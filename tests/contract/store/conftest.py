# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The stores that the contract suite runs on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import pytest

from smsotpd.core.ports import Store
from smsotpd.store.sqlite import open_store
from tests.fakes.memory_store import MemoryStore

OpenStore = Callable[[Path], AbstractContextManager[Store]]


@contextmanager
def _sqlite(directory: Path) -> Iterator[Store]:
    with open_store(directory / "state") as store:
        yield store


@contextmanager
def _memory(_directory: Path) -> Iterator[Store]:
    yield MemoryStore()


# A further store joins the suite by one line here.
STORES: Final[Mapping[str, OpenStore]] = {
    "sqlite": _sqlite,
    "memory": _memory,
}


@pytest.fixture(params=STORES)
def open_any_store(request: pytest.FixtureRequest) -> OpenStore:
    return STORES[request.param]


@pytest.fixture
def store(open_any_store: OpenStore, tmp_path: Path) -> Iterator[Store]:
    with open_any_store(tmp_path) as opened:
        yield opened
