# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What we work out about a stack is what the real libpam does with it, whatever the stack.

Stacks are drawn at random, mistakes included. libpam runs them with modules that return what their
lines tell them; compared are the results of pam_authenticate, of pam_setcred after it and of
pam_setcred alone, and which modules were asked in which order.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from smsotpd.cli.errors import CliError
from smsotpd.cli.exit import Exit
from smsotpd.cli.pam.dispatch import Verdict, authenticate, set_credentials
from smsotpd.cli.pam.handlers import Chain, Handler, read_chain
from smsotpd.cli.pam.returns import MODULE_UNKNOWN, NAMES
from tests.pam.libpam.real_libpam import Answers, Heard, ask, build_module

SERVICE = "drawn"
INCLUDED = ("first", "second", "third")
ACTIONS = ("ignore", "ok", "done", "bad", "die", "reset", "1", "2", "3", "7")
# PAM_INCOMPLETE (31) suspends a transaction; 40 and -1 are no return values at all.
RETURNED = st.one_of(
    st.sampled_from([0, 0, 0, 7, 7, 25, 25, 9, 6]),
    st.sampled_from([number for number in range(32) if number != 31]),
    st.sampled_from([40, -1]),
)


@pytest.fixture(scope="session")
def module() -> Iterator[Path]:
    if shutil.which("cc") is None:
        pytest.fail("needs cc")
    with TemporaryDirectory(prefix="told-") as directory:
        Path(directory).chmod(0o755)
        yield build_module(Path(directory))


@st.composite
def controls(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        return draw(
            st.sampled_from(["required", "requisite", "sufficient", "optional", "Required"])
        )
    names = st.sampled_from(["success", "default", "ignore", "auth_err", "authinfo_unavail",
                             "perm_denied", "user_unknown", "new_authtok_reqd"])  # fmt: skip
    pairs = draw(st.lists(st.tuples(names, st.sampled_from(ACTIONS)), min_size=1, max_size=4))
    return "[" + " ".join(f"{name}={action}" for name, action in pairs) + "]"


# Left out, since libpam 1.5.2 itself crashes on them: an include without a name, and a failing
# “@include” inside another include.
MISTAKES = st.sampled_from(
    [
        "auth",
        "auth required",
        "auth compulsory @MODULE@ broken 0 0",
        "auth [success=0 default=bad] @MODULE@ broken 0 0",
        "auth [success=okay] @MODULE@ broken 0 0",
        "auth [succeeded=ok default=die] @MODULE@ broken 0 0",
        "auth [success ok] @MODULE@ broken 0 0",
        "auth [success=] @MODULE@ broken 0 0",
        "auth [success = ok default = ignore ] @MODULE@ odd 0 0",
        "auth success=1 @MODULE@ odd 0 0",
        "authx required @MODULE@ broken 0 0",
        "authx sufficient @MODULE@ broken 0 0",
        "auth include @DIR@/nowhere",
        "auth substack @DIR@/nowhere",
        "@INCLUDE @DIR@/plain",
        "auth required /nowhere/pam_missing.so",
        "auth sufficient /nowhere/pam_missing.so",
        "-auth [module_unknown=ignore success=1 default=bad] /nowhere/pam_missing.so",
        "account required @MODULE@ other-kind 0 0",
        "   # only a comment",
        "auth required \\\n  @MODULE@ continued 0 0",
        "auth [success=1 \\\n default=ignore] @MODULE@ continued \\\n 7 0",
        "AUTH REQUISITE @MODULE@ loud 7 0 # not this",
        "auth\toptional\t@MODULE@\ttabbed\t0\t0",
        "auth required [@MODULE@] bracketed 0 0",
    ]
)


@st.composite
def lines(draw: st.DrawFn, includable: tuple[str, ...]) -> str:
    choice = draw(st.integers(0, 9))
    if includable and choice <= 2:
        how = draw(st.sampled_from(["auth include", "auth substack", "auth substack", "@include"]))
        return f"{how} @DIR@/{draw(st.sampled_from(includable))}"
    if choice == 3:
        return draw(MISTAKES)
    name = draw(st.integers(100, 999))
    return f"auth {draw(controls())} @MODULE@ m{name} {draw(RETURNED)} {draw(RETURNED)}"


@st.composite
def directories(draw: st.DrawFn) -> dict[str, str]:
    """Return the texts of a service, of what it includes, and of `other`."""
    texts = {}
    for position, name in enumerate(INCLUDED):
        count = draw(st.integers(0, 4))
        inner = tuple(INCLUDED[:position])
        texts[name] = "".join(f"{draw(lines(inner))}\n" for _ in range(count))
    # Without any rule of its own, a service has those of `other`.
    texts[SERVICE] = "".join(f"{draw(lines(INCLUDED))}\n" for _ in range(draw(st.integers(0, 6))))
    texts["plain"] = "auth required @MODULE@ plain 0 0\naccount required @MODULE@ other 0 0\n"
    texts["other"] = f"auth {draw(controls())} @MODULE@ m1 {draw(RETURNED)} {draw(RETURNED)}\n"
    return texts


@settings(
    max_examples=1500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(texts=directories())
def test_a_stack_drawn_at_random_ends_as_libpam_ends_it(
    texts: dict[str, str], module: Path
) -> None:
    compare(texts, module)


def compare(texts: dict[str, str], module: Path) -> None:
    with TemporaryDirectory(prefix="stacks-") as path:
        directory = Path(path)
        for name, text in texts.items():
            filled = text.replace("@DIR@", path).replace("@MODULE@", str(module))
            (directory / name).write_text(filled)
        heard = ask(directory, SERVICE)
        chain = read_chain(SERVICE, reader(directory))
    ours = worked_out(chain)
    event(f"granted: {heard.authenticated.status == 0}")
    event(f"modules asked: {min(len(heard.authenticated.asked), 6)}")
    assert ours == heard


def reader(directory: Path) -> Callable[[str], str]:
    def read(name: str) -> str:
        try:
            return (directory / name).read_text()
        except FileNotFoundError:
            raise CliError(f"{name} does not exist", exit_code=Exit.NOT_FOUND) from None

    return read


def worked_out(chain: Chain) -> Answers:
    first = authenticate(chain, told(1))
    return Answers(
        _heard(first),
        _heard(set_credentials(chain, told(2), first)),
        _heard(set_credentials(chain, told(2), None)),
    )


def told(which: int) -> Callable[[Handler], int]:
    def returns(handler: Handler) -> int:
        if handler.module_name != "pam_told.so":
            return MODULE_UNKNOWN
        return int(handler.arguments.split()[which])

    return returns


def _heard(verdict: Verdict) -> Heard:
    asked = tuple(
        handler.arguments.split()[0]
        for handler, _ in verdict.called
        if handler.module_name == "pam_told.so"
    )
    return Heard(verdict.status, asked)


def test_return_values_are_numbered_as_libpam_numbers_them(module: Path, tmp_path: Path) -> None:
    # A control that lets one value through, and a module that returns every value in turn.
    for number, name in enumerate(NAMES):
        if name == "incomplete":
            continue
        (tmp_path / SERVICE).write_text(
            f"auth [{name}=1 default=die] {module} asked {number} 0\n"
            f"auth requisite {module} next 7 0\n"
            f"auth required {module} last 0 0\n"
        )
        heard = ask(tmp_path, SERVICE)
        assert heard.authenticated == Heard(0, ("asked", "last")), name
        assert worked_out(read_chain(SERVICE, reader(tmp_path))) == heard, name


def test_a_file_that_ends_in_the_middle_of_a_line_ends_every_login(
    module: Path, tmp_path: Path
) -> None:
    (tmp_path / SERVICE).write_text(f"auth required {module} a 0 0\nauth required \\\n")

    heard = ask(tmp_path, SERVICE)

    assert worked_out(read_chain(SERVICE, reader(tmp_path))) == heard
    assert heard.authenticated.status != 0


def test_a_missing_at_include_is_worked_out_as_libpam_has_it(module: Path, tmp_path: Path) -> None:
    (tmp_path / SERVICE).write_text(f"auth required {module} a 0 0\n@include {tmp_path}/nowhere\n")

    heard = ask(tmp_path, SERVICE)

    assert worked_out(read_chain(SERVICE, reader(tmp_path))) == heard
