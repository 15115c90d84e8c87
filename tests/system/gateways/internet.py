# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The internet of a machine: strict simulators under the providers' real names, over TLS.

Run there as a program, with the directory of the certificates as its argument. Each site has an
address of its own on the loopback. What the sites are asked and answer is written to a log, where
a test reads it instead of a phone.
"""

import json
import sys
import threading
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Final
from urllib.parse import unquote_plus

from tests.fakes.http_provider import HttpProvider, Line, Received, hang, reply
from tests.fakes.providers import (
    clicksend,
    ovh,
    serwersms,
    sms77io,
    smsapi,
    telegram_bot,
    whatsapp_business,
)
from tests.fakes.providers.gowhatsapp import MESSAGE as GOWHATSAPP_MESSAGE
from tests.fakes.providers.gowhatsapp import GowhatsappState, gowhatsapp
from tests.fakes.providers.strict import Reply, Simulator, StrictProvider
from tests.fakes.providers.whatsapp import MESSAGE as WHATSAPP_MESSAGE
from tests.fakes.providers.whatsapp import WhatsappState, whatsapp
from tests.fakes.providers.xmpp import Delivered, rest

LOG: Final = Path("/run/internet/log")
READY: Final = Path("/run/internet/ready")
NEVER: Final = 1_000_000


@dataclass(frozen=True)
class Site:
    """A host of the internet.

    Attributes:
        provider: who answers; None for a host that takes requests and never answers.
        taken: what stands in the reply, status and body, to a message that was taken.
        is_trusted: whether the machine trusts the authority of its certificate.
    """

    host: str
    provider: StrictProvider | None
    taken: str = ""
    is_trusted: bool = True


@dataclass(frozen=True)
class Exchange:
    """One line of the log; `is_mute` if the site took the request and never answered."""

    host: str
    target: str
    body: str
    taken: bool
    violations: list[str]
    is_mute: bool = False

    @property
    def text(self) -> str:
        """Return the body, of a form without its percent signs."""
        return self.body if self.body.startswith("{") else unquote_plus(self.body)

    def is_about(self, number: int) -> bool:
        """Tell whether the request names an address that holds a number."""
        return str(number) in self.target + self.text


def _site(host: str, simulator: Simulator, *, is_trusted: bool = True) -> Site:
    return Site(host, simulator.provider(), simulator.message_id, is_trusted)


# What no default leads to has a name under .example, which is nobody's (RFC 2606, 3).
SITES: Final = (
    _site("api.smsapi.com", smsapi.SIMULATOR),
    _site("rest.clicksend.com", clicksend.SIMULATOR),
    _site("gateway.seven.io", sms77io.SIMULATOR),
    Site("eu.api.ovh.com", ovh.ovh("https"), ovh.SIMULATOR.message_id),
    _site("api.telegram.org", telegram_bot.SIMULATOR),
    _site("graph.facebook.com", whatsapp_business.SIMULATOR),
    _site("api2.serwersms.pl", serwersms.SIMULATOR, is_trusted=False),
    Site("rest.spryngsms.com", None),
    Site("xmpp.example", rest(Delivered()), "202 "),
    Site("new.gowhatsapp.example", gowhatsapp(GowhatsappState({})), GOWHATSAPP_MESSAGE),
    Site("waiting.gowhatsapp.example", gowhatsapp(GowhatsappState({}, looks_until_linked=NEVER))),
    Site("new.wwebjs.example", whatsapp(WhatsappState({})), WHATSAPP_MESSAGE),
    Site("waiting.wwebjs.example", whatsapp(WhatsappState({}, looks_until_scanned=NEVER))),
    Site("setup.gowhatsapp.example", gowhatsapp(GowhatsappState({})), GOWHATSAPP_MESSAGE),
)


def address_of(site: Site) -> str:
    """Return the site's own address on the loopback."""
    return f"127.0.2.{SITES.index(site) + 1}"


class _Logged:
    """Answer as a simulator does, and write down what was asked."""

    _writing = threading.Lock()

    def __init__(self, site: Site) -> None:
        self._site = site

    def __call__(self, received: Received, line: Line) -> None:
        answer = self._answer(received)
        if answer is None:
            hang(received, line)
        else:
            reply(answer.status, answer.body, **answer.headers)(received, line)

    def _answer(self, received: Received) -> Reply | None:
        site = self._site
        with self._writing:
            if site.provider is None:
                self._write(received, taken=False, violations=[], is_mute=True)
                return None
            before = len(site.provider.violations)
            answer = site.provider.answer(received)
            violations = site.provider.violations[before:]
            taken = bool(site.taken) and site.taken in f"{answer.status} {answer.body}"
            self._write(received, taken=taken, violations=violations)
            return answer

    def _write(
        self, received: Received, *, taken: bool, violations: list[str], is_mute: bool = False
    ) -> None:
        body = received.body.decode(errors="replace")
        exchange = Exchange(
            self._site.host, received.target, body, taken, violations, is_mute=is_mute
        )
        with LOG.open("a") as log:
            log.write(json.dumps(asdict(exchange)) + "\n")


def serve(certificates: Path) -> None:
    """Serve all sites until the process is ended."""
    LOG.parent.mkdir(mode=0o700)
    LOG.touch()
    with ExitStack() as stack:
        for site in SITES:
            tls = SSLContext(PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificates / f"{site.host}.pem")
            address = (address_of(site), 443)
            stack.enter_context(HttpProvider(_Logged(site), tls, address=address))
        READY.touch()
        threading.Event().wait()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
