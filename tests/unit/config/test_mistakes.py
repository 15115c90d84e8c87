# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A mistake in smsotpd.toml is refused, and the complaint says where it is and what would do."""

from pathlib import Path

import pytest

from smsotpd.config.document import line_of
from tests.unit.config.conftest import Refusal, Write

FILE = "smsotpd.toml"


def test_an_unknown_table_is_named_with_file_and_line(write: Write, refusal: Refusal) -> None:
    path = write(FILE, "[daemon]\n\n[gateway]\norder = []\n")
    error = refusal()
    assert (error.path, error.key, error.line) == (str(path), "gateway", 3)
    assert str(error).startswith(f"{path}:3: gateway: is no table of this file; known: [daemon]")


def test_an_unknown_key_is_named_with_those_that_are_known(write: Write, refusal: Refusal) -> None:
    path = write(FILE, "[limits]\nlock_seconds = 60\nlock_minutes = 1\n")
    error = refusal()
    assert (error.path, error.key, error.line) == (str(path), "limits.lock_minutes", 3)
    assert "known: failures_to_lock, lock_seconds" in str(error)


def test_a_bad_value_is_named_and_not_repeated(write: Write, refusal: Refusal) -> None:
    write(FILE, '[policy.default]\n[policy.sshd]\n# mode\nmode = "a-secret"\n')
    error = refusal()
    assert (error.key, error.line) == ("policy.sshd.mode", 4)
    assert str(error).endswith("must be one of conversation, two-attempt, auto")
    assert "a-secret" not in str(error)


def test_a_key_outside_of_every_table_is_no_table(write: Write, refusal: Refusal) -> None:
    write(FILE, 'factors = ["code"]\n')
    error = refusal()
    assert (error.key, error.line) == ("factors", 1)
    assert "is no table of this file" in str(error)


def test_a_table_that_is_a_value_is_refused(write: Write, refusal: Refusal) -> None:
    write(FILE, "limits = 10\n")
    assert str(refusal()).endswith(":1: limits: must be a table, as [limits]")


def test_a_rule_beside_the_policies_is_sent_into_one_of_them(
    write: Write, refusal: Refusal
) -> None:
    write(FILE, "[policy]\nresends = 1\n")
    error = refusal()
    assert (error.key, error.line) == ("policy.resends", 2)
    assert "[policy.default] or [policy.SERVICE]" in str(error)


def test_a_quoted_dotted_table_is_no_policy(write: Write, refusal: Refusal) -> None:
    write(FILE, '["policy.sshd"]\nresends = 1\n')
    assert "is no table of this file" in str(refusal())


def test_a_mistake_in_an_inline_table_is_found_on_its_line(write: Write, refusal: Refusal) -> None:
    write(FILE, "[policy]\ndefault = { resends = 1 }\nsshd = { resent = 1 }\n")
    error = refusal()
    assert (error.key, error.line) == ("policy.sshd.resent", 3)


def test_the_file_that_is_wrong_is_named_among_drop_ins(write: Write, refusal: Refusal) -> None:
    write(FILE, "[policy.sshd]\nresends = 1\n")
    path = write("smsotpd.d/10-site.toml", "[policy.sshd]\nresends = 11\n")
    assert str(refusal()) == f"{path}:2: policy.sshd.resends: must be a whole number from 0 to 10"


@pytest.mark.parametrize(
    ("text", "dotted", "line"),
    [
        ("a.b.c = 1\n", "a.b.c", 1),
        ("[a]\nb.c = 1\n", "a.b.c", 2),
        ('[a."b"]\n"c" = 1\n', "a.b.c", 2),
        ("[a]\n[ a . b ] # c = 0\nc = 1\n", "a.b.c", 3),
        ("[ab]\n[a]\n", "ab.c", 1),
        ("[abc]\n", "a.b", 0),
    ],
)
def test_a_key_is_found_however_it_is_written(text: str, dotted: str, line: int) -> None:
    assert line_of(text, dotted) == line


@pytest.mark.parametrize(
    ("content", "complaint", "line"),
    [
        (b"[daemon\n", "is not TOML: ", 1),
        (b"[daemon]\n\nhost = secret\n", "is not TOML: ", 3),
        (b"[daemon]\nhost = 'a'\nhost = 'b'\n", "is not TOML: ", 3),
        (b"\x7fELF\x02\x01\x01\x00", "is not TOML: ", 1),
        (b"[daemon]\nhost = '\xff\xfe'\n", "is not UTF-8 text", 0),
        (b"\x00" * 100, "is not TOML: ", 1),
        (b"x = " + b"[" * 100_000, "is not TOML: it is nested too deeply", 0),
        (b"x = " + b"9" * 100_000, "is not TOML: ", 0),
        (b"#" * (2 << 20), "is larger than 1048576 bytes", 0),
    ],
    ids=["header", "value", "twice", "binary", "latin-1", "zeros", "deep", "endless", "2-mb"],
)
def test_what_is_no_toml_is_refused_without_repeating_it(
    write: Write, refusal: Refusal, content: bytes, complaint: str, line: int
) -> None:
    path = write(FILE, content)
    error = refusal()
    assert (error.path, error.line) == (str(path), line)
    assert complaint in str(error)
    assert "secret" not in str(error)
    assert len(str(error)) < 300


def test_an_error_about_the_encoding_does_not_carry_the_file_along(
    write: Write, refusal: Refusal
) -> None:
    write(FILE, b"secret \xff")
    error = refusal()
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_a_directory_in_place_of_the_file_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    (tmp_path / FILE).mkdir()
    assert str(refusal()) == f"{tmp_path / FILE}: cannot be read: Is a directory"


def test_a_link_that_leads_nowhere_is_no_absent_file(tmp_path: Path, refusal: Refusal) -> None:
    (tmp_path / FILE).symlink_to(tmp_path / "gone")
    assert str(refusal()) == f"{tmp_path / FILE}: cannot be read: No such file or directory"


@pytest.mark.parametrize("name", ["smsotpd.d", "gateways.d"])
def test_a_directory_that_cannot_be_listed_is_no_empty_one(
    tmp_path: Path, refusal: Refusal, name: str
) -> None:
    (tmp_path / name).touch()
    assert str(refusal()) == f"{tmp_path / name}: cannot be read: Not a directory"
