# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The words of the dialogue; the prompt itself says all that the user must know.

sshd shows information only together with the next prompt, and greeters cut or drop it, so each
prompt fits into 60 characters with the texts as shipped.
"""

from collections.abc import Sequence

from smsotpd.core.code_kind import CodeKind
from smsotpd.core.phrase import Phrase, phrase, phrases
from smsotpd.core.policy import AllowedUntil, Policy
from smsotpd.core.ruling import Check
from smsotpd.core.sending import NotSent, Sent
from smsotpd.core.spare_code import FEW_LEFT
from smsotpd.core.text import fill, printable
from smsotpd.core.throttle import Refusal
from smsotpd.core.transaction import Context, Result, Step, StepKind, Steps
from smsotpd.core.ways import Ways

ENROL_COMMAND = "smsotpctl self enrol"
NOT_PROVEN = phrase("That was not right, or you are locked. Nothing was changed.")
NOT_CHANGED = phrase("Your enrolment was changed meanwhile. Nothing more was changed.")
PINS_DIFFER = phrase("The two PINs differ; nothing was changed.")
TOO_MANY_WRONG = phrase("Too many wrong codes. Try again later.")
NOTHING_AT_HAND = phrase("No code can be asked for. Ask an administrator.")
NOTHING_IS_SENT: Steps = (Step(StepKind.INFO, phrase("No codes are sent here.")),)
NO_OTHER_CHANNEL: Steps = (Step(StepKind.INFO, phrase("There is no such other channel.")),)

_ASK_APP_CODE: Steps = (Step(StepKind.VISIBLE, phrase("Code that the app shows: ")),)

# By whether there is an authenticator app, and whether there are recovery codes.
_ASK_OTHER = {
    (True, True): phrase("Authenticator or recovery code: "),
    (True, False): phrase("Authenticator code: "),
    (False, True): phrase("Recovery code: "),
    (False, False): phrase("Code: "),
}
_ASK_UNSENT = {
    (True, True): phrase("No code could be sent. Authenticator or recovery code: "),
    (True, False): phrase("No code could be sent. Authenticator code: "),
    (False, True): phrase("No code could be sent. Recovery code: "),
    (False, False): phrase("No code could be sent. Code: "),
}


def _ask_meanwhile(at_hand: tuple[bool, bool], wait: str) -> Phrase:
    match at_hand:
        case True, True:
            return phrase("No code for {wait} s. Authenticator or recovery code: ", wait=wait)
        case True, False:
            return phrase("No code for {wait} s. Authenticator code: ", wait=wait)
        case False, True:
            return phrase("No code for {wait} s. Recovery code: ", wait=wait)
        case _:
            return phrase("No code for {wait} s. Code: ", wait=wait)


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
    prompt: str = phrase("Code was already sent to {phone}: ", phone=sent.masked)
    if context.code_prompt or sent.is_new:
        text = context.code_prompt or policy.texts.code_prompt
        prompt = fill(text, {"phone": sent.masked})
    notes: Steps = ()
    if not sent.is_sure:
        word = policy.texts.resend_word
        late = phrase("The code may be late; {word} asks for another.", word=word)
        notes = (Step(StepKind.INFO, late),)
    return notes + transaction_id(sent) + hidden(prompt)


def ask_present_pin() -> Steps:
    """Ask for the PIN before something is changed."""
    return hidden(phrase("Current PIN: "))


def ask_new_pin(error: str = "") -> Steps:
    """Ask for a new PIN, after telling what was wrong with the one before."""
    prompt = hidden(phrase("New PIN: "))
    return (Step(StepKind.ERROR, error), *prompt) if error else prompt


def ask_new_pin_again() -> Steps:
    """Ask for the new PIN a second time."""
    return hidden(phrase("New PIN again: "))


def end_pin_changed() -> Steps:
    """End a change of the PIN."""
    note = Step(StepKind.INFO, phrase("The PIN was changed."))
    return (note, *end(Result.SUCCESS))


def end_changed() -> Steps:
    """End a change that counts."""
    note = Step(StepKind.INFO, phrase("It is changed, and counts from now on."))
    return (note, Step(StepKind.OUTCOME, Result.SUCCESS))


def end_with_recovery_codes(codes: Sequence[str]) -> Steps:
    """Show new recovery codes, this once."""
    note = phrase(
        "Keep these codes where the phone is not; each lets you in once, in place of a sent one:"
    )
    shown = tuple(Step(StepKind.INFO, text) for text in (note, *codes))
    return (*shown, Step(StepKind.OUTCOME, Result.SUCCESS))


def ask_invitation() -> Steps:
    """Ask for the invitation before somebody enrols by it."""
    return hidden(phrase("Invitation: "))


def offer_app(uri: str, seed: str) -> Steps:
    """Show what an authenticator app needs, this once, and ask for its first code."""
    groups = " ".join(seed[start : start + 4] for start in range(0, len(seed), 4))
    return (
        Step(StepKind.INFO, phrase("Scan this with the authenticator app:")),
        Step(StepKind.QR, uri),
        Step(StepKind.INFO, phrase("Or type this into it: {seed}", seed=groups)),
        Step(StepKind.INFO, phrase("Who sees this can compute the codes. Clear the screen.")),
        *_ASK_APP_CODE,
    )


def ask_app_code_again() -> Steps:
    """Ask for the first code of an app after a wrong one."""
    note = phrase("Wrong code. Is the clock right, here and on the phone?")
    return (Step(StepKind.ERROR, note), *_ASK_APP_CODE)


def ask_number() -> Steps:
    """Ask who is not enrolled yet for a mobile number."""
    text = phrase("Not enrolled yet. Mobile number, as +491701234567: ")
    return (Step(StepKind.VISIBLE, text),)


def ask_number_again() -> Steps:
    """Ask for a number after what was none."""
    return (Step(StepKind.VISIBLE, phrase("No such number. With + and country code: ")),)


def ask_number_code_again(answers_left: int) -> Steps:
    """Ask for the code that proves a number after a wrong one."""
    return hidden(_wrong_code(answers_left))


def end_enrolled(masked: str) -> Steps:
    """Let in who has just enrolled."""
    note = phrase("You are enrolled. Codes go to {phone}.", phone=masked)
    return (Step(StepKind.INFO, note), Step(StepKind.OUTCOME, Result.SUCCESS))


def ask_again(policy: Policy, answers_left: int) -> Steps:
    """Ask for the code after a wrong one."""
    return hidden(
        phrases(
            "Wrong code, {number} try left. Code ({word}: new one): ",
            "Wrong code, {number} tries left. Code ({word}: new one): ",
            answers_left,
            word=policy.texts.resend_word,
        )
    )


def ask_app(policy: Policy) -> Steps:
    """Ask for a code of the user's app; another is sent if it is asked for."""
    word = policy.texts.resend_word
    return hidden(phrase("Authenticator code ({word}: send one): ", word=word))


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
        return hidden(_ask_meanwhile(at_hand, str(round(not_sent.wait))))
    return hidden(_ASK_UNSENT[at_hand])


def ask_other_again(answers_left: int) -> Steps:
    """Ask for a code that is not sent after a wrong one."""
    return hidden(_wrong_code(answers_left))


def at_hand(policy: Policy, ways: Ways) -> Steps:
    """Tell a user who has more than what is sent where to read about it, and of what is short."""
    if not ways.authenticator and not ways.recovery_codes:
        return ()
    help_note = phrase("{word} tells what else may be typed.", word=policy.texts.help_word)
    return (*few_left(ways.recovery_codes), Step(StepKind.INFO, help_note))


def few_left(recovery_codes: int) -> Steps:
    """Warn of the last recovery codes."""
    if not 0 < recovery_codes <= FEW_LEFT:
        return ()
    text = phrases(
        "Only one recovery code is left; ask for new ones.",
        "Only {number} recovery codes are left; ask for new ones.",
        recovery_codes,
    )
    return (Step(StepKind.INFO, text),)


def explain(policy: Policy, ways: Ways | None, channels: list[tuple[str, str]]) -> Steps:
    """Tell what may be typed at the code prompt.

    Args:
        ways: what the user has; None where that is nobody's business yet.
        channels: name and masked address of each.
    """
    texts, lines = policy.texts, list[str]()
    if CodeKind.SENT in policy.codes:
        lines.append(phrase("{word} sends another code.", word=texts.resend_word))
        if len(channels) > 1:
            said = {"word": texts.channel_word, "channel": channels[-1][0]}
            lines.append(
                phrase("{word} sends it another way; {word} {channel} names the way.", **said)
            )
            lines += [printable(f"{name}: {masked}") for name, masked in channels]
    has_app, has_recovery = _at_hand(policy, ways)
    if has_app and ways is None:
        lines.append(phrase("An authenticator's code may be typed, if you have one."))
    elif has_app:
        lines.append(phrase("Your authenticator's code may be typed."))
    if has_recovery and ways is None:
        lines.append(phrase("A recovery code may be typed, if you have some."))
    elif has_recovery and ways is not None:
        left = str(ways.recovery_codes)
        lines.append(phrase("A recovery code may be typed; you have {left}.", left=left))
    if not lines:
        lines.append(phrase("Nothing but the code may be typed."))
    return tuple(Step(StepKind.INFO, line) for line in lines)


def _at_hand(policy: Policy, ways: Ways | None) -> tuple[bool, bool]:
    if ways is None:
        return CodeKind.AUTHENTICATOR in policy.codes, CodeKind.RECOVERY in policy.codes
    return ways.authenticator, ways.recovery_codes > 0


def ask_after_expiry(policy: Policy) -> Steps:
    """Offer a new code after the old one expired."""
    word = policy.texts.resend_word
    return hidden(phrase("This code has expired. {word} sends a new one: ", word=word))


def ask_after_refusal(not_sent: NotSent) -> Steps:
    """Ask for the earlier code, since no new one can be sent now."""
    match not_sent.refusal:
        case Refusal.COOLDOWN:
            wait = str(round(not_sent.wait))
            return hidden(phrase("No new code for {wait} s. Code: ", wait=wait))
        case None:
            return hidden(phrase("The new code could not be sent. Code: "))
        case _:
            return hidden(phrase("No more new codes. Code: "))


def stand_aside(policy: Policy, check: Check) -> Steps:
    """End with no verdict of ours; who will soon need to be enrolled is told so."""
    outcome = Step(StepKind.OUTCOME, Result.IGNORE)
    if check.key != "unenrolled" or not isinstance(policy.unenrolled, AllowedUntil):
        return (outcome,)
    note = phrase(
        "You need a code here after {day}; enrol: {command}",
        day=policy.unenrolled.day,
        command=ENROL_COMMAND,
    )
    return (Step(StepKind.INFO, note), outcome)


def end_unsent(not_sent: NotSent) -> Steps:
    """End a login whose code cannot be sent; the PIN was right, so the reason may be told."""
    match not_sent.refusal:
        case Refusal.COOLDOWN:
            wait = str(round(not_sent.wait))
            text = phrase("A code was sent just now. Try again in {wait} s.", wait=wait)
            return end(Result.AUTH_ERR, text)
        case None:
            text = phrase("The code could not be sent. Ask an administrator.")
            return end(Result.UNAVAILABLE, text)
        case _:
            text = phrase("Too many codes were sent. Ask an administrator.")
            return end(Result.MAXTRIES, text)


def end_unsent_attempt(not_sent: NotSent) -> Steps:
    """End the first of two attempts of a user who has other codes than those that are sent."""
    text = phrase("Nothing was sent. Log in again with PIN and another code.")
    return (Step(StepKind.ERROR, text), *end_unsent(not_sent)[-1:])


def end_attempt_without_code() -> Steps:
    """End the first of two attempts where no code is sent."""
    text = phrase("Log in again with PIN and code in one.")
    return (Step(StepKind.INFO, text), Step(StepKind.OUTCOME, Result.AUTH_ERR))


def end_first_attempt(sent: Sent) -> Steps:
    """End the first of two attempts: the code is on its way, and the login is denied."""
    text = phrase("Code sent to {phone}. Log in again with PIN and code.", phone=sent.masked)
    return (
        Step(StepKind.INFO, text),
        *transaction_id(sent),
        Step(StepKind.OUTCOME, Result.AUTH_ERR),
    )


def transaction_id(sent: Sent) -> Steps:
    """Name the transaction id, where the policy has one."""
    if not sent.transaction_id:
        return ()
    return (Step(StepKind.INFO, phrase("Transaction id: {id}", id=sent.transaction_id)),)


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
    return hidden(phrase("{reason} (Enter) ", reason=errors[-1]))


def _wrong_code(answers_left: int) -> Phrase:
    return phrases(
        "Wrong code, {number} try left. Code: ",
        "Wrong code, {number} tries left. Code: ",
        answers_left,
    )


def hidden(text: str) -> Steps:
    """Ask without echo."""
    return (Step(StepKind.HIDDEN, text if isinstance(text, Phrase) else printable(text)),)


def end(result: Result, error: str = "") -> Steps:
    """End a login, after telling the user why if there is something to tell."""
    outcome = Step(StepKind.OUTCOME, result)
    return (Step(StepKind.ERROR, error), outcome) if error else (outcome,)
