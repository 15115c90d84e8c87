# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Where addresses come from: a question in the words of their channel, or a file descriptor."""

from collections.abc import Mapping

import click

from smsotpd.cli import secrets_in
from smsotpd.cli.descriptor import Descriptor
from smsotpd.cli.errors import WrongInputError
from smsotpd.core.channel_names import SIGNAL, SMS, TELEGRAM, WHATSAPP, XMPP
from smsotpd.core.errors import BadArgumentError

QUESTIONS: Mapping[str, str] = {
    SMS: "Phone number, with + and country code",
    SIGNAL: "Number at Signal, with + and country code, or account id",
    WHATSAPP: "Number at WhatsApp, with + and country code",
    TELEGRAM: "Telegram user id, @name, or number with + and country code",
    XMPP: "XMPP address, as ada@xmpp.example",
}
OF_THE_FIRST_USER: Mapping[str, str] = {
    SMS: "Phone number of the first user, with + and country code",
    SIGNAL: "Number of the first user at Signal, with + and country code, or account id",
    WHATSAPP: "Number of the first user at WhatsApp, with + and country code",
    TELEGRAM: "Telegram user id of the first user, @name, or number with + and country code",
    XMPP: "XMPP address of the first user, as ada@xmpp.example",
}
TO_TRY: Mapping[str, str] = {
    SMS: "Send it to (number with + and country code)",
    SIGNAL: "Send it to (number at Signal, with + and country code, or account id)",
    WHATSAPP: "Send it to (number at WhatsApp, with + and country code)",
    TELEGRAM: "Send it to (Telegram user id, @name, or number with + and country code)",
    XMPP: "Send it to (XMPP address, as ada@xmpp.example)",
}

address_option = click.option(
    "--address-fd",
    type=Descriptor(),
    help="Read the address from a file descriptor; asked for unless given.",
)


def read_address(descriptor: int) -> str:
    """Read an address from a file descriptor.

    Raises:
        WrongInputError: it holds no single line of text.
    """
    address = secrets_in.read_descriptor(descriptor, what="address").reveal().strip()
    if not address or len(address.splitlines()) > 1:
        raise WrongInputError(f"file descriptor {descriptor} must hold one address, on one line")
    return address


def ask_address(channel: str, questions: Mapping[str, str] = QUESTIONS) -> str:
    """Ask until the answer is an address of the channel.

    Raises:
        click.Abort: no acceptable answer came.
    """
    # A third party's gateway may have a channel that we know no words for.
    question = questions.get(channel, "Address")
    for _ in range(secrets_in.TRIES):
        answer = str(click.prompt(question, err=True)).strip()
        try:
            check_address(channel, answer)
        except WrongInputError as error:
            click.echo(f"{error.text}.", err=True)
        else:
            return answer
    raise click.Abort


def check_address(channel: str, address: str, *, remedy: str = "") -> None:
    """Refuse what is no address of the channel.

    Raises:
        WrongInputError: it is none; the text does not repeat it.
    """
    # It costs the tables of all countries' numbers; most commands need no address.
    from smsotpd.core.channel import parse_recipient  # noqa: PLC0415  # lazy, for the reason above

    try:
        parse_recipient(channel, address)
    except BadArgumentError as error:
        raise WrongInputError(f"the {error}", remedy=remedy) from None
