# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Mail through a real mail server, with TLS and logins; what it refuses has its class."""

import email
import email.policy
import email.utils
from dataclasses import replace
from email.message import EmailMessage

import pytest

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.mail_server import MailServer, Protection
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected
from smsotpd.core.recipient import parse_phone
from smsotpd.core.report import Condition, Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.catalogue import GATEWAYS, Catalogue, with_mail_servers
from smsotpd.gateways.providers import smtp
from smsotpd.gateways.sender import GatewaySender
from tests.fakes import mail_server
from tests.fakes.certificates import Authority

NUMBER = "+491701234567"
TEXT = 'Code 013579 für "Büro"\n.\n..@host #013579'
PASSWORD = "gehëim-013"


class Postbox:
    """Send one message through the gateway; nothing that comes back gives anything away."""

    def __init__(self, log: pytest.LogCaptureFixture) -> None:
        self._log = log

    async def inspect(self, server: MailServer) -> Report:
        given = {"SMTPIDENTIFIER": server.name, "MAILTO": "{phone}@sms.example"}
        sender = self.catalogue(server).sender(GatewayDefinition("tested", "smtp", given))
        return await sender.inspect(10.0)

    def catalogue(self, server: MailServer) -> Catalogue:
        types = with_mail_servers(GATEWAYS, {server.name: server})
        return Catalogue(GatewaySender, allow_outbox=False, gateways=types)

    async def send(
        self,
        server: MailServer,
        settings: dict[str, str] | None = None,
        text: str = TEXT,
        deadline: float = 10.0,
    ) -> Outcome:
        given = {"SMTPIDENTIFIER": server.name, "MAILTO": "{phone}@sms.example", **(settings or {})}
        definition = GatewayDefinition("tested", "smtp", given)
        catalogue = self.catalogue(server)
        catalogue.check(definition)
        message = Message(parse_phone(NUMBER), text)
        outcome = await catalogue.sender(definition).send(message, deadline)
        logged = " ".join(
            record.getMessage()
            for record in self._log.records
            if not record.name.startswith("mail.")  # aiosmtpd's own log repeats commands
        )
        for hidden in (NUMBER[1:], "013", "127.0.0.1"):
            assert hidden not in f"{outcome!r} {logged}"
        return outcome


@pytest.fixture
def postbox(caplog: pytest.LogCaptureFixture) -> Postbox:
    caplog.set_level("DEBUG")
    return Postbox(caplog)


def _plain(port: int) -> MailServer:
    return MailServer("office", "127.0.0.1", "otp@host.example", port, Protection.NONE)


def _with_login(port: int, authority: Authority, password: str = PASSWORD) -> MailServer:
    return replace(
        _plain(port),
        protection=Protection.STARTTLS,
        user="ötp",
        password=Secret(password),
        ca_file=str(authority.file),
    )


def _mail(content: object) -> EmailMessage:
    assert isinstance(content, bytes)
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


async def test_a_mail_has_sender_recipient_subject_and_text(postbox: Postbox) -> None:
    async with mail_server.MailServer().serve() as server:
        outcome = await postbox.send(_plain(server.port))
    assert outcome == Accepted("4F2A1")
    (envelope,) = server.received
    assert str(envelope.mail_from) == "otp@host.example"
    assert envelope.rcpt_tos == [f"{NUMBER}@sms.example"]
    mail = _mail(envelope.content)
    assert mail.get_content().replace("\r\n", "\n").rstrip("\n") == TEXT
    assert mail["Subject"] == NUMBER
    assert (mail["From"], mail["Reply-To"], mail["To"]) == (
        "otp@host.example",
        "otp@host.example",
        f"{NUMBER}@sms.example",
    )
    assert email.utils.parsedate_to_datetime(mail["Date"]).year >= 2026
    assert mail["Message-ID"].endswith("@host.example>")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content_charset() == "utf-8"
    assert mail["Content-Transfer-Encoding"] == "base64"


async def test_tags_are_filled_in_everywhere_once(postbox: Postbox) -> None:
    settings = {
        "MAILTO": "{otp}.{phone}@sms.example",
        "SUBJECT": "für {phone}: {otp} {user} {{",
        "BODY": "{otp}/{phone}",
        "REGEXP": "/^\\+49/0/",
    }
    async with mail_server.MailServer().serve() as server:
        assert isinstance(await postbox.send(_plain(server.port), settings, "{phone}"), Accepted)
    (envelope,) = server.received
    assert envelope.rcpt_tos == ["{phone}.01701234567@sms.example"]
    mail = _mail(envelope.content)
    assert mail["Subject"] == "für 01701234567: {phone} {user} {{"
    assert mail.get_content().strip() == "{phone}/01701234567"


@pytest.mark.parametrize(("off", "used"), [((), "PLAIN"), (("PLAIN",), "LOGIN")])
async def test_it_logs_in_over_starttls_in_utf_8(
    postbox: Postbox, authority: Authority, off: tuple[str, ...], used: str
) -> None:
    real = mail_server.MailServer(
        login=("ötp", PASSWORD), starttls=authority.server(), mechanisms_off=off
    )
    async with real.serve() as server:
        outcome = await postbox.send(_with_login(server.port, authority))
    assert outcome == Accepted("4F2A1")
    assert server.logins == [used]


async def test_an_inspection_logs_in_and_sends_nothing(
    postbox: Postbox, authority: Authority
) -> None:
    real = mail_server.MailServer(login=("ötp", PASSWORD), starttls=authority.server())
    async with real.serve() as server:
        good = await postbox.inspect(_with_login(server.port, authority))
        bad = await postbox.inspect(_with_login(server.port, authority, "wrong"))
    assert good == Report(Condition.READY, "the mail server answers and takes our login")
    assert bad.condition is Condition.DOWN
    assert server.received == []


async def test_it_logs_in_over_tls(postbox: Postbox, authority: Authority) -> None:
    real = mail_server.MailServer(login=("ötp", PASSWORD), tls=authority.server())
    async with real.serve() as server:
        definition = replace(_with_login(server.port, authority), protection=Protection.TLS)
        assert isinstance(await postbox.send(definition), Accepted)
    assert server.logins == ["PLAIN"]


@pytest.mark.parametrize("off", [(), ("PLAIN",)])
async def test_a_wrong_password_is_seen(
    postbox: Postbox, authority: Authority, off: tuple[str, ...]
) -> None:
    real = mail_server.MailServer(
        login=("ötp", "another"), starttls=authority.server(), mechanisms_off=off
    )
    async with real.serve() as server:
        outcome = await postbox.send(_with_login(server.port, authority))
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH
    assert server.received == []


async def test_a_server_that_wants_a_login_and_gets_none_is_seen(
    postbox: Postbox, authority: Authority
) -> None:
    real = mail_server.MailServer(login=("ötp", PASSWORD), starttls=authority.server())
    async with real.serve() as server:
        outcome = await postbox.send(
            replace(_with_login(server.port, authority), user="", password=Secret(""))
        )
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH


async def test_no_mechanism_that_we_know_is_a_refusal(
    postbox: Postbox, authority: Authority
) -> None:
    real = mail_server.MailServer(
        login=("ötp", PASSWORD), starttls=authority.server(), mechanisms_off=("PLAIN", "LOGIN")
    )
    async with real.serve() as server:
        outcome = await postbox.send(_with_login(server.port, authority))
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.AUTH


async def test_without_starttls_nothing_is_said_in_the_clear(
    postbox: Postbox, authority: Authority
) -> None:
    async with mail_server.MailServer().serve() as server:
        outcome = await postbox.send(_with_login(server.port, authority))
    assert isinstance(outcome, Deferred)
    assert "STARTTLS" in outcome.detail
    assert (server.received, server.logins) == ([], [])


@pytest.mark.parametrize("protection", [Protection.STARTTLS, Protection.TLS])
@pytest.mark.parametrize("flaw", ["expired", "another name", "self-signed"])
async def test_a_certificate_that_is_not_trusted_ends_it(
    postbox: Postbox, authority: Authority, protection: Protection, flaw: str
) -> None:
    match flaw:
        case "expired":
            context = authority.server(first_day=-9, last_day=-2)
        case "another name":
            context = authority.server("mail.example")
        case _:
            context = authority.self_signed()
    real = (
        mail_server.MailServer(tls=context)
        if protection is Protection.TLS
        else mail_server.MailServer(starttls=context)
    )
    async with real.serve() as server:
        outcome = await postbox.send(
            replace(_with_login(server.port, authority), protection=protection)
        )
    assert isinstance(outcome, Deferred)
    assert outcome.detail.startswith("TLS: the certificate")
    assert server.received == []


_REFUSALS = [
    ("MAIL", "550 no such sender", ErrorClass.SENDER),
    ("MAIL", "553 5.7.1 not yours", ErrorClass.SENDER),
    ("MAIL", "530 5.7.0 Authentication required", ErrorClass.AUTH),
    ("MAIL", "552 too large", ErrorClass.CONTENT),
    ("MAIL", "501 syntax", ErrorClass.SENDER),
    ("MAIL", "421 later", ErrorClass.TEMPORARY),
    ("MAIL", "452 no room", ErrorClass.TEMPORARY),
    ("RCPT", "550 5.1.1 no such mailbox", ErrorClass.RECIPIENT),
    ("RCPT", "550 5.7.1 relaying denied", ErrorClass.AUTH),
    ("RCPT", "554 5.7.1 relay access denied", ErrorClass.AUTH),
    ("RCPT", "530 log in first", ErrorClass.AUTH),
    ("RCPT", "551 not here", ErrorClass.RECIPIENT),
    ("RCPT", "552 mailbox full", ErrorClass.RECIPIENT),
    ("RCPT", "553 no such name", ErrorClass.RECIPIENT),
    ("RCPT", "554 no", ErrorClass.REJECTED),
    ("RCPT", "450 4.7.1 greylisted", ErrorClass.TEMPORARY),
    ("RCPT", "451 error", ErrorClass.TEMPORARY),
    ("RCPT", "452 too many", ErrorClass.TEMPORARY),
    ("DATA", "554 5.7.1 spam", ErrorClass.CONTENT),
    ("DATA", "554 5.6.0 malformed", ErrorClass.CONTENT),
    ("DATA", "552 too large", ErrorClass.CONTENT),
    ("DATA", "554 failed", ErrorClass.REJECTED),
    ("DATA", "550 no", ErrorClass.REJECTED),
    ("DATA", "451 error", ErrorClass.TEMPORARY),
    ("DATA", "452 no room", ErrorClass.TEMPORARY),
]


@pytest.mark.parametrize(("command", "answer", "error_class"), _REFUSALS)
async def test_a_refusal_has_the_class_of_its_command_and_code(
    postbox: Postbox, command: str, answer: str, error_class: ErrorClass
) -> None:
    async with mail_server.MailServer(refusals={command: answer}).serve() as server:
        outcome = await postbox.send(_plain(server.port))
    passing = error_class is ErrorClass.TEMPORARY
    assert isinstance(outcome, Deferred if passing else Rejected)
    assert outcome.error_class is error_class
    assert server.received == []


@pytest.mark.parametrize(
    ("settings", "text", "error_class"),
    [
        ({"SUBJECT": "{otp}"}, "x\r\nBcc: everybody@example.org", ErrorClass.CONTENT),
        ({"SUBJECT": "{otp}"}, "x\u2028y", ErrorClass.CONTENT),
        ({"MAILTO": "{otp}@sms.example"}, "a@b.example,c", ErrorClass.RECIPIENT),
        ({"MAILTO": "{otp}@sms.example"}, "a> SIZE=1\r\nRCPT TO:<b", ErrorClass.RECIPIENT),
        ({"MAILTO": "{otp}@sms.example"}, "größe", ErrorClass.RECIPIENT),
        ({"REGEXP": "/.*//"}, "1", ErrorClass.RECIPIENT),
        ({}, "\ud800", ErrorClass.CONTENT),
        ({}, "a\0b", ErrorClass.CONTENT),
    ],
)
async def test_what_would_be_another_mail_is_not_sent(
    postbox: Postbox, settings: dict[str, str], text: str, error_class: ErrorClass
) -> None:
    async with mail_server.MailServer().serve() as server:
        outcome = await postbox.send(_plain(server.port), settings, text)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is error_class
    assert server.received == []


@pytest.mark.parametrize(
    ("settings", "setting", "complaint"),
    [
        ({"SMTPIDENTIFIER": "home"}, "SMTPIDENTIFIER", "defined are office"),
        ({"MAILTO": "a@b.example, {phone}@c.example"}, "MAILTO", "one mail address"),
        ({"MAILTO": "{phone}"}, "MAILTO", "one mail address"),
        ({"SUBJECT": "a\nBcc: b@c.example"}, "SUBJECT", "line break"),
        ({"BODY": "nothing"}, "BODY", "must hold the tag {otp}"),
        ({"REGEXP": "s/a/b/"}, "REGEXP", "form"),
    ],
)
async def test_a_configuration_that_could_not_work_is_refused_when_it_is_saved(
    postbox: Postbox, settings: dict[str, str], setting: str, complaint: str
) -> None:
    given = {"SMTPIDENTIFIER": "office", "MAILTO": "{phone}@sms.example", **settings}
    with pytest.raises(BadArgumentError) as caught:
        postbox.catalogue(_plain(25)).check(GatewayDefinition("tested", "smtp", given))
    assert caught.value.name == setting
    assert complaint in caught.value.complaint


def test_authorities_that_cannot_be_read_are_refused_when_it_is_saved(postbox: Postbox) -> None:
    server = replace(_plain(25), ca_file="/nowhere/authority.pem")
    given = {"SMTPIDENTIFIER": "office", "MAILTO": "{phone}@sms.example"}
    with pytest.raises(BadArgumentError, match=r"\[smtp\.office\]"):
        postbox.catalogue(server).check(GatewayDefinition("tested", "smtp", given))


def test_every_documented_failure_is_one_of_those_tried() -> None:
    tried = {
        (f"SMTP {answer[:3]} to {_NAMES[command]}", kind) for command, answer, kind in _REFUSALS
    }
    tried |= {
        (f"SMTP {answer[4:7]}.x to {_NAMES[command]}", kind)
        for command, answer, kind in _REFUSALS
        if answer[5:6] == "."
    }
    named = {(failure.sign, failure.error_class) for failure in smtp.GATEWAY.failures}
    elsewhere = {"AUTH", "the connection", "4xx", "5xx"}
    assert {each for each in named if not any(word in each[0] for word in elsewhere)} <= tried


_NAMES = {"MAIL": "MAIL FROM", "RCPT": "RCPT TO", "DATA": "DATA"}
