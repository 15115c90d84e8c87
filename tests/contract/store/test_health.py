# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What gateways did of late outlives a restart."""

from pathlib import Path

from smsotpd.core.health import WELL, Health, Trace
from smsotpd.core.moment import Moment
from smsotpd.core.ports import Store
from tests.contract.store.conftest import STORES

NOON = Moment(1_000_000.0, 500.0, "boot")
FAILED = Health(3, NOON, 30.0, (Trace(999.5, "temporary", 0.25), Trace(1000.5, "auth", 0.1)))


def test_health_comes_back_by_name(store: Store) -> None:
    with store.change() as change:
        change.put_health("first", FAILED)
        change.put_health("second", WELL)
    with store.change() as change:
        assert change.healths() == {"first": FAILED, "second": WELL}


def test_health_is_replaced_and_forgotten(store: Store) -> None:
    with store.change() as change:
        change.put_health("first", FAILED)
        change.put_health("first", WELL)
        change.put_health("second", FAILED)
        change.put_health("second", None)
        change.put_health("never there", None)
    with store.change() as change:
        assert change.healths() == {"first": WELL}


def test_a_gateway_in_a_file_has_health_too(store: Store) -> None:
    with store.change() as change:
        change.put_health("in a file", FAILED)
        change.drop_gateway("in a file")
        assert change.healths() == {"in a file": FAILED}


def test_health_outlives_the_store_that_wrote_it(tmp_path: Path) -> None:

    open_store = STORES["sqlite"]
    with open_store(tmp_path) as store, store.change() as change:
        change.put_health("first", FAILED)
    with open_store(tmp_path) as store, store.change() as change:
        assert change.healths() == {"first": FAILED}
