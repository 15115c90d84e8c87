# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The list of gateway types: what may be configured, what is hidden, what third parties add."""

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from smsotpd.core.errors import BadArgumentError, RefusedError
from smsotpd.core.gateway import GatewayDefinition, SettingDescription
from smsotpd.core.ports import GatewayCatalogue
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import GATEWAYS, Catalogue, with_third_parties
from smsotpd.gateways.providers import http, outbox
from smsotpd.gateways.sender import GatewaySender
from smsotpd.gateways.spec import Gateway, Library
from smsotpd.gateways.spec.settings import check_kind

_URL = "https://api.example/send"
OTHERS_GATEWAY = replace(outbox.GATEWAY, id="theirs", demonstration=False)
USURPER = replace(OTHERS_GATEWAY, id="usurper", aliases=("outbox",))


def _catalogue(*, allow_outbox: bool = False) -> GatewayCatalogue:
    return Catalogue(GatewaySender, allow_outbox=allow_outbox)


def _with_alias(*further: Gateway) -> GatewayCatalogue:
    aliased = (replace(http.GATEWAY, aliases=("old-http",)), outbox.GATEWAY, *further)
    return Catalogue(GatewaySender, allow_outbox=True, gateways=aliased)


def _definition(settings: dict[str, str] | None = None, **secrets: str) -> GatewayDefinition:
    return GatewayDefinition(
        "main",
        "http",
        {"URL": _URL, "text": "{otp}", **(settings or {})},
        {name: Secret(text) for name, text in secrets.items()},
    )


def test_types_are_listed_with_all_that_an_administrator_is_asked() -> None:
    types = {each.type_id: each for each in _catalogue().types()}
    assert set(types) == {gateway.id for gateway in GATEWAYS}
    names = {setting.name for setting in types["http"].settings}
    assert names == {
        "URL", "HTTP_METHOD", "USERNAME", "PASSWORD", "RETURN_SUCCESS", "RETURN_FAIL", "PROXY",
        "HTTP_PROXY", "HTTPS_PROXY", "PARAMETER", "CHECK_SSL", "TIMEOUT", "SEND_DATA_AS_JSON",
        "REGEXP", "CA_FILE", "option", "header",
    }  # fmt: skip


@pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.id)
def test_a_table_of_settings_describes_itself(gateway: Gateway) -> None:
    kinds = {"text", "url", "choice", "yes-no", "seconds", "integer", "fields"}
    names = [setting.name for setting in gateway.settings]
    assert len(set(names)) == len(names)
    for setting in gateway.settings:
        assert setting.kind in kinds
        assert setting.label
        assert bool(setting.choices) == (setting.kind == "choice")


@pytest.mark.parametrize("text", ["1", "007", "999999999"])
def test_a_whole_number_is_taken(text: str) -> None:
    check_kind(SettingDescription("PORT", "Port", kind="integer"), text)


@pytest.mark.parametrize("text", ["-1", "1.0", "1e3", "٣", "1_0", " 1", "9999999999"])
def test_anything_else_is_no_whole_number(text: str) -> None:
    with pytest.raises(BadArgumentError, match="PORT must be a whole number"):
        check_kind(SettingDescription("PORT", "Port", kind="integer"), text)


def test_an_unknown_type_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(BadArgumentError, match=r"must be one of .*http, .*outbox"):
        _catalogue().check(replace(_definition(), type_id="carrier-pigeon"))


def test_an_unknown_setting_is_refused_with_the_ones_there_are() -> None:
    definition = GatewayDefinition("demo", "outbox", {"FILE": "/x"})
    with pytest.raises(BadArgumentError, match="FILE is no setting of outbox; it has PATH"):
        _catalogue(allow_outbox=True).check(definition)


def test_the_outbox_is_refused_unless_the_configuration_allows_it() -> None:
    definition = GatewayDefinition("demo", "outbox", {})
    for refused in (_catalogue().check, _catalogue().sender):
        with pytest.raises(RefusedError, match=r"allow_outbox = true under \[gateways\]"):
            refused(definition)
    allowed = _catalogue(allow_outbox=True)
    allowed.check(definition)
    assert allowed.sender(definition).name == "demo"


@pytest.mark.parametrize("module", ["json", "no_such_library"])
def test_a_type_whose_library_is_not_installed_says_what_to_install(module: str) -> None:
    library = Library(module, "apt install python3-missing")
    catalogue = _with_alias(replace(OTHERS_GATEWAY, library=library))
    definition = GatewayDefinition("main", "theirs", {})
    if module == "json":
        catalogue.check(definition)
        return
    with pytest.raises(RefusedError, match="install it with: apt install python3-missing"):
        catalogue.check(definition)


def test_secrets_are_the_ones_marked_declared_or_named_so() -> None:
    definition = _definition(
        {
            "USERNAME": "anton",
            "PASSWORD": "hush",
            "api_key": "1",
            "option.password": "2",
            "header.Authorization": "Bearer 3",
            "PARAMETER": "{}",
            "HTTPS_PROXY": "http://u:p@proxy:3128",
            "RETURN_SUCCESS": "token",
            "to": "{phone}",
        },
        account="4",
    )
    assert _catalogue().secret_names(definition) == {
        "PASSWORD", "api_key", "option.password", "header.Authorization", "PARAMETER",
        "HTTPS_PROXY", "account",
    }  # fmt: skip


def test_a_url_with_a_login_is_secret() -> None:
    assert "URL" in _catalogue().secret_names(_definition({"URL": "https://u:p@api.example/"}))
    assert "URL" not in _catalogue().secret_names(_definition())


def test_a_gateway_keeps_its_sender_until_its_definition_changes() -> None:
    catalogue = _catalogue()
    first = catalogue.sender(_definition())
    assert catalogue.sender(_definition()) is first
    assert catalogue.sender(_definition({"to": "{phone}"})) is not first
    assert catalogue.sender(_definition(key="1")) is not first


def test_an_alias_is_resolved_wherever_a_type_is_named() -> None:
    catalogue = _with_alias()
    definition = GatewayDefinition("demo", "old-http", {"URL": _URL, "text": "{otp}", "token": "1"})
    catalogue.check(definition)
    assert catalogue.secret_names(definition) == {"token"}
    assert catalogue.sender(definition).name == "demo"
    assert catalogue.type_id("old-http") == "http"
    assert catalogue.type_id("http") == "http"


def test_a_name_that_no_type_has_stays_as_it_is() -> None:
    assert _with_alias().type_id("carrier-pigeon") == "carrier-pigeon"


@pytest.mark.parametrize("name", ["http", "outbox", "old-http"])
def test_an_alias_that_is_another_types_name_is_refused_at_start(name: str) -> None:
    others = replace(OTHERS_GATEWAY, aliases=(name,))
    with pytest.raises(ValueError, match=f"the name {name} is taken"):
        _with_alias(others)


def test_no_two_of_our_types_share_a_name() -> None:
    names = [name for gateway in GATEWAYS for name in (gateway.id, *gateway.aliases)]
    assert len(set(names)) == len(names)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def install(**values: str) -> None:
        points = EntryPoints(
            EntryPoint(name, value, "smsotpd.gateways") for name, value in values.items()
        )
        monkeypatch.setattr(
            "smsotpd.gateways.catalogue.entry_points", lambda group: points.select(group=group)
        )

    return install


def test_a_third_partys_gateway_is_added_at_the_end(installed: Callable[..., None]) -> None:
    installed(theirs=f"{__name__}:OTHERS_GATEWAY")
    gateways, complaints = with_third_parties()
    assert [gateway.id for gateway in gateways] == [*(each.id for each in GATEWAYS), "theirs"]
    assert complaints == ()


def test_a_third_partys_mistake_is_reported_and_costs_nothing_else(
    installed: Callable[..., None],
) -> None:
    installed(
        absent="no_such_package_at_all:GATEWAY",
        number="math:pi",
        taken="smsotpd.gateways.providers.http:GATEWAY",
        theirs=f"{__name__}:OTHERS_GATEWAY",
        usurper=f"{__name__}:USURPER",
    )
    gateways, complaints = with_third_parties()
    assert [gateway.id for gateway in gateways] == [*(each.id for each in GATEWAYS), "theirs"]
    assert complaints == (
        "gateway absent: not loaded, ModuleNotFoundError",
        "gateway number: not loaded, math:pi is no Gateway",
        "gateway taken: not loaded, the name http is taken",
        "gateway usurper: not loaded, the name outbox is taken",
    )
