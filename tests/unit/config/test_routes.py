# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Routes are tables with names, in the order of the files."""

import re
from pathlib import Path

import pytest

from smsotpd.config.settings import read_configuration
from smsotpd.core.errors import ConfigurationError
from smsotpd.core.route import Route


def test_routes_keep_their_order_and_a_later_file_wins(tmp_path: Path) -> None:
    (tmp_path / "smsotpd.toml").write_text(
        '[route.america]\ngateways = ["voipms"]\nchannel = "sms"\nprefixes = ["1"]\n'
        '[route.staff]\ngateways = ["signal"]\ngroups = ["staff"]\n'
        '[gateways]\norder = ["last"]\n'
    )
    (tmp_path / "smsotpd.d").mkdir(exist_ok=True)
    (tmp_path / "smsotpd.d/x.toml").write_text('[route.america]\ngateways = ["clicksend"]\n')
    settings = read_configuration(tmp_path).settings
    assert settings.all_routes() == (
        Route(("clicksend",)),
        Route(("signal",), groups=frozenset({"staff"})),
        Route(("last",)),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('channel = "sms"', "names no gateways"),
        ("gateways = []", "names no gateways"),
        ('gateways = ["a"]\nchannel = "fax"', "must be one of sms"),
        ('gateways = ["a"]\nprefixes = ["+49"]', "digits without plus sign"),
        ('gateways = ["a"]\ngroups = [""]', "names of groups"),
        ('gateways = ["a"]\nprefix = ["49"]', "is no key of [route.x]"),
    ],
)
def test_a_wrong_route_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "smsotpd.toml").write_text(f"[route.x]\n{text}\n")
    with pytest.raises(ConfigurationError, match=re.escape(complaint)):
        read_configuration(tmp_path)
