# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Which PAM services may run our module, by which terminal, and how.

pam_python runs an interpreter in the program that authenticates. Where that program is set-user-ID
and keeps the environment of whoever started it, the caller could choose what the interpreter
loads; where it is a Python program itself, two interpreters meet and it crashes. Such places are
for the native terminal only. Where nobody could answer, none may run; no option changes either.
"""

from dataclasses import dataclass

_SETUID = "its program is set-user-ID and keeps the caller's environment"
_SHARED = "other services include it, among them unsafe ones"
_FOR_THE_REST = "it stands for every service that has no file of its own"
_PYTHON = "its program is written in Python, and a second interpreter crashes it"
_TARGET = "asks for PIN and code of the user that is switched to"
_UNATTENDED = "nobody is there to answer"
_NO_LOGIN = "it is used without anybody logging in by it"


@dataclass(frozen=True, slots=True)
class KnownService:
    """A service that our module is known to serve.

    Attributes:
        title: for people.
        one_field: it answers every prompt from one password field, so PIN and code come in two
            attempts.
        programs: those that run the stack; a set-user-ID bit on one of them makes it unsafe for
            pam_python.
        note: what an administrator should know; may be empty.
        against_python: why only the native terminal may run here; empty where pam_python may.
    """

    title: str
    one_field: bool = False
    programs: tuple[str, ...] = ()
    note: str = ""
    against_python: str = ""

    @property
    def arguments(self) -> str:
        """Return the arguments of our module that this service needs."""
        return "mode=two-attempt" if self.one_field else ""


KNOWN = {
    "sshd": KnownService("OpenSSH server"),
    "login": KnownService("text console", note="also JupyterHub, unless it is told otherwise"),
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
    "su": KnownService("su", note=_TARGET, against_python=_SETUID),
    "su-l": KnownService("su -", note=_TARGET, against_python=_SETUID),
    "chfn": KnownService("chfn", against_python=_SETUID),
    "chsh": KnownService("chsh", against_python=_SETUID),
    "vlock": KnownService("vlock", against_python=_SETUID),
    "physlock": KnownService("physlock", against_python=_SETUID),
    "polkit-1": KnownService("polkit", against_python=_SETUID),
    # Asks as "login" unless its configuration names a service of its own.
    "jupyterhub": KnownService(
        "JupyterHub",
        one_field=True,
        note="not used unless c.PAMAuthenticator.service names it",
        against_python=_PYTHON,
    ),
}

_NEVER = {
    "passwd": "it changes passwords, and its policy is that of the password",
    "runuser": _NO_LOGIN,
    "runuser-l": _NO_LOGIN,
    "chpasswd": _NO_LOGIN,
    "newusers": _NO_LOGIN,
    "systemd-user": _NO_LOGIN,
    "gdm-launch-environment": _NO_LOGIN,
    "other": _FOR_THE_REST,
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
    if service.endswith(("-autologin", "-greeter")):
        return _NO_LOGIN
    return _NEVER.get(service, "")


def reason_against_python(service: str) -> str:
    """Return why pam_python must never run for the service; empty if nothing is known against."""
    if is_shared(service):
        return _SHARED
    return reason_against(service) or (KNOWN[service].against_python if service in KNOWN else "")


def is_shared(service: str) -> bool:
    """Tell whether a file is one of those that pam-auth-update(8) writes for other services."""
    return service.startswith("common-")
