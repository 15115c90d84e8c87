# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which PAM services may run our module, and how.

pam_python runs an interpreter in the program that authenticates. Where that program is set-user-ID
and keeps the environment of whoever started it, the caller could choose what the interpreter
loads; such places are refused for good, not by option.
"""

from dataclasses import dataclass

_SETUID = "its program is set-user-ID and keeps the caller's environment"
_SHARED = "other services include it, among them unsafe ones"
_UNATTENDED = "nobody is there to answer"
_NO_LOGIN = "it is used without anybody logging in by it"


@dataclass(frozen=True, slots=True)
class KnownService:
    """A service that our module is known to serve.

    Attributes:
        title: for people.
        one_field: it answers every prompt from one password field, so PIN and code come in two
            attempts.
        programs: those that run the stack; a set-user-ID bit on one of them makes it unsafe.
        note: what an administrator should know; may be empty.
    """

    title: str
    one_field: bool = False
    programs: tuple[str, ...] = ()
    note: str = ""

    @property
    def arguments(self) -> str:
        """Return the arguments of our module that this service needs."""
        return "mode=two-attempt" if self.one_field else ""


KNOWN = {
    "sshd": KnownService("OpenSSH server"),
    "login": KnownService("text console"),
    "lightdm": KnownService("LightDM"),
    "gdm-password": KnownService("GDM"),
    "sddm": KnownService("SDDM", one_field=True),
    "sudo": KnownService("sudo", note="needs secure_path"),
    "sudo-i": KnownService("sudo -i", note="needs secure_path"),
    # xscreensaver-auth is set-user-ID, but gives up root, the saved uid too, before it starts PAM
    # (seen with 6.06), so the interpreter runs as whoever locked the screen.
    "xscreensaver": KnownService("XScreenSaver"),
    "cinnamon-screensaver": KnownService("Cinnamon screen locker"),
    "mate-screensaver": KnownService("MATE screen locker"),
    "i3lock": KnownService("i3lock", one_field=True, programs=("/usr/bin/i3lock",)),
    "swaylock": KnownService("swaylock", one_field=True, programs=("/usr/bin/swaylock",)),
    "gtklock": KnownService("gtklock", one_field=True, programs=("/usr/bin/gtklock",)),
    "xsecurelock": KnownService(
        "XSecureLock",
        programs=("/usr/bin/xsecurelock", "/usr/libexec/xsecurelock/authproto_pam"),
        note="not used unless XSECURELOCK_PAM_SERVICE names it",
    ),
    "vsftpd": KnownService("vsftpd", one_field=True),
    "proftpd": KnownService("ProFTPD", one_field=True),
}

_NEVER = {
    "su": _SETUID,
    "su-l": _SETUID,
    "chfn": _SETUID,
    "chsh": _SETUID,
    "passwd": _SETUID,
    "vlock": _SETUID,
    "physlock": _SETUID,
    "polkit-1": _SETUID,
    "runuser": _NO_LOGIN,
    "runuser-l": _NO_LOGIN,
    "chpasswd": _NO_LOGIN,
    "newusers": _NO_LOGIN,
    "systemd-user": _NO_LOGIN,
    "gdm-launch-environment": _NO_LOGIN,
    "other": _SHARED,
    "default": "smsotpd.toml calls the policy of all services so",
    "cron": _UNATTENDED,
    "crond": _UNATTENDED,
    "at": _UNATTENDED,
    "atd": _UNATTENDED,
    "cups": _UNATTENDED,
    "ppp": _UNATTENDED,
}


def reason_against(service: str) -> str:
    """Return why our module must never run for the service; empty if nothing is known against."""
    if service.startswith("common-"):
        return _SHARED
    if service.endswith(("-autologin", "-greeter")):
        return _NO_LOGIN
    return _NEVER.get(service, "")
