# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The words of the dialogue; the prompt itself says all that the user must know.

sshd shows information only together with the next prompt, and greeters cut or drop it, so each
prompt fits into 60 characters with the texts as shipped.
"""

from collections.abc import Sequence

from smsotpd.core.code_kind import CodeKind
from smsotpd.core.policy import AllowedUntil, Policy
from smsotpd.core.ruling import Check
from smsotpd.core.sending import NotSent, Sent
from smsotpd.core.spare_code import FEW_LEFT
from smsotpd.core.text import fill, printable
from smsotpd.core.throttle import Refusal
from smsotpd.core.transaction import Context, Result, Step, StepKind, Steps
from smsotpd.core.ways import Ways

ENROL_COMMAND = "smsotpctl self enrol"
NOT_PROVEN = "That was not right, or you are locked. Nothing was changed."
NOT_CHANGED = "Your enrolment was changed meanwhile. Nothing more was changed."
PINS_DIFFER = "The two PINs differ; nothing was changed."
TOO_MANY_WRONG = "Too many wrong codes. Try again later."
NOTHING_AT_HAND = "No code can be asked for. Ask an administrator."
NOTHING_IS_SENT: Steps = (Step(StepKind.INFO, "No codes are sent here."),)
NO_OTHER_CHANNEL: Steps = (Step(StepKind.INFO, "There is no such other channel."),)

# By whether there is an authenticator app, and whether there are recovery codes.
_ASK_OTHER = {
    (True, True): "Authenticator or recovery code: ",
    (True, False): "Authenticator code: ",
    (False, True): "Recovery code: ",
    (False, False): "Code: ",
}
_ASK_UNSENT = {
    (True, True): "No code could be sent. Authenticator or recovery code: ",
    (True, False): "No code could be sent. Authenticator code: ",
    (False, True): "No code could be sent. Recovery code: ",
    (False, False): "No code could be sent. Code: ",
}
_ASK_MEANWHILE = {
    (True, True): "No code for {wait} s. Authenticator or recovery code: ",
    (True, False): "No code for {wait} s. Authenticator code: ",
    (False, True): "No code for {wait} s. Recovery code: ",
    (False, False): "No code for {wait} s. Code: ",
}

# LightDM's GTK greeter shows no text with the first field, only what was said before it.
_SILENT_FIRST_FIELD = frozenset({"lightdm"})


def ask_pin(policy: Policy, context: Context) -> Steps:
    """Ask for the PIN."""
    prompt = hidden(context.pin_prompt or policy.texts.pin_prompt)
    if context.service not in _SILENT_FIRST_FIELD:
        return prompt
    return (Step(StepKind.INFO, prompt[0].text.rstrip(": ")), *prompt)


def ask_single(policy: Policy, context: Context) -> Steps:
    """Ask for PIN, or PIN and code, in one field."""
    return hidden(context.pin_prompt or policy.texts.single_prompt)


def ask_send(policy: Policy, masked: str) -> Steps:
    """Ask for a word before a code is sent: an empty answer may be a program's, not a person's."""
    values = {"phone": masked, "word": policy.texts.resend_word}
    return hidden(fill(policy.texts.send_prompt, values))


def ask_code(policy: Policy, context: Context, sent: Sent) -> Steps:
    """Ask for the code that is on its way."""
    if context.code_prompt or sent.is_new:
        text = context.code_prompt or policy.texts.code_prompt
        prompt = fill(text, {"phone": sent.masked})
    else:
        prompt = f"Code was already sent to {sent.masked}: "
    notes: Steps = ()
    if not sent.is_sure:
        word = policy.texts.resend_word
        notes = (Step(StepKind.INFO, f"The code may be late; {word} asks for another."),)
    return notes + transaction_id(sent) + hidden(prompt)


def ask_present_pin() -> Steps:
    """Ask for the PIN before something is changed."""
    return hidden("Current PIN: ")


def ask_new_pin(error: str = "") -> Steps:
    """Ask for a new PIN, after telling what was wrong with the one before."""
    prompt = hidden("New PIN: ")
    return (Step(StepKind.ERROR, error), *prompt) if error else prompt


def ask_new_pin_again() -> Steps:
    """Ask for the new PIN a second time."""
    return hidden("New PIN again: ")


def end_changed() -> Steps:
    """End a change that counts."""
    note = Step(StepKind.INFO, "It is changed, and counts from now on.")
    return (note, Step(StepKind.OUTCOME, Result.SUCCESS))


def end_with_recovery_codes(codes: Sequence[str]) -> Steps:
    """Show new recovery codes, this once."""
    note = "Keep these codes where the phone is not; each lets you in once, in place of a sent one:"
    shown = tuple(Step(StepKind.INFO, text) for text in (note, *codes))
    return (*shown, Step(StepKind.OUTCOME, Result.SUCCESS))


def ask_number() -> Steps:
    """Ask who is not enrolled yet for a mobile number."""
    return (Step(StepKind.VISIBLE, "Not enrolled yet. Mobile number, as +491701234567: "),)


def ask_number_again() -> Steps:
    """Ask for a number after what was none."""
    return (Step(StepKind.VISIBLE, "No such number. With + and country code: "),)


def ask_number_code_again(answers_left: int) -> Steps:
    """Ask for the code that proves a number after a wrong one."""
    tries = "1 try" if answers_left == 1 else f"{answers_left} tries"
    return hidden(f"Wrong code, {tries} left. Code: ")


def end_enrolled(masked: str) -> Steps:
    """Let in who has just enrolled."""
    note = f"You are enrolled. Codes go to {masked}."
    return (Step(StepKind.INFO, note), Step(StepKind.OUTCOME, Result.SUCCESS))


def ask_again(policy: Policy, answers_left: int) -> Steps:
    """Ask for the code after a wrong one."""
    tries = "1 try" if answers_left == 1 else f"{answers_left} tries"
    return hidden(f"Wrong code, {tries} left. Code ({policy.texts.resend_word}: new one): ")


def ask_app(policy: Policy) -> Steps:
    """Ask for a code of the user's app; another is sent if it is asked for."""
    return hidden(f"Authenticator code ({policy.texts.resend_word}: send one): ")


def ask_other(policy: Policy, ways: Ways | None) -> Steps:
    """Ask for a code that is not sent.

    Args:
        ways: what the user has; None where that is nobody's business yet.
    """
    return hidden(_ASK_OTHER[_at_hand(policy, ways)])


def ask_unsent(policy: Policy, not_sent: NotSent, ways: Ways | None) -> Steps:
    """Ask for a code that is not sent, since none can be sent now."""
    at_hand = _at_hand(policy, ways)
    if not_sent.refusal is Refusal.COOLDOWN:
        return hidden(fill(_ASK_MEANWHILE[at_hand], {"wait": str(round(not_sent.wait))}))
    return hidden(_ASK_UNSENT[at_hand])


def ask_other_again(answers_left: int) -> Steps:
    """Ask for a code that is not sent after a wrong one."""
    tries = "1 try" if answers_left == 1 else f"{answers_left} tries"
    return hidden(f"Wrong code, {tries} left. Code: ")


def at_hand(policy: Policy, ways: Ways) -> Steps:
    """Tell a user who has more than what is sent where to read about it, and of what is short."""
    if not ways.authenticator and not ways.recovery_codes:
        return ()
    help_note = f"{policy.texts.help_word} tells what else may be typed."
    return (*few_left(ways.recovery_codes), Step(StepKind.INFO, help_note))


def few_left(recovery_codes: int) -> Steps:
    """Warn of the last recovery codes."""
    match recovery_codes:
        case 1:
            text = "Only one recovery code is left; ask for new ones."
        case _ if 0 < recovery_codes <= FEW_LEFT:
            text = f"Only {recovery_codes} recovery codes are left; ask for new ones."
        case _:
            return ()
    return (Step(StepKind.INFO, text),)


def explain(policy: Policy, ways: Ways | None, channels: list[tuple[str, str]]) -> Steps:
    """Tell what may be typed at the code prompt.

    Args:
        ways: what the user has; None where that is nobody's business yet.
        channels: name and masked address of each.
    """
    texts, lines = policy.texts, []
    if CodeKind.SENT in policy.codes:
        lines.append(f"{texts.resend_word} sends another code.")
        if len(channels) > 1:
            word, example = texts.channel_word, channels[-1][0]
            lines.append(f"{word} sends it another way; {word} {example} names the way.")
            lines += [f"{name}: {masked}" for name, masked in channels]
    has_app, has_recovery = _at_hand(policy, ways)
    if has_app and ways is None:
        lines.append("An authenticator's code may be typed, if you have one.")
    elif has_app:
        lines.append("Your authenticator's code may be typed.")
    if has_recovery and ways is None:
        lines.append("A recovery code may be typed, if you have some.")
    elif has_recovery and ways is not None:
        lines.append(f"A recovery code may be typed; you have {ways.recovery_codes}.")
    if not lines:
        lines.append("Nothing but the code may be typed.")
    return tuple(Step(StepKind.INFO, printable(line)) for line in lines)


def _at_hand(policy: Policy, ways: Ways | None) -> tuple[bool, bool]:
    if ways is None:
        return CodeKind.AUTHENTICATOR in policy.codes, CodeKind.RECOVERY in policy.codes
    return ways.authenticator, ways.recovery_codes > 0


def ask_after_expiry(policy: Policy) -> Steps:
    """Offer a new code after the old one expired."""
    return hidden(f"This code has expired. {policy.texts.resend_word} sends a new one: ")


def ask_after_refusal(not_sent: NotSent) -> Steps:
    """Ask for the earlier code, since no new one can be sent now."""
    match not_sent.refusal:
        case Refusal.COOLDOWN:
            return hidden(f"No new code for {round(not_sent.wait)} s. Code: ")
        case None:
            return hidden("The new code could not be sent. Code: ")
        case _:
            return hidden("No more new codes. Code: ")


def stand_aside(policy: Policy, check: Check) -> Steps:
    """End with no verdict of ours; who will soon need to be enrolled is told so."""
    outcome = Step(StepKind.OUTCOME, Result.IGNORE)
    if check.key != "unenrolled" or not isinstance(policy.unenrolled, AllowedUntil):
        return (outcome,)
    note = f"You need a code here after {policy.unenrolled.day}; enrol: {ENROL_COMMAND}"
    return (Step(StepKind.INFO, note), outcome)


def end_unsent(not_sent: NotSent) -> Steps:
    """End a login whose code cannot be sent; the PIN was right, so the reason may be told."""
    match not_sent.refusal:
        case Refusal.COOLDOWN:
            text = f"A code was sent just now. Try again in {round(not_sent.wait)} s."
            return end(Result.AUTH_ERR, text)
        case None:
            return end(Result.UNAVAILABLE, "The code could not be sent. Ask an administrator.")
        case _:
            return end(Result.MAXTRIES, "Too many codes were sent. Ask an administrator.")


def end_unsent_attempt(not_sent: NotSent) -> Steps:
    """End the first of two attempts of a user who has other codes than those that are sent."""
    text = "Nothing was sent. Log in again with PIN and another code."
    return (Step(StepKind.ERROR, text), *end_unsent(not_sent)[-1:])


def end_attempt_without_code() -> Steps:
    """End the first of two attempts where no code is sent."""
    text = "Log in again with PIN and code in one."
    return (Step(StepKind.INFO, text), Step(StepKind.OUTCOME, Result.AUTH_ERR))


def end_first_attempt(sent: Sent) -> Steps:
    """End the first of two attempts: the code is on its way, and the login is denied."""
    note = Step(StepKind.INFO, f"Code sent to {sent.masked}. Log in again with PIN and code.")
    return (note, *transaction_id(sent), Step(StepKind.OUTCOME, Result.AUTH_ERR))


def transaction_id(sent: Sent) -> Steps:
    """Name the transaction id, where the policy has one."""
    if not sent.transaction_id:
        return ()
    return (Step(StepKind.INFO, f"Transaction id: {sent.transaction_id}"),)


def use_authtok() -> Steps:
    """Ask the terminal to answer with the password the PAM stack already has."""
    return (Step(StepKind.AUTHTOK, ""),)


# sshd shows a text only together with the next prompt, and there is none after the outcome.
_SHOWS_TEXTS_WITH_PROMPTS = frozenset({"sshd"})


def farewell(steps: Steps, context: Context) -> Steps:
    """Return a prompt that says what an outcome's error says, where that would not be seen.

    Empty if the steps end with no such outcome: they are to be shown as they are.
    """
    errors = [step.text for step in steps if step.kind is StepKind.ERROR]
    if not errors or context.service not in _SHOWS_TEXTS_WITH_PROMPTS:
        return ()
    return hidden(f"{errors[-1]} (Enter) ")


def hidden(text: str) -> Steps:
    """Ask without echo."""
    return (Step(StepKind.HIDDEN, printable(text)),)


def end(result: Result, error: str = "") -> Steps:
    """End a login, after telling the user why if there is something to tell."""
    outcome = Step(StepKind.OUTCOME, result)
    return (Step(StepKind.ERROR, error), outcome) if error else (outcome,)
