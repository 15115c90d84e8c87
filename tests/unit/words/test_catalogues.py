# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which catalogue is taken for which locale."""

from pathlib import Path

import pytest

from smsotpd.core.phrase import ENGLISH, locale_of, nearest_language
from smsotpd.words.catalogues import MessageCatalogues
from tests.fakes.compiled import directory

CODE = {"de": "Code: ", "fr": "Code : ", "es": "Código: ", "pl": "Kod: "}


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("de", "Neue PIN: "),
        ("de_DE", "Neue PIN: "),
        ("de_AT.UTF-8", "Neue PIN: "),
        ("de_DE@euro", "Neue PIN: "),
        ("fr_CA.utf8", "Nouveau code PIN : "),
        ("es_MX.UTF-8", "PIN nuevo: "),
        ("pl_PL.ISO8859-2", "Nowy PIN: "),
        ("pt_BR.UTF-8", "PIN novo: "),
        ("pt_PT.UTF-8", "PIN novo: "),
        ("en_GB.UTF-8", "New PIN: "),
        ("C.UTF-8", "New PIN: "),
        ("POSIX", "New PIN: "),
        ("ja_JP.UTF-8", "New PIN: "),
        ("../../de", "New PIN: "),
        ("de_", "New PIN: "),
    ],
)
def test_a_locale_has_the_nearest_language_or_english(locale: str, said: str) -> None:
    catalogues = MessageCatalogues(directory(), "fr_FR.UTF-8")
    assert catalogues.complaints == ()
    assert catalogues.catalogue(locale).gettext("New PIN: ") == said


@pytest.mark.parametrize("language", CODE)
def test_without_a_wish_the_host_speaks_its_own(language: str) -> None:
    catalogues = MessageCatalogues(directory(), f"{language}_{language.upper()}.UTF-8")
    assert catalogues.catalogue("").gettext("Code: ") == CODE[language]


def test_a_host_without_catalogues_speaks_english(tmp_path: Path) -> None:
    catalogues = MessageCatalogues(tmp_path, "de_DE.UTF-8")
    assert catalogues.catalogue("") is ENGLISH
    assert catalogues.complaints == ()


@pytest.mark.parametrize("content", [b"", b"no catalogue", b"\xde\x12\x04\x95" + 40 * b"\xff"])
def test_a_broken_catalogue_is_complained_of_and_the_others_count(
    tmp_path: Path, content: bytes
) -> None:
    for language in ("de", "fr"):
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        whole = directory() / language / "LC_MESSAGES/pam-smsotp.mo"
        broken = language == "de"
        (folder / "pam-smsotp.mo").write_bytes(content if broken else whole.read_bytes())
    catalogues = MessageCatalogues(tmp_path, "de_DE.UTF-8")
    (complaint,) = catalogues.complaints
    assert "de/LC_MESSAGES/pam-smsotp.mo: is no message catalogue" in complaint
    assert catalogues.catalogue("") is ENGLISH
    assert catalogues.catalogue("fr").gettext("Code: ") == CODE["fr"]


@pytest.mark.parametrize(
    ("environment", "locale"),
    [
        ({"LANG": "de_DE.UTF-8"}, "de_DE.UTF-8"),
        ({"LANG": "de_DE.UTF-8", "LC_MESSAGES": "C"}, "C"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "pl_PL", "LC_MESSAGES": "C"}, "pl_PL"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": ""}, "de_DE.UTF-8"),
        ({}, ""),
    ],
)
def test_the_hosts_locale_is_what_posix_says(environment: dict[str, str], locale: str) -> None:
    assert locale_of(environment) == locale


@pytest.mark.parametrize(
    ("locale", "nearest"),
    [("pt_PT.UTF-8", "pt_BR"), ("pt_BR", "pt_BR"), ("de_AT", "de"), ("en_GB", ""), ("C", "")],
)
def test_smsotpctl_and_the_daemon_choose_the_same_language(locale: str, nearest: str) -> None:
    assert nearest_language(locale, {"de", "pt_BR"}) == nearest
