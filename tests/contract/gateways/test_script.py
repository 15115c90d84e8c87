# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Real programs: what they get, what their exit status means, and which are never run."""

import json
import os
import time
from pathlib import Path

import pytest

from smsotpd.core.errors import BadArgumentError
from smsotpd.core.gateway import GatewayDefinition
from smsotpd.core.message import Message
from smsotpd.core.outcome import Accepted, Deferred, ErrorClass, Outcome, Rejected, Unknown
from smsotpd.core.recipient import parse_phone
from smsotpd.gateways.catalogue import Catalogue
from smsotpd.gateways.providers import script
from smsotpd.gateways.providers.script.program import Programs
from smsotpd.gateways.sender import GatewaySender
from smsotpd.gateways.spec import Failure
from tests.fakes.http_provider import wait_until

NUMBER = "+491701234567"
TEXT = 'Code 013579 für "$(id)"\n`id` \\ \x1b'


class Bench:
    """A directory of programs, and one gateway that runs them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "scripts"
        self.directory.mkdir(mode=0o755)
        self.seen = directory / "seen"
        # pytest's own directories lie in one that everybody may write.
        programs = Programs(self.directory, top=self.directory, owner=os.geteuid())
        self.catalogue = Catalogue(
            GatewaySender, allow_outbox=False, gateways=(script.gateway(programs),)
        )

    def program(self, body: str, name: str = "send", mode: int = 0o755) -> Path:
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(mode)
        return path

    def definition(self, **settings: str) -> GatewayDefinition:
        return GatewayDefinition("tested", "script", {"script": "send", **settings})

    async def send(self, deadline: float = 10.0, text: str = TEXT, **settings: str) -> Outcome:
        message = Message(parse_phone(NUMBER), text)
        sender = self.catalogue.sender(self.definition(**settings))
        outcome = await sender.send(message, deadline)
        assert NUMBER[1:] not in repr(outcome)
        assert "013579" not in repr(outcome)
        return outcome

    def refusal(self, **settings: str) -> str:
        with pytest.raises(BadArgumentError) as caught:
            self.catalogue.check(self.definition(**settings))
        return str(caught.value)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


_REPORT = """exec /usr/bin/python3 -I -c '
import json, os, sys
text = sys.stdin.buffer.read().decode()
facts = dict(arguments=sys.argv[2:], text=text, environment=dict(os.environ), cwd=os.getcwd(),
             files=sorted(os.listdir("/proc/self/fd")), leads=os.getsid(0) == os.getpid())
open(sys.argv[1], "w").write(json.dumps(facts))
' %s "$@"
"""


async def test_a_program_gets_the_number_the_text_and_nothing_of_ours(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/secret")
    bench.program(_REPORT % bench.seen)
    with bench.seen.open("w") as inheritable:
        os.set_inheritable(inheritable.fileno(), True)  # noqa: FBT003  # os's own signature
        assert await bench.send() == Accepted()
    facts = json.loads(bench.seen.read_text())
    assert facts["arguments"] == [NUMBER]
    assert facts["text"] == TEXT
    assert facts["environment"].keys() <= {"PATH", "LANG", "PWD", "SHLVL", "_", "OLDPWD"}
    assert facts["cwd"] == "/"
    assert facts["leads"]
    assert len(facts["files"]) <= 4  # the standard three, and the listing's own


async def test_regexp_rewrites_the_argument(bench: Bench) -> None:
    bench.program(_REPORT % bench.seen)
    assert await bench.send(REGEXP=r"/^\+/00/") == Accepted()
    assert json.loads(bench.seen.read_text())["arguments"] == ["00491701234567"]


@pytest.mark.parametrize("expression", ["/.*//", "/^./--help=/", "/^./$(id)/"])
async def test_what_is_no_number_any_more_is_never_an_argument(
    bench: Bench, expression: str
) -> None:
    bench.program(_REPORT % bench.seen)
    outcome = await bench.send(REGEXP=expression)
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.RECIPIENT
    assert not bench.seen.exists()


@pytest.mark.parametrize(
    "failure", script.GATEWAY.failures, ids=lambda failure: failure.sign.rpartition(" ")[2]
)
async def test_each_exit_status_has_its_class(bench: Bench, failure: Failure) -> None:
    status = failure.sign.rpartition(" ")[2]
    bench.program(f"cat >/dev/null; echo words; echo more >&2; exit {status}")
    outcome = await bench.send()
    assert not isinstance(outcome, Accepted)
    assert outcome.error_class is failure.error_class
    passing = {ErrorClass.TEMPORARY, ErrorClass.RATE}
    assert isinstance(outcome, Deferred) == (failure.error_class in passing)


@pytest.mark.parametrize("status", [2, 63, 82, 126, 127, 255])
async def test_another_exit_status_is_a_refusal(bench: Bench, status: int) -> None:
    bench.program(f"exit {status}")
    outcome = await bench.send()
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.REJECTED


async def test_a_program_that_does_not_read_its_input_may_succeed(bench: Bench) -> None:
    bench.program("exec <&-; exit 0")
    assert await bench.send(text="x" * 200_000) == Accepted()


async def test_a_program_that_a_signal_ends_may_have_sent(bench: Bench) -> None:
    bench.program("kill -SEGV $$")
    assert await bench.send() == Unknown("the program was ended by signal 11")


@pytest.mark.parametrize(("settings", "deadline"), [({"TIMEOUT": "0.4"}, 10.0), ({}, 0.6)])
async def test_a_program_that_hangs_is_killed_with_what_it_started(
    bench: Bench, settings: dict[str, str], deadline: float
) -> None:
    bench.program(f"sleep 300 & echo $! >{bench.seen}; trap '' TERM; sleep 300")
    began = time.monotonic()
    outcome = await bench.send(deadline, **settings)
    assert isinstance(outcome, Unknown)
    assert "killed" in outcome.detail
    assert time.monotonic() - began < 2
    child = int(bench.seen.read_text())
    assert wait_until(lambda: not _runs(child))


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # killed, and nobody's child any more


async def test_what_a_program_leaves_behind_holds_nobody_up(bench: Bench) -> None:
    bench.program(f"sleep 300 & echo $! >{bench.seen}; exit 0")
    began = time.monotonic()
    assert await bench.send() == Accepted()
    assert time.monotonic() - began < 2
    os.kill(int(bench.seen.read_text()), 9)


async def test_a_program_that_is_none_is_a_refusal(bench: Bench) -> None:
    (bench.directory / "send").write_bytes(b"\0\0\0\0")
    (bench.directory / "send").chmod(0o755)
    outcome = await bench.send()
    assert isinstance(outcome, Rejected)
    assert outcome.error_class is ErrorClass.REJECTED


@pytest.mark.parametrize(
    "name", ["../send", "/bin/true", ".hidden", "-x", "a b", "a\nb", "..", "a/b", "größe"]
)
def test_a_name_that_leads_elsewhere_is_refused(bench: Bench, name: str) -> None:
    assert "must be the name of a file" in bench.refusal(script=name)


def test_a_program_that_is_not_there_is_refused(bench: Bench) -> None:
    assert "No such file" in bench.refusal()


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
async def test_a_program_that_others_may_write_is_refused_and_not_run(
    bench: Bench, mode: int
) -> None:
    bench.program(_REPORT % bench.seen, mode=mode)
    assert "others may write" in bench.refusal()
    assert isinstance(await bench.send(), Rejected)
    assert not bench.seen.exists()


def test_a_file_that_is_not_executable_is_refused(bench: Bench) -> None:
    bench.program("exit 0", mode=0o644)
    assert "may not execute" in bench.refusal()


def test_a_link_is_refused(bench: Bench) -> None:
    bench.program("exit 0", "real")
    (bench.directory / "send").symlink_to("real")
    assert "no plain file" in bench.refusal()


def test_a_directory_that_others_may_write_is_refused(bench: Bench) -> None:
    bench.program("exit 0")
    bench.directory.chmod(0o777)
    assert "others may write" in bench.refusal()


def test_every_directory_on_the_way_is_looked_at(tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    inner = outer / "inner"
    inner.mkdir(parents=True)
    outer.chmod(0o777)
    program = inner / "send"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    programs = Programs(inner, top=tmp_path, owner=os.geteuid())
    with pytest.raises(Exception, match=f"others may write {outer}"):
        programs.find("send")


def test_a_program_of_another_user_is_refused(bench: Bench) -> None:
    path = bench.program("exit 0")
    programs = Programs(bench.directory, top=bench.directory, owner=os.geteuid() + 1)
    with pytest.raises(Exception, match="does not belong to root"):
        programs.find(path.name)


def test_the_real_directory_is_roots_from_the_top() -> None:
    assert Programs(Path("/etc/smsotp/scripts")) == Programs(
        Path("/etc/smsotp/scripts"), Path("/"), 0
    )
    catalogue = Catalogue(GatewaySender, allow_outbox=False, gateways=(script.GATEWAY,))
    with pytest.raises(BadArgumentError, match="script cannot be used: /etc/smsotp"):
        catalogue.check(GatewayDefinition("tested", "script", {"script": "no-such-program"}))
