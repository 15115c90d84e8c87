# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A configuration directory of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smsotpd.config.settings import Configuration, read_configuration
from smsotpd.core.errors import ConfigurationError

Write = Callable[..., Path]
Refusal = Callable[[], ConfigurationError]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file of the configuration directory."""

    def write(name: str, content: str | bytes, mode: int = 0o640) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def read(tmp_path: Path) -> Callable[[], Configuration]:
    """Return a function that reads the directory."""
    return lambda: read_configuration(tmp_path)


@pytest.fixture
def refusal(tmp_path: Path) -> Refusal:
    """Return a function that reads the directory and returns why that was refused."""

    def refusal() -> ConfigurationError:
        with pytest.raises(ConfigurationError) as caught:
            read_configuration(tmp_path)
        return caught.value

    return refusal
