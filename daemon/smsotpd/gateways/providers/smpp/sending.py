# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Bind, submit each part, unbind."""

import ssl
from collections.abc import Sequence
from typing import Final

from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Unknown
from smsotpd.gateways.providers.smpp.link import Link
from smsotpd.gateways.providers.smpp.parts import Part
from smsotpd.gateways.providers.smpp.pdu import validity
from smsotpd.gateways.providers.smpp.status import outcome_of_status
from smsotpd.gateways.spec import Values
from smsotpd.gateways.spec.reading import message_id

# What is left for the thread to end in, of the seconds there are.
_SPARE: Final = 0.2
_SHORTEST: Final = 0.1


class Submission:
    """One message on its way; without one, just a bind."""

    def __init__(self, values: Values, seconds: float) -> None:
        self._values = values
        self._seconds = max(seconds - _SPARE, _SHORTEST)
        self._handed_over = False

    def run(self, message: Message | None, number: str, parts: Sequence[Part]) -> Outcome:
        """Return what became of it; never raises."""
        try:
            return self._run(message, number, parts)
        except ssl.SSLError:
            why = "TLS: no secure connection to the SMSC"
        except TimeoutError:
            why = "no answer from the SMSC in time"
        except Exception as error:  # noqa: BLE001  # smpplib raises whatever a bad PDU causes
            why = "no SMPP connection to the SMSC"
            if not isinstance(error, OSError) and type(error).__name__ != "ConnectionError":
                why = f"the SMSC's answer cannot be read: {type(error).__name__}"
        if self._handed_over:
            return Unknown(f"{why}, after the message was handed over")
        return Deferred(ErrorClass.TEMPORARY, why)

    def _run(self, message: Message | None, number: str, parts: Sequence[Part]) -> Outcome:
        values = self._values
        tls = ssl.create_default_context(cafile=values.text("CA_FILE") or None)
        port = int(values.text("SMSC_PORT"))
        link = Link(
            values.text("SMSC_HOST"), port, self._seconds, tls if values.is_on("TLS") else None
        )
        try:
            link.open()
            bound = link.request(
                "bind_transmitter",
                system_id=values.text("SYSTEM_ID"),
                password=values.text("PASSWORD"),
            )
            if bound.status:
                return outcome_of_status(bound.status)
            return self._submit(link, message, number, parts) if message else Accepted()
        finally:
            link.close()

    def _submit(self, link: Link, message: Message, number: str, parts: Sequence[Part]) -> Outcome:
        values, first_id = self._values, ""
        for part in parts:
            self._handed_over = True
            answer = link.request(
                "submit_sm",
                source_addr_ton=int(values.text("S_ADDR_TON")),
                source_addr_npi=int(values.text("S_ADDR_NPI")),
                source_addr=values.text("S_ADDR"),
                dest_addr_ton=int(values.text("D_ADDR_TON")),
                dest_addr_npi=int(values.text("D_ADDR_NPI")),
                destination_addr=number,
                esm_class=part.esm_class,
                data_coding=part.data_coding,
                validity_period=validity(message.lifetime),
                short_message=part.short_message,
            )
            if answer.status:  # of no use without this part, whatever became of the others
                return outcome_of_status(answer.status)
            given: object = getattr(answer, "message_id", b"")
            if isinstance(given, bytes):
                first_id = first_id or message_id(given.decode("latin-1"))
        return Accepted(first_id)
