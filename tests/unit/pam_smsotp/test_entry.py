# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The functions PAM calls: what they may return and what loading them may cost."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pam_smsotp
from pam_smsotp import entry, log
from tests.unit.pam_smsotp.scripted_handle import ScriptedHandle

PACKAGE = Path(pam_smsotp.__file__).parent
ENTRY_FILE = PACKAGE.parent / "packaging/usr/lib/pam-smsotp/pam_smsotp.py"
FUNCTIONS = {
    "pam_sm_authenticate",
    "pam_sm_setcred",
    "pam_sm_acct_mgmt",
    "pam_sm_open_session",
    "pam_sm_close_session",
    "pam_sm_chauthtok",
}
# All that the terminal may bring into a host beyond what the bare interpreter has.
ALLOWED_IMPORTS = {"__future__", "_socket", "pwd"}


def functions(path: Path) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(path.read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def returned_values(function: ast.FunctionDef) -> list[ast.expr | None]:
    return [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]


def is_pam_code(value: ast.expr | None) -> bool:
    """Say whether an expression is `handle.PAM_…` or a call that returns one."""
    match value:
        case ast.Attribute(value=ast.Name(id="handle"), attr=name):
            return name.startswith("PAM_")
        case ast.Call(func=ast.Name(id=name)):
            return name in {"code_from_outcome", "_judged", "_refuse"}
        case ast.Call(func=ast.Attribute(value=ast.Name(id="terminal"), attr=name)):
            return name in {"authenticate", "change_pin"}
        case _:
            return False


def ends_in_return(function: ast.FunctionDef) -> bool:
    match function.body[-1]:
        case ast.Return():
            return True
        case ast.Try(body=[*_, ast.Return()], handlers=handlers):
            return all(isinstance(handler.body[-1], ast.Return) for handler in handlers)
        case _:
            return False


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_pam_function_returns_named_codes_only_on_every_path(name: str) -> None:
    function = functions(PACKAGE / "entry.py")[name]
    values = returned_values(function)
    assert values
    assert all(is_pam_code(value) for value in values), ast.unparse(function)
    assert ends_in_return(function)


@pytest.mark.parametrize("name", ["authenticate", "change_pin", "_judged", "_refuse"])
def test_what_a_pam_function_passes_on_is_a_named_code_on_every_path(name: str) -> None:
    function = functions(PACKAGE / "terminal.py")[name]
    values = returned_values(function)
    assert values
    assert all(is_pam_code(value) for value in values), ast.unparse(function)
    assert ends_in_return(function)


def test_the_rule_itself_finds_a_bool_a_none_and_a_missing_return() -> None:
    bad = ast.parse(
        "def f(handle):\n    if handle:\n        return True\n    return\n"
        "def g(handle):\n    handle.PAM_SUCCESS\n"
    )
    f, g = (node for node in bad.body if isinstance(node, ast.FunctionDef))
    assert [is_pam_code(value) for value in returned_values(f)] == [False, False]
    assert not ends_in_return(g)


def test_the_entry_file_is_tiny_and_has_all_six_functions() -> None:
    text = ENTRY_FILE.read_text()
    names: dict[str, object] = {}
    exec(compile(text, ENTRY_FILE, "exec"), names)  # noqa: S102  # as pam_python does
    assert {name for name in names if name.startswith("pam_sm_")} == FUNCTIONS
    assert len(text.splitlines()) < 25


@pytest.mark.parametrize(
    "fault",
    [SystemExit(0), KeyboardInterrupt(), MemoryError(), ValueError("2580"), GeneratorExit()],
)
def test_whatever_happens_below_refuses(
    fault: BaseException, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The machine's own log is not for these.
    monkeypatch.setattr(log, "SOCKET", str(tmp_path / "absent"))
    handle = ScriptedHandle()
    handle.user = fault
    argv = ["/path", "fail=ignore"]
    assert entry.pam_sm_authenticate(handle, 0, argv) == handle.PAM_AUTHINFO_UNAVAIL
    assert entry.pam_sm_chauthtok(handle, 0, argv) == handle.PAM_AUTHINFO_UNAVAIL


def test_a_fault_refuses_even_where_it_cannot_be_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "write", None)
    handle = ScriptedHandle()
    handle.user = ValueError("2580")
    assert entry.pam_sm_authenticate(handle, 0, ["/path"]) == handle.PAM_AUTHINFO_UNAVAIL


def test_the_quiet_phases_return_their_codes() -> None:
    handle = ScriptedHandle()
    assert entry.pam_sm_setcred(handle, 0, []) == handle.PAM_SUCCESS
    assert entry.pam_sm_acct_mgmt(handle, 0, []) == handle.PAM_IGNORE
    assert entry.pam_sm_open_session(handle, 0, []) == handle.PAM_IGNORE
    assert entry.pam_sm_close_session(handle, 0, []) == handle.PAM_IGNORE


def imported_by(statement: str) -> set[str]:
    """Return the modules that a statement adds to a fresh isolated interpreter."""
    program = (
        f"import sys, os, time\nsys.path.insert(0, {str(PACKAGE.parent)!r})\n"
        f"before = set(sys.modules)\n{statement}\nprint(*sorted(set(sys.modules) - before))"
    )
    # -S: site-packages may hold hooks that import much themselves and would hide what we add.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        check=True, text=True, capture_output=True, env={"PATH": os.defpath},
    )  # fmt: skip
    return set(done.stdout.split())


def test_the_import_budget_is_kept() -> None:
    added = imported_by("import pam_smsotp.terminal")
    ours = {f"pam_smsotp.{path.stem}" for path in PACKAGE.glob("*.py")} | {"pam_smsotp"}
    assert added - ours <= ALLOWED_IMPORTS
    assert "pam_smsotp.handle" not in added


def test_the_quiet_phases_load_nothing() -> None:
    added = imported_by("from pam_smsotp.entry import pam_sm_setcred")
    assert added == {"__future__", "pam_smsotp", "pam_smsotp.entry"}
