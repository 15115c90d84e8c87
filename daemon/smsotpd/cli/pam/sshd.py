# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Find out whether sshd asks PAM in a way that shows our prompts."""

DROP_IN = "/etc/ssh/sshd_config.d/10-pam-smsotp.conf"

# It makes the directory when it starts, and prints nothing without it.
NO_DIRECTORY = "Missing privilege separation directory"
MAKE_DIRECTORY = "install --directory --mode=755 /run/sshd"

_WANTED = {
    "usepam": "UsePAM yes",
    "kbdinteractiveauthentication": "KbdInteractiveAuthentication yes",
}


def sshd_settings(effective: str) -> dict[str, str]:
    """Parse what `sshd -T` prints: one lower-case key and its value a line."""
    pairs = (line.partition(" ") for line in effective.splitlines())
    return {key.lower(): value.strip().lower() for key, _, value in pairs}


def missing_lines(settings: dict[str, str]) -> list[str]:
    """Return the lines that sshd_config lacks; without them no prompt of ours is shown."""
    return [line for key, line in _WANTED.items() if settings.get(key) != "yes"]


def advice(settings: dict[str, str]) -> str:
    """Return what would better be set; empty if all is well."""
    if settings.get("passwordauthentication") == "yes":
        return (
            "sshd also offers the “password” method, which can answer one question only; "
            f"put “PasswordAuthentication no” into {DROP_IN}"
        )
    return ""
