# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The catalogues of this tree, compiled as the package has them."""

import functools
import gettext
import subprocess
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PO: Final = ROOT / "daemon/po"
TEMPLATE: Final = PO / "pam-smsotp.pot"
LANGUAGES: Final = sorted(path.stem for path in PO.glob("*.po"))


class Sentences(gettext.GNUTranslations):
    """A compiled catalogue that can be looked through."""

    def all(self) -> dict[str, list[str]]:
        """Return the forms of each sentence, by its context and its English."""
        found: dict[str, list[str]] = {}
        catalogue: dict[str | tuple[str, int], str] = self._catalog  # type: ignore[attr-defined]  # typeshed leaves it out
        for key, text in sorted(catalogue.items(), key=str):
            name = key if isinstance(key, str) else key[0]
            if name:
                found.setdefault(name, []).append(text)
        return found


@functools.cache
def directory() -> Path:
    """Return the directory with the compiled catalogues, as /usr/share/locale."""
    made = tempfile.mkdtemp(prefix="pam-smsotp-locale-")
    subprocess.run([ROOT / "packaging/words", made], check=True)
    return Path(made)


def catalogue(language: str) -> Sentences:
    """Return the catalogue of a language."""
    with (directory() / language / "LC_MESSAGES/pam-smsotp.mo").open("rb") as stream:
        return Sentences(stream)
