# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The table of the `http` gateway: privacyIDEA's names, and two families of further names."""

from typing import Final

from smsotpd.core.gateway import SettingDescription

OPTION: Final = "option"
HEADER: Final = "header"
PARAMETER: Final = "PARAMETER"

SETTINGS: Final = (
    SettingDescription(
        "URL",
        "URL of the gateway",
        "Used as it is, without tags; an existing query is kept and appended to.",
        kind="url",
        required=True,
    ),
    SettingDescription(
        "HTTP_METHOD", "HTTP method", kind="choice", default="GET", choices=("GET", "POST")
    ),
    SettingDescription("USERNAME", "User name", "For basic authentication, with PASSWORD."),
    SettingDescription("PASSWORD", "Password", "For basic authentication.", secret=True),
    SettingDescription(
        "RETURN_SUCCESS",
        "Text of success",
        "The message counts as sent only if the reply contains it; case matters.",
    ),
    SettingDescription(
        "RETURN_FAIL",
        "Text of failure",
        "The message counts as refused if the reply contains it; "
        "looked at only where RETURN_SUCCESS is not set.",
    ),
    SettingDescription(
        "CHECK_SSL", "Verify the server's certificate", kind="yes-no", default="yes"
    ),
    SettingDescription(
        "CA_FILE",
        "File of certificate authorities",
        "PEM file to trust instead of the system's authorities; readable by the daemon.",
    ),
    SettingDescription(
        "TIMEOUT",
        "Timeout",
        "Seconds for the whole exchange, name look-up and reply included.",
        kind="seconds",
        default="3",
    ),
    SettingDescription("HTTP_PROXY", "Proxy for http:// URLs", kind="url"),
    SettingDescription("HTTPS_PROXY", "Proxy for https:// URLs", kind="url"),
    SettingDescription(
        "PROXY",
        "Proxy (deprecated)",
        "Serves URLs of the scheme it begins with; ignored if HTTP_PROXY or HTTPS_PROXY is set.",
        kind="url",
    ),
    SettingDescription(
        "SEND_DATA_AS_JSON",
        "Send the fields as JSON",
        "Needs HTTP_METHOD POST.",
        kind="yes-no",
        default="no",
    ),
    SettingDescription(
        "REGEXP",
        "Rewriting of the number",
        r"/pattern/replacement/, as in /^\+/00/; applied to every match.",
    ),
    SettingDescription(
        PARAMETER,
        "Fixed field of the request",
        "PARAMETER.NAME, or PARAMETER with a JSON object of such fields; sent without tags, and "
        "instead of an option of the same name.",
        kind="fields",
        secret=True,
    ),
    SettingDescription(
        OPTION,
        "Field of the request",
        "option.NAME, or just NAME unless a setting has that name; the tags {phone} and {otp} "
        "stand for the number and the message.",
        kind="fields",
    ),
    SettingDescription(
        HEADER, "Header of the request", "header.NAME; sent as it is, without tags.", kind="fields"
    ),
)
