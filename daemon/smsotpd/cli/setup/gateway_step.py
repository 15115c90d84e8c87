# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Choose, define, pair and test the gateway that sends the codes."""

from collections.abc import Sequence
from dataclasses import dataclass

import click

from smsotpd.cli.addresses import check_address
from smsotpd.cli.client import AdminClient, Entry
from smsotpd.cli.errors import CliError
from smsotpd.cli.gateway_settings import (
    GatewayForm,
    ask_settings,
    ask_type,
    find_type,
    secrets_from_options,
    settings_from_options,
)
from smsotpd.cli.host import Host
from smsotpd.cli.output import cell
from smsotpd.cli.pairing import link
from smsotpd.cli.pam.files import write_file
from smsotpd.cli.tool import Tool
from smsotpd.core.channel_names import SMS

_OUTBOX = "outbox"
_ALLOW_OUTBOX = "10-outbox.toml"
_ALLOW_TEXT = b"[gateways]\nallow_outbox = true\n"


@dataclass(frozen=True, slots=True)
class GatewayWish:
    """What the options say about the gateway; empty is asked for.

    Attributes:
        address: where the first message shall go, which the gateway must have a way to.
    """

    name: str = ""
    type_id: str = ""
    plain: Sequence[str] = ()
    secret: Sequence[str] = ()
    secret_fd: int | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class ChosenGateway:
    """A gateway that is enabled.

    Attributes:
        channel: what kind of address it sends to.
        pairs: an account may have to be linked to it.
        is_new: it was defined, or defined again, just now.
    """

    name: str
    channel: str
    pairs: bool
    is_new: bool


def choose_gateway(
    tool: Tool, daemon: AdminClient, wish: GatewayWish, kept: list[str], *, yes: bool
) -> ChosenGateway:
    """Return an enabled gateway, after defining one if need be.

    Args:
        kept: what stays even if setup ends early; what is done here is added.
    """
    enabled = {
        str(each["name"]): str(each["type"])
        for each in daemon.list_gateways()
        if each.get("enabled")
    }
    name = "" if wish.type_id else _present(tool, wish.name, list(enabled), yes=yes)
    if not name:
        return _define(tool, daemon, wish, kept, yes=yes)
    known = find_type(daemon.list_gateway_types(), enabled[name])
    _check_address(known, wish)
    return _chosen(name, known, is_new=False)


def channels_in_use(daemon: AdminClient) -> set[str]:
    """Return the channels that an enabled gateway serves."""
    types = {str(each["type"]): each for each in daemon.list_gateway_types()}
    return {
        str(types[str(each["type"])].get("channel", SMS))
        for each in daemon.list_gateways()
        if each.get("enabled") and each["type"] in types
    }


def _present(tool: Tool, wished: str, enabled: list[str], *, yes: bool) -> str:
    """Return the enabled gateway to go on with, empty to define one."""
    if wished:
        return wished if wished in enabled else ""
    if enabled and (
        yes
        or not tool.can_ask()
        or click.confirm(f"Send codes by {', '.join(enabled)}, as now?", default=True, err=True)
    ):
        return enabled[0]
    return ""


def pair_gateway(
    tool: Tool, daemon: AdminClient, gateway: ChosenGateway, *, wanted: bool | None, yes: bool
) -> bool:
    """Link an account where the gateway needs one; tell whether that was done.

    Args:
        wanted: None to do it if the gateway is not ready, after a question.

    Raises:
        CliError: the gateway needs one, and nobody can be asked; or it could not be linked.
    """
    name = gateway.name
    if wanted is False or (wanted is None and not gateway.pairs):
        return False
    if wanted is None:
        found = daemon.gateway_status(name)
        if found.get("condition") != "down":
            return False
        summary = cell(found.get("summary"))
        if not tool.can_ask():
            raise CliError(
                f"the gateway {name} is not ready: {summary}",
                remedy=f"link an account: smsotpctl gateway pair {name}; then: smsotpctl setup",
            )
        click.echo(f"The gateway {name} is not ready: {summary}.", err=True)
        if not yes and not click.confirm("Link an account now?", default=True, err=True):
            return False
    link(tool, daemon, name)
    return True


def test_gateway(tool: Tool, daemon: AdminClient, name: str, address: str) -> None:
    """Send a test message.

    Raises:
        CliError: it was not accepted.
    """
    result = daemon.test_gateway(name, address)
    if result.get("outcome") != "accepted":
        reason = cell(result.get("detail") or result.get("error") or result.get("outcome"))
        raise CliError(
            f"the gateway {name} did not take the test message ({reason})",
            remedy=f"change it: smsotpctl gateway configure {name}; then: smsotpctl setup",
        )
    tool.say(f"The gateway {name} took a test message.")


def _define(
    tool: Tool, daemon: AdminClient, wish: GatewayWish, kept: list[str], *, yes: bool
) -> ChosenGateway:
    known = daemon.list_gateway_types()
    type_id = wish.type_id
    if not type_id:
        tool.require_answers("--type")
        type_id = ask_type(known)
    gateway_type: Entry = find_type(known, type_id)
    _check_address(gateway_type, wish)
    form = GatewayForm(gateway_type, None)
    name = wish.name
    if not name and tool.can_ask() and not yes:
        name = str(click.prompt("Name of the gateway", default=form.type_id, err=True))
    if wish.plain or wish.secret or yes or not tool.can_ask():
        settings = settings_from_options(form, wish.plain, ())
        secrets = secrets_from_options(form, wish.secret, wish.secret_fd, can_ask=tool.can_ask())
    else:
        settings, secrets = ask_settings(form)
    if form.type_id == _OUTBOX:
        _allow_outbox(tool, kept, yes=yes)
    name = name or form.type_id
    daemon.configure_gateway(name, form.type_id, settings, secrets, keep_secrets=False)
    kept.append(f"the gateway {name}")
    tool.say(f"The gateway {name} is configured.")
    return _chosen(name, gateway_type, is_new=True)


def _chosen(name: str, gateway_type: Entry, *, is_new: bool) -> ChosenGateway:
    form = GatewayForm(gateway_type, None)
    return ChosenGateway(name, form.channel, form.pairs, is_new)


def _check_address(gateway_type: Entry, wish: GatewayWish) -> None:
    """Refuse an address that the gateway could not send to, before anything changes."""
    form = GatewayForm(gateway_type, None)
    if wish.address:
        check_address(
            form.channel,
            wish.address,
            remedy=f"gateways of type {form.type_id} send by {form.channel}: "
            "give an address of that",
        )


def _allow_outbox(tool: Tool, kept: list[str], *, yes: bool) -> None:
    """Let codes be written to a file, which is for first steps only."""
    path = tool.host.places.policies / _ALLOW_OUTBOX
    if path.is_file():
        return
    tool.confirm("The outbox writes codes to a file that root can read. Allow it?", yes=yes)
    path.parent.mkdir(mode=0o755, exist_ok=True)
    write_file(path, _ALLOW_TEXT, 0o644)
    kept.append(str(path))
    tool.say(f"{path} allows the outbox now.")
    _reload_daemon(tool.host)


def _reload_daemon(host: Host) -> None:
    done = host.run("systemctl", "try-reload-or-restart", "smsotpd.service")
    if done.code:
        raise CliError(f"smsotpd could not be reloaded: {done.errors.strip()}")
