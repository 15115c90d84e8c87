# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Carry out one PAM call: read the arguments, reach the daemon, hold the login, name the code."""

from __future__ import annotations

import pwd

from pam_smsotp import log
from pam_smsotp.arguments import Arguments, parse_arguments
from pam_smsotp.bus import Bus
from pam_smsotp.conversation import Conversation
from pam_smsotp.daemon import Daemon
from pam_smsotp.login import login
from pam_smsotp.verdict import DeniedError, UnreachableError, code_from_outcome
from pam_smsotp.wire import MalformedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pam_smsotp.handle import Handle

    Context = dict[str, str | list[str]]

NOT_AVAILABLE = "The second login step is not available now."
# To sudo, PAM_AUTHINFO_UNAVAIL is a wrong password: it would wait for the daemon three times over.
TAKES_IT_FOR_A_GUESS = ("sudo", "sudo-i")
# No account, host or terminal name is longer. A longer one is refused: cut, it would be another
# name, and sent, it could make the bus drop us, which fail=ignore would forgive.
LONGEST_ITEM = 4096


def authenticate(handle: Handle, flags: int, argv: Sequence[str]) -> int:
    """Let the daemon lead a login and return its verdict."""
    return _judged(handle, flags, argv, _authenticate)


def change_pin(handle: Handle, flags: int, argv: Sequence[str]) -> int:
    """Let the daemon lead a change of PIN, or see in the preliminary round that it is there."""
    return _judged(handle, flags, argv, _change_pin)


def _judged(
    handle: Handle,
    flags: int,
    argv: Sequence[str],
    phase: Callable[[Handle, int, Arguments, Conversation], str],
) -> int:
    conversation = Conversation(handle, silent=bool(flags & handle.PAM_SILENT))
    arguments = Arguments()
    try:
        # The first word is the path of the entry file.
        arguments = parse_arguments(argv[1:])
        return code_from_outcome(handle, phase(handle, flags, arguments, conversation))
    except UnreachableError as error:
        if arguments.fail_ignore:
            log.write(log.WARNING, f"service {handle.service}: passed over (fail=ignore): {error}")
            return handle.PAM_IGNORE
        return _refuse(handle, conversation, DeniedError("PAM_AUTHINFO_UNAVAIL", str(error)))
    except MalformedError as error:
        return _refuse(handle, conversation, DeniedError("PAM_AUTH_ERR", f"bad reply: {error}"))
    except DeniedError as error:
        return _refuse(handle, conversation, error)


def _refuse(handle: Handle, conversation: Conversation, denial: DeniedError) -> int:
    log.write(log.WARNING, f"service {handle.service}: {denial.code}: {denial}")
    code = denial.code
    if code == "PAM_AUTHINFO_UNAVAIL":
        if handle.service in TAKES_IT_FOR_A_GUESS:
            code = "PAM_CRED_UNAVAIL"
        try:
            conversation.show_error(NOT_AVAILABLE)
        except DeniedError:
            return code_from_outcome(handle, code)
    return code_from_outcome(handle, code)


def _authenticate(
    handle: Handle, flags: int, arguments: Arguments, conversation: Conversation
) -> str:
    wants_password = arguments.use_first_pass or arguments.try_first_pass
    password = handle.authtok if wants_password else None
    if arguments.use_first_pass and password is None:
        raise DeniedError("PAM_AUTHTOK_RECOVERY_ERR", "use_first_pass, but the stack has none")
    context = _context(handle, flags, arguments, arguments.mode)
    if password is not None:
        word = "use-first-pass" if arguments.use_first_pass else "try-first-pass"
        context["flags"] = [*context["flags"], word]
    return _converse(conversation, arguments, context, password)


def _change_pin(
    handle: Handle, flags: int, arguments: Arguments, conversation: Conversation
) -> str:
    if flags & handle.PAM_PRELIM_CHECK:
        with Bus(arguments.timeout) as bus:
            bus.connect()
            Daemon.find(bus)
        return "PAM_SUCCESS"
    return _converse(
        conversation, arguments, _context(handle, flags, arguments, "change-pin"), None
    )


def _context(handle: Handle, flags: int, arguments: Arguments, mode: str) -> Context:
    """Collect what Begin is told; what PAM does not know is empty."""
    try:
        user = handle.get_user(None)
    except handle.exception as error:
        raise DeniedError("PAM_CONV_ERR", "there is no user name") from error
    context: Context = {
        "user": account_name(user or ""),
        "service": handle.service or "",
        "rhost": handle.rhost or "",
        "tty": handle.tty or "",
        "ruser": handle.ruser or "",
        "mode": mode,
        "flags": ["silent"] if flags & handle.PAM_SILENT else [],
    }
    if any(len(item) > LONGEST_ITEM for item in context.values()):
        raise DeniedError("PAM_AUTH_ERR", "a PAM item is absurdly long")
    if arguments.pin_prompt:
        context["pin_prompt"] = arguments.pin_prompt
    if arguments.code_prompt:
        context["code_prompt"] = arguments.code_prompt
    return context


def account_name(user: str) -> str:
    """Return the name as the account has it; a name that nobody knows as it is.

    Directories take `ALICE` and `alice@corp` for `alice`, and so does the stack around us. Under
    another name she would not be enrolled, which some policies let pass to the password alone.
    """
    try:
        return pwd.getpwnam(user).pw_name
    except KeyError:
        return user


def _converse(
    conversation: Conversation,
    arguments: Arguments,
    context: Mapping[str, str | list[str]],
    password: str | None,
) -> str:
    with Bus(arguments.timeout) as bus:
        bus.connect()
        outcome = login(conversation, Daemon.find(bus), context, password)
    if arguments.debug:
        log.write(log.DEBUG, f"service {context['service']}: the daemon says {outcome}")
    return outcome
