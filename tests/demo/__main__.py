# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Do what the README says, in a throw-away Debian 12, and log in: PIN, code, in.

    python -m tests.demo

On a terminal it is you who logs in; otherwise this is a transcript. The status is 0 if the login
was granted.
"""

import os
import sys
from typing import Final

from tests.demo import phone
from tests.demo.stage import DemoError, Dialogue, run, say
from tests.testhost import requirements
from tests.testhost.machine import Machine, MachineError
from tests.testhost.package import built_package, install
from tests.testhost.tree import TreeError

PIN: Final = "73915"
NUMBER: Final = "+491701234567"
GRANTED: Final = "Login of alice to sshd granted"
# A new host key is no news on a machine that was just made.
SSH: Final = "ssh -o StrictHostKeyChecking=accept-new -o LogLevel=ERROR alice@localhost"
# Who tries it by hand may take a while.
PATIENCE_SECONDS: Final = 1800


def main() -> int:
    """Run the demonstration and return its exit status."""
    if missing := requirements.missing():
        sys.stderr.write(f"demo: {missing}\n")
        return 1
    by_hand = sys.stdin.isatty() and sys.stdout.isatty()
    try:
        package = built_package()
        say("Booting a throw-away Debian 12. The first time it is built, which takes a minute.")
        with Machine("bookworm") as machine:
            say(f"Installing {package.name} in it, as “apt-get install” does.")
            install(machine, package)
            demonstrate(machine, by_hand=by_hand)
    except (DemoError, MachineError, TreeError, FileNotFoundError, AssertionError) as error:
        sys.stderr.write(f"\ndemo: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ndemo: interrupted\n")
        return 130
    say("\nThe machine is gone, and nothing of it is left.")
    return 0


def demonstrate(machine: Machine, *, by_hand: bool) -> None:
    """Set everything up and log in.

    Raises:
        DemoError: something did not do what was said, or the login was not granted.
    """
    say("\nFrom here on, all that follows a # is run in that machine, as root.")
    say("\n1. Who sends the messages: the outbox, a file that stands for a phone")
    run(
        machine, r"printf '[gateways]\nallow_outbox = true\n' >/etc/smsotp/smsotpd.d/10-outbox.toml"
    )
    run(machine, "systemctl reload smsotpd")
    run(machine, "smsotpctl gateway configure outbox --type outbox")

    say("\n2. A user without any password, enrolled with a phone and a PIN")
    run(machine, "useradd --create-home --shell /bin/bash alice")
    with Dialogue(machine, "smsotpctl user enrol alice") as dialogue:
        dialogue.wait_for("Phone number, with + and country code: ")
        dialogue.terminal.sendline(NUMBER)
        dialogue.answer_unseen("New PIN: ", PIN)
        dialogue.answer_unseen("Once more: ", PIN)
        dialogue.wait_for("Code that arrived on the phone: ")
        show_phone(machine)
        dialogue.terminal.sendline(phone.newest_code(machine))
        dialogue.end_well()

    say("\n3. ssh asks for PIN and code instead of a password")
    run(
        machine,
        r"printf 'KbdInteractiveAuthentication yes\nPasswordAuthentication no\n' "
        ">/etc/ssh/sshd_config.d/10-pam-smsotp.conf",
    )
    run(machine, "systemctl reload ssh")
    patience = f" --rollback {PATIENCE_SECONDS}" if by_hand else ""
    with Dialogue(machine, f"smsotpctl service enable sshd{patience}") as enabling:
        enabling.wait_for("Did it work?")
        say("\n\n4. From a second terminal")
        if by_hand:
            log_in_by_hand(machine)
        else:
            log_in(machine)
        if not machine.journal(SMSOTP_USER="alice", MESSAGE=GRANTED):
            raise DemoError("the login was not granted")
        say("\nGranted. The first terminal's question is answered with y.")
        enabling.terminal.sendline("y")
        enabling.end_well()

    say("\n5. What happened")
    run(machine, "journalctl --quiet --no-pager --output=cat SMSOTP_USER=alice")


def log_in(machine: Machine) -> None:
    """Log in, give the answers, and show all of it."""
    with Dialogue(machine, f"""{SSH} 'echo "let in as $(id -un)"'""") as login:
        login.answer_unseen("PIN: ", PIN)
        login.wait_for("Code sent to ")
        login.wait_for(": ")
        show_phone(machine)
        code = phone.newest_code(machine)
        sys.stdout.write(f"‹{code}, typed unseen›")
        login.terminal.sendline(code)
        login.wait_for("let in as alice")
        login.end_well()


def show_phone(machine: Machine) -> None:
    """Show the newest message."""
    say(f"\n    [the phone of alice: {phone.messages(machine)[-1]}]")


def log_in_by_hand(machine: Machine) -> None:
    """Let whoever sits at the terminal log in, with the phone's display beside."""
    say(f"Now it is you who logs in as alice. The PIN is {PIN}; the code comes to the phone, and")
    say("what comes there is shown here. Once in, look around; “exit” goes on.")
    say(f"# {SSH}")
    size = os.get_terminal_size()
    terminal = machine.spawn(["sh", "-c", f"exec {SSH}"], timeout=PATIENCE_SECONDS)
    terminal.setwinsize(size.lines, size.columns)
    with phone.Display(machine):
        terminal.interact()
    terminal.close()


if __name__ == "__main__":
    sys.exit(main())
