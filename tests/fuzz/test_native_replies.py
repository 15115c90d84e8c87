# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Any reply to the native terminal, under libFuzzer with ASan and UBSan."""

from __future__ import annotations

import os
import struct
import subprocess
from typing import TYPE_CHECKING

from tests.pam.built import FUZZER, built
from tests.static.tool import assert_content, located

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tally import Tried

# Seconds on one slow processor; minutes for `make fuzz`.
RUNS = 1_500_000 if os.environ.get("FUZZ") == "long" else 30_000


def message(kind: int, body: bytes) -> bytes:
    """Encode one message as the fuzz target reads them."""
    return struct.pack("<BH", kind, len(body)) + body


def text(value: str) -> bytes:
    """Encode a string, and the padding to the next one."""
    octets = value.encode()
    return struct.pack("<I", len(octets)) + octets + bytes(4 - len(octets) % 4)


def steps(*pairs: tuple[str, str]) -> bytes:
    """Encode an a(ss) that begins at a multiple of 8."""
    array = b""
    for kind, words in pairs:
        array += bytes(-len(array) % 8) + text(kind) + text(words).rstrip(b"\0") + b"\0"
    return struct.pack("<I", len(array)) + bytes(4) + array


def test_no_reply_of_a_daemon_confuses_it(tmp_path: Path, tried: Tried) -> None:
    """The fuzzer starts from whole logins and changes them."""
    tried(RUNS)
    begun = text("one") + bytes(0)  # 8 octets
    asked, granted = (
        steps(("info", "hello"), ("hidden", "PIN: ")),
        steps(("outcome", "PAM_SUCCESS")),
    )
    seeds = {
        "granted": message(6, begun + granted),
        "asked": message(6, begun + asked) + message(1, asked) + message(3, granted),
        "authtok": message(6, begun + steps(("authtok", ""))) + message(1, granted),
        "error": message(6, begun + asked) + message(255, b""),
        "stranger": message(254, begun + granted) + message(6, begun + asked),
        "raw": message(0, b"l\4\1\1" + bytes(60)),
    }
    (tmp_path / "seeds").mkdir()
    for name, seed in seeds.items():
        (tmp_path / "seeds" / name).write_bytes(seed)
    located("clang")
    assert_content(
        str(built(FUZZER)), f"-runs={RUNS}", "-seed=1",
        "-max_len=1024", "-timeout=10",
        f"-artifact_prefix={tmp_path}/", tmp_path / "seeds",
    )  # fmt: skip


def test_the_fuzz_target_lets_the_right_word_in(tmp_path: Path) -> None:
    """Otherwise it would fuzz a login that never comes to its end."""
    seed = tmp_path / "granted"
    seed.write_bytes(message(6, text("one") + steps(("outcome", "PAM_SUCCESS"))))
    said = subprocess.run(
        [built(FUZZER), seed],
        check=True,
        capture_output=True,
        text=True,
        env={"FUZZ_TELL": "1"},
    )
    assert "granted" in said.stdout
