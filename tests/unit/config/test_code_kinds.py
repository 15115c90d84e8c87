# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which codes a policy accepts, which comes first, and the words at the code prompt."""

import pytest

from smsotpd.core.code_kind import CodeKind
from tests.unit.config.conftest import Refusal, Write
from tests.unit.config.test_settings import Read

FILE = "smsotpd.toml"


def test_a_policy_names_codes_and_words(write: Write, read: Read) -> None:
    write(
        FILE,
        """
        [policy.sshd]
        codes = ["authenticator", "sent"]
        first = "authenticator"
        resend_word = "neu"
        channel_word = "weg"
        help_word = "hilfe"
        """,
    )
    policy = read().settings.policy("sshd")
    assert policy.codes == {CodeKind.AUTHENTICATOR, CodeKind.SENT}
    assert policy.first is CodeKind.AUTHENTICATOR
    texts = policy.texts
    assert (texts.resend_word, texts.channel_word, texts.help_word) == ("neu", "weg", "hilfe")
    assert read().settings.policy("sudo").first is CodeKind.SENT


@pytest.mark.parametrize(
    ("line", "key", "complaint"),
    [
        ("codes = []", "codes", "must be a list out of sent, authenticator, recovery"),
        ('codes = ["break-glass"]', "codes", "must be a list out of"),
        ('codes = ["sent", 1]', "codes", "must be a list out of"),
        ('codes = ["sent", ["sent"]]', "codes", "must be a list out of"),
        ('codes = "sent"', "codes", "must be a list out of"),
        ('first = "recovery"', "first", "must be one of sent, authenticator"),
        ('codes = ["sent"]\nfirst = "authenticator"', "first", "must be one of the codes"),
        ('help_word = "??"', "help_word", "must be letters only"),
        ('help_word = "1"', "help_word", "must be letters only"),
        ('channel_word = "?"', "channel_word", "must be letters only"),
        ('channel_word = "R"', "channel_word", "must differ"),
        ('resend_word = "c"', "resend_word", "must differ"),
        ('resend_word = "x"\nhelp_word = "X"', "help_word", "must differ"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    write: Write, refusal: Refusal, line: str, key: str, complaint: str
) -> None:
    write(FILE, f"[policy.sshd]\n{line}\n")
    error = refusal()
    assert error.key == f"policy.sshd.{key}"
    assert complaint in str(error)


def test_words_that_differ_only_between_files_are_looked_at_together(
    write: Write, refusal: Refusal
) -> None:
    write(FILE, '[policy.default]\nresend_word = "x"\n')
    write("smsotpd.d/10-site.toml", '[policy.sshd]\nchannel_word = "x"\n')
    assert refusal().key == "policy.sshd.channel_word"
