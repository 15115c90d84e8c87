# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The catalogues: every sentence of the source in every language, and as it must be there."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from smsotpd.core.text import has_control_characters
from tests.fakes.compiled import LANGUAGES, PO, ROOT, TEMPLATE, Sentences, catalogue
from tests.static.tool import assert_content, output_of

each_language = pytest.mark.parametrize("language", LANGUAGES)
FIELD = re.compile(r"\{\w*\}")
NUMBER = "{number}"
POLKIT_ACTIONS = ROOT / "packaging/usr/share/polkit-1/actions/org.smsotp1.policy"
XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# CLDR: how many plural forms a language has of whole numbers.
PLURALS = {"de": 2, "es": 2, "fr": 2, "pl": 3, "pt_BR": 2}


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return the sentences of the source, both forms of those that have two."""
    folder = tmp_path_factory.mktemp("english")
    # The template leaves the plurals to each language.
    forms = re.compile(r'^"Plural-Forms: .*$', re.MULTILINE)
    text = forms.sub(r'"Plural-Forms: nplurals=2; plural=n != 1;\\n"', TEMPLATE.read_text())
    (folder / "en.pot").write_text(text)
    assert_content("msgen", "--output-file", folder / "en.po", folder / "en.pot")
    assert_content("msgfmt", "--output-file", folder / "en.mo", folder / "en.po")
    with (folder / "en.mo").open("rb") as stream:
        return Sentences(stream).all()


def test_the_languages_are_those_that_were_promised() -> None:
    assert LANGUAGES == ["de", "es", "fr", "pl", "pt_BR"]


def test_the_catalogues_are_those_of_the_source(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for folder in ("daemon", "packaging"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tree / folder, ignore=ignored)
    subprocess.run([tree / "packaging/words"], check=True)
    for path in (TEMPLATE, *PO.glob("*.po")):
        made = (tree / path.relative_to(ROOT)).read_text()
        assert made == path.read_text(), f"{path.name}: run make words, and translate what is new"


@each_language
def test_nothing_is_missing_or_fuzzy_or_unused(
    language: str, english: dict[str, list[str]]
) -> None:
    # msgfmt leaves out what is untranslated or fuzzy.
    assert catalogue(language).all().keys() == english.keys()
    path = PO / f"{language}.po"
    for what in ("--only-obsolete", "--only-fuzzy", "--untranslated"):
        status, found = output_of("msgattrib", what, path)
        assert (status, found) == (0, "")


@each_language
def test_every_form_fills_in_what_its_sentence_does(
    language: str, english: dict[str, list[str]]
) -> None:
    for key, forms in catalogue(language).all().items():
        named = {field for form in english[key] for field in FIELD.findall(form)}
        assert len(forms) == (PLURALS[language] if len(english[key]) > 1 else 1), key
        for number, form in enumerate(forms):
            # The first form may say "one" where it is for one alone.
            may_lack = {NUMBER} if number == 0 and len(forms) > 1 else set()
            assert named - may_lack <= set(FIELD.findall(form)) <= named, form
            assert not has_control_characters(form), form


@each_language
def test_what_polkit_asks_of_users_is_said_in_every_language(language: str) -> None:
    actions = ET.parse(POLKIT_ACTIONS).iter("action")  # noqa: S314  # a file of ours
    (enrol,) = [action for action in actions if action.get("id") == "org.smsotp1.self.enrol"]
    messages = {message.get(XML_LANGUAGE): message.text for message in enrol.iter("message")}
    # polkit cuts the territory off.
    said = messages.get(language.partition("_")[0])
    assert said
    assert said != messages[None]


@each_language
def test_prompts_stay_prompts_and_sentences_sentences(language: str) -> None:
    for key, forms in catalogue(language).all().items():
        end = re.search(r"[.: ]*$", key)
        assert end is not None
        for form in forms:
            # French has a space before its colon.
            assert re.sub(" :", ":", form).endswith(end.group()), form


@each_language
def test_the_words_to_type_are_single_letters_and_cannot_be_confused(language: str) -> None:
    said = catalogue(language)
    pairs = [("another code", "r"), ("another channel", "c"), ("help", "?")]
    forms = [{said.pgettext(*pair), pair[1]} for pair in pairs]
    assert all(len(form) == 1 and form == form.lower() for form in set[str]().union(*forms))
    assert len(set[str]().union(*forms)) == sum(len(form) for form in forms)


@pytest.mark.parametrize(
    ("number", "form"), [(1, "próba"), (2, "próby"), (4, "próby"), (5, "prób"), (12, "prób"),
                         (22, "próby"), (25, "prób")]
)  # fmt: skip
def test_polish_counts_as_poles_do(number: int, form: str) -> None:
    singular = "Wrong code, {number} try left. Code: "
    plural = "Wrong code, {number} tries left. Code: "
    said = catalogue("pl").ngettext(singular, plural, number)
    assert f" {form}. " in said
