# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Small files: whoever reads one can hold it in mind."""

import ast
import io
import re
import tokenize
from typing import Final

from tests.static.tree import ROOT, files, python_files

MODULE_LINES: Final = 400
# It runs as root inside other people's programs: it must stay readable in one sitting.
TERMINAL_CODE_LINES: Final = 800
NATIVE_CODE_LINES: Final = 720

_LAYOUT: Final = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    """Count the lines that hold code: no blank line, comment or docstring."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    occupied = {
        line
        for token in tokens
        if token.type not in _LAYOUT
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(occupied - _docstring_lines(source))


def _docstring_lines(source: str) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and ast.get_docstring(node) is not None:
            lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines


def test_comments_and_docstrings_are_not_code() -> None:
    source = '"""Say what it is."""\n\n# why\nx = (\n    1\n)\n\n\ndef f():\n    """Do it."""\n'
    assert code_lines(source) == 4


def test_no_module_is_longer_than_its_budget() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in python_files()}
    too_long = {
        str(path.relative_to(ROOT)): length
        for path, length in lengths.items()
        if length > MODULE_LINES
    }
    assert lengths
    assert too_long == {}


def test_the_terminal_stays_readable_in_one_sitting() -> None:
    modules = python_files("pam_smsotp")
    assert modules
    assert sum(code_lines(path.read_text()) for path in modules) <= TERMINAL_CODE_LINES


def test_the_terminal_in_c_stays_so_too() -> None:
    sources = [path for path in files() if path.parent == ROOT / "pam_smsotp/native"]
    texts = {path: path.read_text() for path in sources if path.suffix in {".c", ".h"}}
    assert texts
    assert all(len(text.splitlines()) <= MODULE_LINES for text in texts.values())
    code = (re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL) for text in texts.values())
    lines = [line for text in code for line in text.splitlines() if line.strip()]
    assert len(lines) <= NATIVE_CODE_LINES
