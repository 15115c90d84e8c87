# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Judge the lines of a PAM service file that name our module, whoever wrote them; pure.

`service list` shows what is found, and so does whatever else examines a machine.
"""

from collections.abc import Collection, Iterator

from smsotpd.cli.pam.finding import Finding
from smsotpd.cli.pam.known import KNOWN, reason_against, reason_against_python
from smsotpd.cli.pam.lines import LineError, Rule
from smsotpd.cli.pam.terminal import Terminal, our_rules

# What may follow a result of ours that is not success; anything else goes on as if all were well.
_STOPS = frozenset({"die", "bad"})


def line_findings(service: str, text: str, installed: Collection[Terminal]) -> Iterator[Finding]:
    """Find what is wrong with our lines in a service file; nothing where there are none.

    Args:
        service: the name of the file.
        installed: the terminals whose library libpam would find.
    """
    where = f"/etc/pam.d/{service}"
    rules = [(number, rule, each) for number, rule, each in our_rules(text) if rule.kind == "auth"]
    if rules and (reason := reason_against(service)):
        yield Finding(f"unsafe: {reason}", f"take our lines out of {where}")
    elif any(each is Terminal.PYTHON for _, _, each in rules) and (
        reason := reason_against_python(service)
    ):
        yield Finding(
            f"unsafe with pam_python: {reason}",
            f"smsotpctl service disable {service}; "
            f"smsotpctl service enable {service} --terminal native",
        )
    one_field = service in KNOWN and KNOWN[service].one_field
    for number, rule, terminal in rules:
        if terminal not in installed:
            yield Finding(
                f"nobody can log in: {terminal.library} is not installed",
                f"apt-get install {terminal.package}",
            )
        if complaint := _complaint_about_control(rule):
            yield Finding(
                f"unsafe: line {number} {complaint}",
                f"write it as “Other stacks” in smsotpctl(8) shows: {where}, line {number}",
            )
        if one_field and "mode=conversation" in rule.text.split():
            yield Finding(
                f"line {number} asks in a conversation, and there is one password field only",
                f"write mode=two-attempt in {where}, line {number}",
            )
    if len(rules) > 1:
        yield Finding(
            f"lines {' and '.join(str(number) for number, _, _ in rules)} ask twice",
            f"leave one of them in {where}",
        )


def _complaint_about_control(rule: Rule) -> str:
    """Say why a wrong answer would not end in a refusal; empty if it does."""
    try:
        actions = rule.actions()
    except LineError:
        return f"has the control “{rule.control}”, which libpam does not know"
    default = actions.pop("default", "")
    if default not in _STOPS:
        return f"({rule.control}) lets the stack go on after a wrong answer"
    ignored = [
        value
        for value, action in actions.items()
        if value not in {"success", "new_authtok_reqd", "ignore"} and action not in _STOPS
    ]
    if ignored:
        return f"lets the stack go on after {', '.join(ignored)}"
    return ""
