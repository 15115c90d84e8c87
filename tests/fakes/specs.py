# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Published descriptions of the providers' interfaces, where they lie beside the checkout.

They are not ours to ship: a test that needs one is skipped where the folder is missing.
"""

import json
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "specs"


def published(name: str) -> dict[str, Any]:
    """Return a description, JSON or YAML, parsed."""
    path = FOLDER / name
    if not FOLDER.is_dir():
        pytest.skip(f"no published descriptions in {FOLDER.parent.name}/{FOLDER.name} here")
    parse = json.loads if path.suffix == ".json" else yaml.safe_load
    described: dict[str, Any] = parse(path.read_text())
    return described


def assert_fits(description: dict[str, Any], pointer: str, value: object) -> None:
    """Check a value against the schema at a pointer, as `#/definitions/Message`.

    Members that the schema does not name are refused: a provider may ignore them, but then we sent
    them in vain.
    """
    schema = _at(description, pointer)
    # The description is the root, so that references within it resolve.
    jsonschema.Draft4Validator({**description, "$ref": pointer}).validate(value)
    if isinstance(value, dict) and "properties" in schema:
        assert set(value) <= set(schema["properties"])


def _at(description: dict[str, Any], pointer: str) -> dict[str, Any]:
    found: Any = description
    for step in pointer.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    assert isinstance(found, dict)
    return found
