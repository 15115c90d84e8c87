# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Choose, define and test the gateway that sends the codes."""

from collections.abc import Sequence
from dataclasses import dataclass

import click

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
from smsotpd.cli.setup.undoing import write_file
from smsotpd.cli.tool import Tool

_OUTBOX = "outbox"
_ALLOW_OUTBOX = "10-outbox.toml"
_ALLOW_TEXT = b"[gateways]\nallow_outbox = true\n"


@dataclass(frozen=True, slots=True)
class GatewayWish:
    """What the options say about the gateway; empty is asked for."""

    name: str = ""
    type_id: str = ""
    plain: Sequence[str] = ()
    secret: Sequence[str] = ()
    secret_fd: int | None = None


def choose_gateway(
    tool: Tool, daemon: AdminClient, wish: GatewayWish, kept: list[str], *, yes: bool
) -> str:
    """Return the name of an enabled gateway, after defining one if need be.

    Args:
        kept: what stays even if setup ends early; what is done here is added.
    """
    enabled = [str(each["name"]) for each in daemon.list_gateways() if each.get("enabled")]
    if not wish.type_id and wish.name in enabled:
        return wish.name
    if not wish.type_id and not wish.name and enabled:
        if yes or not tool.can_ask():
            return enabled[0]
        if click.confirm(f"Send codes by {', '.join(enabled)}, as now?", default=True, err=True):
            return enabled[0]
    return _define(tool, daemon, wish, kept, yes=yes)


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
) -> str:
    known = daemon.list_gateway_types()
    type_id = wish.type_id
    if not type_id:
        tool.require_answers("--type")
        type_id = ask_type(known)
    gateway_type: Entry = find_type(known, type_id)
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
    return name


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
