# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The key that says in which language users are spoken to."""

import pytest

from tests.unit.config.conftest import Refusal, Write
from tests.unit.config.test_settings import Read

FILE = "smsotpd.toml"


@pytest.mark.parametrize("language", ["", "de", "pt_BR", "gsw"])
def test_a_service_has_the_language_that_its_policy_names(
    write: Write, read: Read, language: str
) -> None:
    write(FILE, f'[policy.default]\nlanguage = "pl"\n[policy.sshd]\nlanguage = "{language}"\n')
    settings = read().settings
    assert settings.policy("sshd").language == language
    assert settings.policy("sudo").language == "pl"


@pytest.mark.parametrize("value", ['"German"', '"de_DE.UTF-8"', '"../de"', '"DE"', "1", '["de"]'])
def test_what_is_no_language_is_refused_with_its_place(
    write: Write, refusal: Refusal, value: str
) -> None:
    write(FILE, f"[policy.default]\nlanguage = {value}\n")
    error = refusal()
    assert (error.key, error.line) == ("policy.default.language", 2)
    assert 'must be a language, as "de" or "pt_BR"' in error.complaint
