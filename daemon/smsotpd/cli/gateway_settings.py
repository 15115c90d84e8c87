# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A gateway's settings, from options or from answers; the daemon checks them again."""

import re
from collections.abc import Mapping, Sequence
from typing import cast

import click

from smsotpd.cli import secrets_in
from smsotpd.cli.client import Entry
from smsotpd.cli.errors import CliError, WrongInputError
from smsotpd.cli.exit import Exit
from smsotpd.cli.output import cell, printable
from smsotpd.core.channel_names import SMS
from smsotpd.core.secret import Secret

# What the daemon shows in place of a secret (core.gateways.MASK; a test compares them).
MASK = "••••••••"

_PATTERNS = {
    "url": (re.compile(r"https?://\S+"), "a URL that begins with http:// or https://"),
    "yes-no": (re.compile(r"yes|no"), "yes or no"),
    "seconds": (re.compile(r"\d{1,4}(\.\d{1,3})?", re.ASCII), "a number of seconds, as 2.5"),
    "integer": (re.compile(r"\d{1,9}", re.ASCII), "a whole number"),
}


class GatewayForm:
    """The settings that a gateway's type has, and those that the gateway has already."""

    def __init__(self, gateway_type: Entry, present: Entry | None) -> None:
        self.type_id = str(gateway_type["type"])
        self.channel = str(gateway_type.get("channel", SMS))
        self.pairs = bool(gateway_type.get("pairs"))
        self.settings = cast("list[Entry]", gateway_type.get("settings", []))
        self.is_change = present is not None and present.get("type") == self.type_id
        shown = cast("Mapping[str, str]", present.get("settings", {}) if present else {})
        kept = shown if self.is_change else {}
        self.present = {key: text for key, text in kept.items() if text != MASK}
        self.present_secrets = {key for key, text in kept.items() if text == MASK}

    def is_secret(self, name: str) -> bool:
        """Tell whether a setting must not be given where others can read it."""
        marked = any(entry["name"] == name and entry.get("secret") for entry in self.settings)
        return marked or name in self.present_secrets


def find_type(known: Sequence[Entry], type_id: str) -> Entry:
    """Return the type of that name, which may be one of its aliases.

    Raises:
        CliError: there is none.
    """
    entry = _type_named(known, type_id)
    if entry is None:
        raise CliError(
            f"there is no gateway type {printable(type_id)}",
            remedy="see: smsotpctl gateway types",
            exit_code=Exit.NOT_FOUND,
        )
    return entry


def _type_named(known: Sequence[Entry], name: str) -> Entry | None:
    for entry in known:
        if name in (entry["type"], *cast("Sequence[str]", entry.get("aliases", ()))):
            return entry
    return None


def settings_from_options(
    form: GatewayForm, pairs: Sequence[str], unset: Sequence[str]
) -> dict[str, str]:
    """Return the present settings with those of `--set KEY=VALUE` put in and `--unset KEY` out.

    Raises:
        WrongInputError: a pair has no equals sign, or names a secret.
    """
    settings = dict(form.present)
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise WrongInputError("--set takes KEY=VALUE")
        if form.is_secret(name):
            raise WrongInputError(
                f"{name} is secret, and other users can read the arguments of a program",
                remedy=f"use --set-secret {name}, and give the value on standard input",
            )
        settings[name] = value
    for name in unset:
        if name not in settings:
            raise WrongInputError(f"--unset {name}: it is not set")
        del settings[name]
    return settings


def secrets_from_options(
    form: GatewayForm, keys: Sequence[str], descriptor: int | None, *, can_ask: bool
) -> dict[str, Secret]:
    """Return the secrets that `--set-secret KEY` and `--set-secret KEY=@FD` name.

    Raises:
        WrongInputError: a value stands in the argument, or what should hold it does not.
    """
    secrets: dict[str, Secret] = {}
    waiting: list[str] = []
    for key in keys:
        name, sign, source = key.partition("=")
        if not sign:
            waiting.append(name)
        elif re.fullmatch(r"@\d{1,6}", source, re.ASCII):
            secrets[name] = secrets_in.read_descriptor(int(source[1:]))
        else:
            raise WrongInputError(
                "--set-secret takes no value, since other users can read the arguments of a "
                "program",
                remedy=f"give --set-secret {name} alone, and the value on standard input",
            )
    if not waiting:
        return secrets
    if descriptor is None and can_ask:
        labels = {str(entry["name"]): str(entry.get("label")) for entry in form.settings}
        return secrets | {name: secrets_in.ask(labels.get(name, name)) for name in waiting}
    values = secrets_in.read_lines(0 if descriptor is None else descriptor, len(waiting))
    return secrets | dict(zip(waiting, values, strict=True))


def ask_type(known: Sequence[Entry]) -> str:
    """Ask which type the gateway shall be.

    Raises:
        click.Abort: no acceptable answer came.
    """
    for number, entry in enumerate(known, start=1):
        click.echo(
            f"{number:>3}  {cell(entry.get('title'))} ({cell(entry.get('type'))})  "
            f"{cell(entry.get('link'))}",
            err=True,
        )
    for _ in range(secrets_in.TRIES):
        answer = str(click.prompt("Type (name or number)", err=True)).strip()
        chosen = _type_named(known, answer)
        if chosen is None and answer.isdecimal() and 0 < int(answer) <= len(known):
            chosen = known[int(answer) - 1]
        if chosen is not None:
            return str(chosen["type"])
        click.echo("That is none of them.", err=True)
    raise click.Abort


def ask_settings(form: GatewayForm) -> tuple[dict[str, str], dict[str, Secret]]:
    """Ask for each setting in turn; what is left empty keeps its value or its default."""
    click.echo("Empty keeps what stands in brackets; a single - leaves a setting out.", err=True)
    settings = dict(form.present)
    secrets: dict[str, Secret] = {}
    for entry in form.settings:
        name, label = str(entry["name"]), cell(entry.get("label"))
        if help_text := str(entry.get("help") or ""):
            click.echo(f"  {printable(help_text)}", err=True)
        if entry.get("kind") == "fields":
            settings |= _ask_fields(name, label, form.present)
        elif entry.get("secret"):
            if answer := _ask_secret(entry, label, is_stored=name in form.present_secrets):
                secrets[name] = answer
        elif text := _ask_text(entry, label, form.present.get(name)):
            settings[name] = text
        else:
            settings.pop(name, None)
    return settings, secrets


def _ask_secret(entry: Entry, label: str, *, is_stored: bool) -> Secret:
    question = f"{label} [{MASK}]" if is_stored else label
    return secrets_in.ask(question, may_be_empty=is_stored or not entry.get("required"))


def _ask_text(entry: Entry, label: str, present: str | None) -> str:
    """Ask for one text; return nothing where the default shall hold."""
    kind, choices = str(entry.get("kind")), cast("list[str]", entry.get("choices") or [])
    default = str(entry.get("default") or "")
    question = f"{label} ({', '.join(choices)})" if choices else label
    for _ in range(secrets_in.TRIES):
        shown = default if present is None else present
        answer = str(
            click.prompt(printable(question), default=shown, show_default=bool(shown), err=True)
        ).strip()
        if answer == "-":
            answer = ""
        if not answer:
            if not entry.get("required"):
                return ""
            click.echo("An answer is needed.", err=True)
        elif complaint := _complaint(kind, choices, answer):
            click.echo(f"It must be {complaint}.", err=True)
        else:
            return "" if answer == default and present is None else answer
    raise click.Abort


def _complaint(kind: str, choices: Sequence[str], answer: str) -> str:
    if choices:
        return "" if answer in choices else "one of " + ", ".join(choices)
    pattern, form = _PATTERNS.get(kind, (None, ""))
    return "" if pattern is None or pattern.fullmatch(answer) else form


def _ask_fields(family: str, label: str, present: Mapping[str, str]) -> dict[str, str]:
    """Ask for further names and values of a family, as `option.to`, until an empty answer."""
    for name, text in present.items():
        if name.startswith(f"{family}."):
            click.echo(f"  {printable(name)} = {printable(text)}", err=True)
    fields: dict[str, str] = {}
    while True:
        answer = str(
            click.prompt(f"{label}: NAME=VALUE (empty: no more)", default="", show_default=False,
                         err=True)
        ).strip()  # fmt: skip
        if not answer:
            return fields
        name, sign, value = answer.partition("=")
        if sign and name.strip():
            fields[f"{family}.{name.strip()}"] = value.strip()
        else:
            click.echo("It must be NAME=VALUE.", err=True)
