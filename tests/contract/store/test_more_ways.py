# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Authenticators, recovery codes and break-glass codes as a store keeps them."""

from dataclasses import replace

from smsotpd.core.ports import Store
from tests.contract.store.values import ANNA, APP, BEN, GLASS, INVITATION


def test_a_user_nobody_knows_has_nothing_but_what_is_sent(store: Store) -> None:
    with store.change() as change:
        assert change.authenticator("anna") is None
        assert change.recovery_codes("anna") == {}
        assert change.break_glass("anna") is None
        assert list(change.break_glasses()) == []


def test_all_of_them_come_back_and_are_replaced(store: Store) -> None:
    later_app = replace(APP, newest_step=APP.newest_step + 1, drift=1)
    with store.change() as change:
        change.put_authenticator(APP)
        change.put_authenticator(later_app)
        change.put_recovery_codes("anna", {"B": "two", "A": "one"})
        change.put_recovery_codes("anna", {"A": "three", "C": "four"})
        change.put_break_glass(GLASS)
        change.put_break_glass(replace(GLASS, user="ada"))
    with store.change() as change:
        assert change.authenticator("anna") == later_app
        assert change.recovery_codes("anna") == {"A": "three", "C": "four"}
        assert change.break_glass("anna") == GLASS
        assert [code.user for code in change.break_glasses()] == ["ada", "anna"]


def test_all_users_are_counted_at_once(store: Store) -> None:
    with store.change() as change:
        change.put_authenticator(APP)
        change.put_recovery_codes("anna", {"A": "one", "B": "two"})
        change.put_recovery_codes("ben", {"A": "one"})
        change.drop_recovery_code("ben", "A")
    with store.change() as change:
        assert change.users_with_authenticator() == {"anna"}
        assert change.recovery_codes_left() == {"anna": 2}


def test_one_recovery_code_is_used_and_the_others_stay(store: Store) -> None:
    with store.change() as change:
        change.put_recovery_codes("anna", {"A": "one", "B": "two"})
        change.put_recovery_codes("ben", {"A": "three"})
        change.drop_recovery_code("anna", "A")
        change.drop_recovery_code("anna", "K")
    with store.change() as change:
        assert change.recovery_codes("anna") == {"B": "two"}
        assert change.recovery_codes("ben") == {"A": "three"}


def test_they_outlive_a_changed_enrolment_and_go_with_the_user(store: Store) -> None:
    with store.change() as change:
        for user in (ANNA, BEN):
            change.put_enrolment(user)
            change.put_authenticator(replace(APP, user=user.user))
            change.put_recovery_codes(user.user, {"A": "one"})
            change.put_break_glass(replace(GLASS, user=user.user))
            change.put_invitation(replace(INVITATION, user=user.user))
        change.put_enrolment(replace(ANNA, disabled=True))
    with store.change() as change:
        assert change.authenticator("anna") == APP
        assert change.recovery_codes("anna") == {"A": "one"}
        change.drop_enrolment("anna")
    with store.change() as change:
        assert change.authenticator("anna") is None
        assert change.recovery_codes("anna") == {}
        assert [code.user for code in change.break_glasses()] == ["ben"]
        assert [invitation.user for invitation in change.invitations()] == ["ben"]


def test_each_can_be_taken_away_alone(store: Store) -> None:
    with store.change() as change:
        change.put_authenticator(APP)
        change.put_break_glass(GLASS)
        change.drop_authenticator("anna")
        change.drop_break_glass("anna")
        change.drop_break_glass("nobody")
        change.put_invitation(INVITATION)
        assert change.invitation("anna") == INVITATION
        change.drop_invitation("anna")
        change.drop_invitation("nobody")
    with store.change() as change:
        assert change.authenticator("anna") is None
        assert change.break_glass("anna") is None
        assert change.invitation("anna") is None


def test_no_secret_shows_in_a_representation() -> None:
    assert APP.salt not in repr(APP)
    assert "argon2id" not in repr(GLASS)
    assert "argon2id" not in repr(INVITATION)
