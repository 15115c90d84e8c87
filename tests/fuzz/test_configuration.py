# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Any configuration: read, or refused in words that name the file and give no secret away."""

import re
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from smsotpd.config.settings import Configuration, read_configuration
from smsotpd.core.errors import ConfigurationError
from tests.tally import Tried

SAMPLE = Path(__file__).parents[2] / "etc/smsotp/smsotpd.toml"
SECRET = "hush-4711-hush"  # what must not be repeated
GATEWAY = f"""type = "http"
[settings]
URL = "https://sms.example"
"option.text" = "{{otp}}"
[secrets]
PASSWORD = "{SECRET}"
"""

# Every key of the sample, as a line that sets it to its default.
LINES = [
    line.removeprefix("#")
    for line in SAMPLE.read_text().splitlines()
    if re.match(r"\[|#[a-z_]+ = ", line)
]
VALUES = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans().map(lambda value: str(value).lower()),
    st.text(max_size=30).map(lambda text: repr(text).replace("'", '"')),
    st.lists(st.integers(), max_size=3),
    st.sampled_from(['["pin"]', '["code", "code"]', "{}", "{a = 1}", "1979-05-27", '""', "[[]]"]),
)


def look(name: str, content: bytes) -> Configuration | ConfigurationError:
    """Read a directory with one such file."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o600)
        try:
            return read_configuration(Path(directory))
        except ConfigurationError as error:
            refusal = error
    # One line for each mistake, each with the file's name.
    assert all(name in line for line in str(refusal).split("\n"))
    assert SECRET not in str(refusal)
    return refusal


def test_any_value_under_any_key_is_taken_or_refused_in_words(tried: Tried) -> None:
    @given(st.lists(st.tuples(st.integers(0, len(LINES) - 1), VALUES), max_size=3))
    def is_read_or_refused(changes: list[tuple[int, object]]) -> None:
        tried()
        lines = list(LINES)
        for at, value in changes:
            key = lines[at].partition("=")[0]
            lines[at] = lines[at] if lines[at].startswith("[") else f"{key}= {value}"
        look("smsotpd.toml", "\n".join(lines).encode(errors="replace"))

    assert isinstance(look("smsotpd.toml", "\n".join(LINES).encode()), Configuration)
    is_read_or_refused()


def test_any_bytes_are_refused_in_words(tried: Tried) -> None:
    @given(st.binary(max_size=400))
    def is_read_or_refused(content: bytes) -> None:
        tried()
        look("smsotpd.toml", content)

    is_read_or_refused()


def test_a_gateway_file_with_any_bytes_in_it_gives_no_secret_away(tried: Tried) -> None:
    @given(st.integers(0, len(GATEWAY)), st.integers(0, 20), st.binary(max_size=20))
    def is_read_or_refused(at: int, without: int, noise: bytes) -> None:
        tried()
        whole = GATEWAY.encode()
        found = look("gateways.d/main.toml", whole[:at] + noise + whole[at + without :])
        assert SECRET not in repr(found)

    found = look("gateways.d/main.toml", GATEWAY.encode())
    assert isinstance(found, Configuration)
    assert [each.name for each in found.gateways] == ["main"]
    is_read_or_refused()
