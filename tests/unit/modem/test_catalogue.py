# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A gateway of type `modem` is checked before any port is touched."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from smsotpd.core.catalogues import Catalogues
from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.ports import GatewayCatalogue
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import Catalogue
from smsotpd.gateways.sender import GatewaySender
from smsotpd.modem.catalogue import ModemCatalogue
from smsotpd.modem.device import candidates
from smsotpd.modem.pin_marks import PinMarkFile
from smsotpd.modem.settings import parse


@dataclass
class Port:
    device: str
    vid: int | None = None
    pid: int | None = None
    location: str | None = None


PORTS = (
    Port("/dev/ttyS0"),
    Port("/dev/ttyUSB0", 0x12D1, 0x1506, "1-1:1.0"),
    Port("/dev/ttyUSB1", 0x12D1, 0x1506, "1-1:1.2"),
    Port("/dev/ttyACM0", 0x2341, 0x0043, "1-2:1.0"),  # an Arduino
    Port("/dev/ttyUSB2", 0x2C7C, 0x0125, "1-3:1.2"),
)


def definition(**settings: str) -> GatewayDefinition:
    return GatewayDefinition("gsm", "modem", settings)


@pytest.fixture
def catalogue(tmp_path: Path) -> GatewayCatalogue:
    modems = ModemCatalogue(PinMarkFile(tmp_path, b"k" * 32))
    return Catalogues(Catalogue(GatewaySender, allow_outbox=True), modems)


def test_auto_asks_ports_of_known_makers_only_the_likeliest_first() -> None:
    assert candidates("auto", lambda: PORTS) == ["/dev/ttyUSB1", "/dev/ttyUSB2", "/dev/ttyUSB0"]


def test_usb_ids_name_the_ports_of_one_kind() -> None:
    assert candidates("2C7C:0125", lambda: PORTS) == ["/dev/ttyUSB2"]
    assert candidates("dead:beef", lambda: PORTS) == []


def test_a_path_is_taken_as_it_is() -> None:
    assert candidates("/dev/serial/by-id/usb-x", lambda: PORTS) == ["/dev/serial/by-id/usb-x"]


def test_the_defaults_will_do() -> None:
    (settings,) = parse(definition())
    assert (settings.device, settings.per_minute, settings.wants_report) == ("auto", 20, False)
    assert not settings.pin


def test_several_devices_are_several_modems_of_one_gateway() -> None:
    both = parse(definition(DEVICE="/dev/serial/by-id/a, 12d1:1506", PIN="1111,2222", SPEED="9600"))
    assert [(each.number, each.device, each.label) for each in both] == [
        (1, "/dev/serial/by-id/a", "gsm-1"),
        (2, "12d1:1506", "gsm-2"),
    ]
    assert [each.pin.reveal() for each in both] == ["1111", "2222"]
    assert len({each.holder for each in both}) == 2
    assert {each.access.speed for each in both} == {9600}
    same = parse(definition(DEVICE="/dev/a,/dev/b", PIN="1111"))
    assert [each.pin.reveal() for each in same] == ["1111", "1111"]
    some = parse(definition(DEVICE="/dev/a,/dev/b", PIN=",2222"))
    assert [bool(each.pin) for each in some] == [False, True]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DEVICE", "/etc/passwd"),
        ("DEVICE", "/dev/../etc/passwd"),
        ("DEVICE", "ttyUSB0"),
        ("DEVICE", "12d1:15061"),
        ("PIN", "123"),
        ("PIN", '1234"'),
        ("PIN", "١٢٣٤"),
        ("SERVICE_CENTRE", '+49"\r'),
        ("SERVICE_CENTRE", "0171"),
        ("NUMBER_FORMAT", "local"),
        ("REPORT", "maybe"),
        ("PER_MINUTE", "0"),
        ("PER_MINUTE", "1000"),
        ("COLOUR", "red"),
        ("DEVICE", "/dev/ttyUSB0,"),
        ("DEVICE", "/dev/ttyUSB0 /dev/ttyUSB1"),
        ("DEVICE", "auto,/dev/ttyUSB0"),
        ("DEVICE", "/dev/ttyUSB0, /dev/ttyUSB0"),
        ("DEVICE", "12d1:1506,12D1:1506"),
        ("DEVICE", ",".join(f"/dev/ttyUSB{each}" for each in range(17))),
        ("PIN", "1234,5678"),
        ("SPEED", "115201"),
        ("FLOW_CONTROL", "xonxoff"),
        ("LOCK_FILE", "1"),
        ("CALL_FOR_HELP", "/bin/sh"),
    ],
)
def test_a_wrong_setting_is_named_and_not_repeated(
    catalogue: GatewayCatalogue, name: str, text: str
) -> None:
    with pytest.raises(BadArgumentError) as caught:
        catalogue.check(definition(**{name: text}))
    assert caught.value.name == name
    assert text not in str(caught.value)


def test_the_pin_is_a_secret_and_given_once(catalogue: GatewayCatalogue) -> None:
    assert catalogue.secret_names(definition(PIN="1234", DEVICE="auto")) == {"PIN"}
    twice = GatewayDefinition("gsm", "modem", {"PIN": "1234"}, {"PIN": Secret("1234")})
    with pytest.raises(BadArgumentError, match="both as a setting and as a secret"):
        catalogue.check(twice)
    assert "1234" not in repr(parse(definition(PIN="1234")))


def test_the_modem_stands_among_the_other_types(catalogue: GatewayCatalogue) -> None:
    types = [each.type_id for each in catalogue.types()]
    assert types[-1] == "modem"
    assert len(set(types)) == len(types)
    catalogue.check(GatewayDefinition("demo", "outbox", {}))
    assert catalogue.type_id("seven") == "sms77io"
    assert catalogue.type_id("modem") == "modem"
    with pytest.raises(BadArgumentError, match=r"must be one of .*outbox, modem"):
        catalogue.check(GatewayDefinition("gsm", "carrier-pigeon", {}))


def test_an_alias_is_found_in_its_catalogue(catalogue: GatewayCatalogue) -> None:
    unknown = catalogue.type_id("carrier-pigeon")
    assert unknown == "carrier-pigeon"
    with pytest.raises(BadArgumentError, match="is no setting of sms77io"):
        catalogue.check(GatewayDefinition("x", "seven", {"NONSENSE": "1"}))
