# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What the daemon says of itself when it is introspected."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from smsotpd.dbus.method import Method
from smsotpd.dbus.names import OBJECT_PATH

INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
PEER = "org.freedesktop.DBus.Peer"


def describe(methods: Iterable[Method], path: str) -> str:
    """Return the introspection XML of an object path; other paths lead to ours."""
    node = ET.Element("node")
    if path == OBJECT_PATH:
        interfaces: dict[str, ET.Element] = {}
        for method in methods:
            interface = interfaces.get(method.interface)
            if interface is None:
                interface = ET.SubElement(node, "interface", name=method.interface)
                interfaces[method.interface] = interface
            element = ET.SubElement(interface, "method", name=method.member)
            for direction, arguments in (("in", method.takes), ("out", method.returns)):
                for name, signature in arguments:
                    ET.SubElement(element, "arg", name=name, type=signature, direction=direction)
    elif path == "/":
        ET.SubElement(node, "node", name=OBJECT_PATH.strip("/"))
    elif OBJECT_PATH.startswith(path + "/"):
        ET.SubElement(node, "node", name=OBJECT_PATH[len(path) + 1 :].split("/")[0])
    return ET.tostring(node, encoding="unicode")
