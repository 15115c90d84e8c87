# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Enabling and disabling as text to text."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsotpd.cli.errors import RefusalError
from smsotpd.cli.pam.block import Stack, State, disable, enable, state
from smsotpd.cli.pam.known import KNOWN
from smsotpd.cli.pam.terminal import Terminal
from tests.unit.cli.pam_vectors import RELEASES, ROOT, UNDERSTOOD, read, reader

COMMON_AUTH = read("debian12", "common-auth")


def stock(_name: str) -> str:
    return COMMON_AUTH


def enable_stock(text: str, stack: Stack = Stack.INSTEAD) -> str:
    return enable("test", text, stack, "", stock)


@pytest.mark.parametrize("path", sorted((ROOT / "enabled").iterdir()), ids=lambda path: path.name)
def test_enabling_writes_exactly_the_text_that_was_reviewed(path: Path) -> None:
    service, stack, terminal = path.name.split(".")
    arguments = KNOWN[service].arguments

    text = read("debian12", service)
    written = enable(
        service, text, Stack(stack), arguments, reader("debian12"), terminal=Terminal(terminal)
    )

    assert written == path.read_text()


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("service", "stack"),
    # A code after cockpit's substack is refused, as another test says.
    [pair for pair in product(UNDERSTOOD, Stack) if pair != ("cockpit", Stack.AFTER)],
)
@pytest.mark.parametrize("terminal", Terminal)
def test_disabling_restores_every_stock_file(
    release: str, service: str, stack: Stack, terminal: Terminal
) -> None:
    text = read(release, service)

    enabled = enable(service, text, stack, "", reader(release), terminal=terminal)

    assert state(enabled).value == stack.value
    assert disable(service, enabled) == text


HARMLESS = st.sampled_from(
    [
        "",
        "\t",
        "# a comment, é, \x0b, \udcff, \u2028",
        "#%PAM-1.0\r",
        "account required pam_nologin.so",
        "auth requisite pam_nologin.so",
        "-auth optional pam_gnome_keyring.so",
        "session [success=ok ignore=ignore default=bad] pam_selinux.so open",
        "# END of the file",
        "# was: something else",
        "# BEGIN something else",
    ]
)
PASSWORD = st.sampled_from(
    ["@include common-auth", "  @include\tcommon-auth  # why", "auth include common-auth\r"]
)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("stack", Stack)
def test_su_is_understood_with_its_rule_that_lets_root_in(release: str, stack: Stack) -> None:
    text = read(release, "su")

    enabled = enable("su", text, stack, "", reader(release), terminal=Terminal.NATIVE)

    assert "sufficient pam_rootok.so" in text
    assert disable("su", enabled) == text


@given(
    before=st.lists(HARMLESS),
    password=PASSWORD,
    after=st.lists(HARMLESS),
    ends_with_newline=st.booleans(),
    stack=st.sampled_from(list(Stack)),
)
def test_disabling_undoes_enabling_byte_by_byte(
    before: list[str], password: str, after: list[str], *, ends_with_newline: bool, stack: Stack
) -> None:
    text = "\n".join([*before, password, *after, *([""] if ends_with_newline else [])])

    assert disable("test", enable_stock(text, stack)) == text


@given(st.text() | st.lists(st.sampled_from(
    ["@include common-auth", "# BEGIN pam-smsotp instead", "# END pam-smsotp", "# was: x",
     "auth required pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py", "auth", "\\", "[", "x"]
)).map("\n".join), st.sampled_from(list(Stack)))  # fmt: skip
def test_any_text_is_refused_or_restored(text: str, stack: Stack) -> None:
    try:
        enabled = enable_stock(text, stack)
    except RefusalError:
        return
    assert enabled != text
    assert disable("test", enabled) == text


@given(st.text())
def test_disabling_never_fails_but_with_a_refusal(text: str) -> None:
    try:
        restored = disable("test", text)
    except RefusalError:
        return
    assert restored == text or state(text) in {State.INSTEAD, State.AFTER}


@pytest.mark.parametrize(
    "line",
    [
        "auth sufficient pam_rootok.so",
        "auth required pam_unix.so",
        "auth [success=1 default=ignore] pam_succeed_if.so user = me",
        "auth requisite pam_nologin.so \\",
        "auth include /etc/elsewhere",
        "nonsense",
        "auth required",
        "@include",
    ],
)
def test_a_hand_written_line_is_refused_with_its_number(line: str) -> None:
    with pytest.raises(RefusalError, match=r"/etc/pam\.d/test, line 2"):
        enable_stock(f"#%PAM-1.0\n{line}\n@include common-auth\n")


def test_a_file_that_asks_for_no_password_is_refused() -> None:
    with pytest.raises(RefusalError, match="no line “@include common-auth”"):
        enable_stock("account required pam_permit.so\n")


def test_a_file_that_asks_twice_is_refused() -> None:
    with pytest.raises(RefusalError, match="more than once"):
        enable_stock("@include common-auth\n@include common-auth\n")


@pytest.mark.parametrize(
    ("find", "put"),
    [
        ("[success=1 default=ignore]", "sufficient"),
        ("[success=1 default=ignore]", "[success=2 default=ignore]"),
        ("[success=1 default=ignore]", "[success=done default=ignore]"),
        ("[success=1 default=ignore]", "[success=ok default=ignore]"),
        ("[success=1 default=ignore]", "[success=0 default=ignore]"),
        ("auth\trequisite\t\t\tpam_deny.so", "auth optional pam_deny.so"),
        ("auth\trequired\t\t\tpam_permit.so", ""),
        ("auth\toptional\t\t\tpam_cap.so", "auth sufficient pam_cap.so"),
        ("auth\toptional\t\t\tpam_cap.so", "auth required pam_unix.so"),
        ("# end of pam-auth-update config", "session required pam_permit.so"),
        ("# end of pam-auth-update config", "auth substack login"),
    ],
)
@pytest.mark.parametrize("stack", Stack)
def test_a_common_auth_that_could_let_anybody_past_is_refused(
    find: str, put: str, stack: Stack
) -> None:
    assert find in COMMON_AUTH
    changed = COMMON_AUTH.replace(find, put)

    with pytest.raises(RefusalError):
        enable("test", "@include common-auth\n", stack, "", lambda _name: changed)


def test_further_ways_to_prove_the_password_are_understood() -> None:
    # As pam-auth-update writes it with libpam-fprintd and libpam-sss.
    rules = (
        "auth [success=3 default=ignore] pam_fprintd.so max-tries=1 timeout=10\n"
        "auth [success=2 default=ignore] pam_unix.so nullok try_first_pass\n"
        "auth [success=1 default=ignore] pam_sss.so use_first_pass\n"
    )
    unix = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n"
    assert unix in COMMON_AUTH
    changed = COMMON_AUTH.replace(unix, rules)

    text = enable("test", "@include common-auth\n", Stack.AFTER, "", lambda _name: changed)

    assert state(text) is State.AFTER


def test_a_file_that_includes_itself_is_refused() -> None:
    with pytest.raises(RefusalError, match="too deeply"):
        enable("a", "@include a\n", Stack.INSTEAD, "", lambda _name: "@include a\n")


def test_a_service_behind_an_enabled_one_is_refused() -> None:
    login = enable("login", read("debian12", "login"), Stack.INSTEAD, "", reader("debian12"))
    files = {"login": login, "common-auth": COMMON_AUTH}
    for name in ("account", "password", "session"):
        files[f"common-{name}"] = read("debian12", f"common-{name}")

    with pytest.raises(RefusalError, match="asks for a code already"):
        enable("i3lock", read("debian12", "i3lock"), Stack.INSTEAD, "", files.__getitem__)


def test_a_code_after_a_substack_is_refused_since_a_wrong_password_would_send_one() -> None:
    with pytest.raises(RefusalError, match="substack"):
        enable_stock("auth substack common-auth\n", Stack.AFTER)


def test_enabling_twice_is_refused() -> None:
    with pytest.raises(RefusalError, match="already"):
        enable_stock(enable_stock("@include common-auth\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@include common-auth\n", State.OFF),
        ("# pam_smsotp was here\n", State.OFF),
        ("auth required pam_python.so /usr/lib/pam-smsotp/pam_smsotp.py\n", State.BY_HAND),
        ("auth required pam_smsotp.so\n", State.BY_HAND),
        ("# BEGIN pam-smsotp instead\n", State.DAMAGED),
        ("# END pam-smsotp\n", State.DAMAGED),
        ("# BEGIN pam-smsotp instead\nx\ny\n# END pam-smsotp\n", State.DAMAGED),
        ("# BEGIN pam-smsotp other\n#\n# was: x\ny\n# END pam-smsotp\n", State.DAMAGED),
        ("# BEGIN pam-smsotp after\n#\n# was: x\ny\n# END pam-smsotp\n", State.AFTER),
    ],
)
def test_the_state_is_read_from_the_file(text: str, expected: State) -> None:
    assert state(text) is expected


@pytest.mark.parametrize("remnant", ["# BEGIN pam-smsotp instead\n", "auth x pam_smsotp.so\n"])
def test_what_we_did_not_write_is_not_taken_out(remnant: str) -> None:
    with pytest.raises(RefusalError):
        disable("test", remnant)


def test_a_block_edited_inside_is_still_taken_out_whole() -> None:
    edited = enable_stock("@include common-auth\n").replace("auth\tsubstack", "auth\tinclude")

    assert disable("test", edited) == "@include common-auth\n"
