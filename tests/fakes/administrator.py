# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""An administrator who pairs a gateway: makes its requests, answers its questions, never waits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.report import Report
from smsotpd.core.secret import Secret
from smsotpd.gateways.exchange import Exchange
from smsotpd.gateways.spec import Gateway, Request, Response
from smsotpd.gateways.spec.pairing import Ask, Keep, PairingAnswer, Pause, Show, ShowCode, Start
from smsotpd.gateways.spec.settings import check_settings


@dataclass
class Administrator:
    """Follow a pairing to its end, and remember all that it showed."""

    gateway: Gateway
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    questions: list[Ask] = field(default_factory=list)
    codes: list[ShowCode] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    pauses: int = 0

    def pair(self) -> Report:
        """Pair, and return how it ended."""
        hidden = {name: Secret(text) for name, text in self.secrets.items()}
        definition = GatewayDefinition("tested", self.gateway.id, dict(self.settings), hidden)
        check_settings(self.gateway, definition)
        assert self.gateway.pairing is not None
        pairing = self.gateway.pairing(self.gateway.values(definition))
        answer: PairingAnswer = None
        try:
            while True:
                answer = self._follow(pairing.send(answer))
        except StopIteration as end:
            report: Report = end.value
            return report

    def _follow(self, step: object) -> PairingAnswer:
        match step:
            case Request():
                assert not step.hands_over
                response = Exchange(step).perform()
                assert isinstance(response, Response)
                return response
            case Start():
                assert isinstance(Exchange(step.request).perform(), Response)
            case Ask():
                self.questions.append(step)
                return Secret(self.answers.pop(0))
            case ShowCode():
                self.codes.append(step)
            case Keep():
                self.kept[step.name] = step.value.reveal()
            case Show():
                self.sentences.append(step.text)
            case _:
                assert isinstance(step, Pause)
                self.pauses += 1
        return None
