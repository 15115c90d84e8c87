# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The XML we ship is what the running daemon says of itself."""

import re
import xml.etree.ElementTree as ET

import pytest

from smsotpd.dbus.names import ERRORS
from tests.bus.client import BusError, Client
from tests.bus.daemon import Daemon
from tests.bus.private_bus import ROOT

XML = ROOT / "packaging/usr/share/dbus-1/interfaces/org.smsotp1.xml"

Members = dict[tuple[str, str], list[tuple[str | None, ...]]]


def members(root: ET.Element) -> Members:
    return {
        (str(interface.get("name")), str(method.get("name"))): [
            (arg.get("name"), arg.get("type"), arg.get("direction")) for arg in method.iter("arg")
        ]
        for interface in root.iter("interface")
        for method in interface.iter("method")
    }


async def test_the_running_daemon_offers_exactly_the_contract(root: Client) -> None:
    (text,) = await root.call("org.freedesktop.DBus.Introspectable", "Introspect")
    assert members(ET.fromstring(text)) == members(ET.parse(XML).getroot())  # noqa: S314  # ours


async def test_introspection_leads_from_the_root_to_the_object(root: Client) -> None:
    found = []
    for path in ("/", "/org"):
        (text,) = await root.call("org.freedesktop.DBus.Introspectable", "Introspect", path=path)
        found += [node.get("name") for node in ET.fromstring(text).iter("node")][1:]  # noqa: S314  # ours
    assert found == ["org/smsotp1", "smsotp1"]


def test_every_error_is_in_the_contract_and_the_reverse() -> None:
    comment = XML.read_text().split("-->")[0]
    described = set(re.findall(r"^    ([A-Z]\w+) {2,}", comment, re.MULTILINE))
    assert described == {name.rpartition(".")[2] for name in ERRORS.values()}


async def test_an_unknown_method_is_answered_as_such(root: Client) -> None:
    with pytest.raises(BusError) as caught:
        await root.call("org.smsotp1.Admin", "Explode")
    assert caught.value.name == "org.freedesktop.DBus.Error.UnknownMethod"


async def test_another_path_has_no_methods(root: Client, daemon: Daemon) -> None:
    with pytest.raises(BusError):
        await root.call("org.smsotp1.Admin", "Status", path="/org/other")
    assert daemon.process.poll() is None
