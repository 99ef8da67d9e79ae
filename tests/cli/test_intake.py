"""`souq intake` as a person meets it: on a terminal, by a form, up to a deal within its limits."""

import codecs
import contextlib
import json
import os
import pty
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from souq.agents import brief as briefs
from souq.agents.brief import Understanding, things_of
from souq.agents.intake import form as forms
from souq.agents.intake.choices import digest_of
from souq.cli import app
from souq.cli.output import MISTAKES
from souq.core.approval import Approve
from souq.core.credential import AddKey
from souq.core.money import USD
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Refused
from souq.core.seal import PublicText
from souq.sdk.client import Client
from souq.sdk.signing import KeyFile, new_key_file
from souq.sdk.trader import Trader
from tests.agents.interviews import LAMP, WHOLE, told
from tests.serving import ADMIN, Served, serving

FORM = """
name = "Bea"

[[things]]
title = "Brass lamp"
category = "home"
ask = 90
floor = 60

[[wants]]
category = "books"
what = "an old atlas"
most = "30.50"
"""
SOUQ = [sys.executable, "-m", "souq.cli", "intake"]


def run(*words: object, input: str | None = None) -> Result:
    return CliRunner().invoke(app, ["intake", *map(str, words)], input=input)


def ok(*words: object, input: str | None = None) -> Result:
    done = run(*words, input=input)
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def mistake(*words: object, input: str | None = None) -> str:
    done = run(*words, input=input)
    assert isinstance(done.exception, MISTAKES), (done.output, done.exception)
    return str(done.exception)


def ref(brief: Path) -> str:
    """Give the name by which a mandate knows the lamp."""
    (lamp,) = things_of(briefs.read(brief), USD)
    return lamp.ref


def form(folder: Path, *, agreeing: bool = True) -> Path:
    path = folder / "answers.toml"
    path.write_text(FORM)
    pairs = forms.choices_in(forms.read(path))
    sides = [one.predicted for one in pairs]
    if not agreeing:
        sides = ["b" if side == "a" else "a" for side in sides]
    path.write_text(f'choices = {sides}\nchoices_for = "{digest_of(pairs)}"\n{FORM}')
    return path


# By a form, and through a pipe.


def test_a_form_becomes_a_brief_and_a_signed_mandate(tmp_path: Path) -> None:
    out, key = tmp_path / "brief.toml", tmp_path / "me.key"
    new_key_file(key, "es256", "P1")
    done = ok("--form", form(tmp_path), "--out", out, "--key", key)
    assert "4 of 4 choices" in done.output
    assert "may act by itself" in done.output
    assert briefs.read(out).understanding == Understanding(4, 4)
    paper = tmp_path / "brief.mandate.json"
    for path in (out, paper):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, "it tells the floor"
    shown = CliRunner().invoke(app, ["mandate", "check", str(paper), "--key", str(key)])
    assert shown.exit_code == 0, shown.exception
    assert f"may sell {ref(out)}, for at least 60.00 USD" in shown.output


def test_a_pipe_answers_like_a_person(tmp_path: Path) -> None:
    out = tmp_path / "brief.toml"
    done = ok("--out", out, "--json", input="\n".join((*WHOLE, "yes", *"aaaaaaa")) + "\n")
    found = json.loads(done.stdout)
    assert found["brief"] == str(out)
    assert found["understanding"] == {"agreed": 3, "pairs": 7, "least": "0.6"}
    assert found["acts_alone"] is False
    assert briefs.read(out).things == told(WHOLE).brief.things
    assert not (tmp_path / "brief.mandate.json").exists()


def test_a_pipe_that_ends_in_the_test_leaves_the_person_to_approve(tmp_path: Path) -> None:
    out = tmp_path / "brief.toml"
    done = ok("--out", out, input="\n".join((*WHOLE, "yes")))
    assert "only proposes" in done.output
    assert briefs.read(out).understanding == Understanding(0, 7)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ((*WHOLE[:4], "1e5"), "line 5, thing ask: “1e5” is no price"),
        (WHOLE, "the answers end before this one: This is what I understood"),
        ((), "the answers end before this one: What is your name"),
        ((*WHOLE, "yes", *"aaaaaaa", "more"), f"line {len(WHOLE) + 9}: the interview was over"),
        (("x" * 200_000,), "line 1 has no end"),
        (("\udcff",), "line 1 is not in UTF-8"),
    ],
)
def test_a_pipe_is_stopped_at_its_first_bad_line(
    lines: tuple[str, ...], complaint: str, tmp_path: Path
) -> None:
    out = tmp_path / "brief.toml"
    done = subprocess.run(
        [*SOUQ, "--out", str(out)],
        input="\n".join(lines).encode(errors="surrogateescape"),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert complaint in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1, "a mistake is one line"
    assert not list(tmp_path.iterdir()), "nothing half-done is left"


def test_a_brief_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "brief.toml"
    out.write_text("mine")
    assert "exists already" in mistake("--form", form(tmp_path), "--out", out)
    assert out.read_text() == "mine"
    ok("--form", form(tmp_path), "--out", out, "--replace")
    assert briefs.read(out).name == "Bea"
    out.unlink()
    (tmp_path / "brief.mandate.json").write_text("mine")
    assert "brief.mandate.json exists" in mistake("--form", form(tmp_path), "--out", out)


def test_a_form_is_told_what_a_recap_would_have_noted(tmp_path: Path) -> None:
    answers, out = tmp_path / "answers.toml", tmp_path / "brief.toml"
    answers.write_text(f"budget = 10\n{FORM}")
    assert "Your budget is 10.00 USD" in ok("--form", answers, "--out", out).output
    again = ok("--form", answers, "--out", out, "--replace", "--json")
    (note,) = json.loads(again.stdout)["notes"]
    assert "cannot pay the 30.50 USD that w1 says" in note


def test_the_choices_of_a_form_are_shown(tmp_path: Path) -> None:
    answers = form(tmp_path)
    shown = ok("--form", answers, "--choices").output
    assert "sell “Brass lamp” for 75.00 USD" in shown
    assert 'choices = ["", "", "", ""]' in shown
    found = json.loads(ok("--form", answers, "--choices", "--json").stdout)
    assert len(found["choices"]) == 4
    assert f'choices_for = "{found["choices_for"]}"' in shown


def test_the_choices_as_shown_are_a_form_when_they_are_filled_in(tmp_path: Path) -> None:
    answers, out = tmp_path / "answers.toml", tmp_path / "brief.toml"
    answers.write_text(FORM)
    shown = ok("--form", answers, "--seed", 3, "--choices").output
    head = "\n".join(line for line in shown.splitlines() if line.startswith("choices"))
    answers.write_text(f"{head.replace(chr(34) * 2, repr('a'))}\n{FORM}")
    assert "2 of 4 choices" in ok("--form", answers, "--seed", 3, "--out", out).output
    assert "list the pairs with --choices" in mistake(
        "--form", answers, "--out", tmp_path / "b.toml"
    )


def test_choices_need_their_form() -> None:
    assert "needs the form" in mistake("--choices")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--least", "2"], "--least 2"),
        (["--least", "nan"], "--least nan"),
        (["--least", "x"], "--least x"),
        (["--out", "nowhere/brief.toml"], "no folder nowhere"),
        (["--form", "nowhere.toml"], "nowhere.toml"),
        (["--key", "nowhere.key"], "no key file"),
        (["--agent", "A1"], "--agent needs your own key"),
        (["--agent", "A1", "--key", "souq_x", "--server", "x"], "no address"),
    ],
)
def test_a_mistake_is_named(words: list[str], complaint: str, tmp_path: Path) -> None:
    out = [] if "--out" in words else ["--out", str(tmp_path / "brief.toml")]
    assert complaint in mistake(*words, *out, input="")


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ("changed", "the signature does not fit"),
        ("other key", "signed with another key"),
        ("other brief", "for another brief"),
        ("no mandate", "no signed mandate"),
        ("bearer", "a bearer secret proves no signature"),
    ],
)
def test_a_mandate_that_is_not_as_signed_is_refused(
    what: str, complaint: str, tmp_path: Path
) -> None:
    out, key, paper = (tmp_path / name for name in ("brief.toml", "me.key", "brief.mandate.json"))
    new_key_file(key, "ed25519")
    ok("--form", form(tmp_path), "--out", out, "--key", key)
    words = ["mandate", "check", str(paper), "--brief", str(out), "--key"]
    material = json.loads(key.read_text())["material"]
    for good in (str(key), f"ed25519:{material}"):
        assert CliRunner().invoke(app, [*words, good]).exit_code == 0
    if what == "changed":
        whole = json.loads(paper.read_text())
        whole["payload"] = whole["payload"][:-4] + "AAAA"
        paper.write_text(json.dumps(whole))
    elif what == "other key":
        key = tmp_path / "eve.key"
        new_key_file(key, "ed25519")
    elif what == "other brief":
        out.write_text(out.read_text().replace("60", "6"))
    elif what == "no mandate":
        paper.write_bytes(b"\xff\x00")
    elif what == "bearer":
        key.write_text("souq_secret")
    done = CliRunner().invoke(app, [*words, str(key)])
    assert isinstance(done.exception, MISTAKES), done.output
    assert complaint in str(done.exception)


# On a terminal.


class Terminal:
    """`souq intake` on a terminal of its own."""

    def __init__(self, *words: object, program: Sequence[str] = SOUQ) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*program, *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
        )
        os.close(theirs)
        self.shown = ""  # since what was last seen
        self.whole = ""
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def sees(self, text: str, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < until, f"{text!r} is not in {self.shown!r}"
            if select.select([self._ours], [], [], 0.2)[0]:
                try:
                    self._read()
                except OSError:  # it has gone
                    assert text in self.shown, self.shown
        self.shown = self.shown[self.shown.index(text) + len(text) :]

    def ends(self) -> int:
        with contextlib.suppress(OSError):
            while True:
                self._read()
        return self.process.wait(60)

    def _read(self) -> None:
        more = self._decode(os.read(self._ours, 65_536))
        self.shown, self.whole = self.shown + more, self.whole + more

    def says(self, *lines: str) -> None:
        for line in lines:
            self.sees("\n> ")
            os.write(self._ours, line.encode() + b"\n")

    def sends(self, raw: bytes) -> None:
        os.write(self._ours, raw)

    def waits_for_a_line(self) -> None:
        """Wait until it sleeps: Python hears a signal just before it reads only after the line."""
        asleep = 0
        while asleep < 5:
            of_it = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
            asleep = asleep + 1 if of_it.rpartition(") ")[2].startswith("S") else 0
            time.sleep(0.02)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        os.close(self._ours)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "brief.toml"


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for one in opened:
        one.close()


def opened(terminals: list[Terminal], *words: object) -> Terminal:
    terminals.append(Terminal(*words))
    return terminals[-1]


@pytest.mark.parametrize("how", ["ctrl-c", "ctrl-d", "kill"])
def test_what_was_said_is_kept_and_taken_up(how: str, out: Path, terminals: list[Terminal]) -> None:
    first = opened(terminals, "--out", out)
    first.sees("under ten minutes")
    first.says("Bea", *LAMP[:3], "1e5")
    first.sees("is no price")
    first.says("$90")
    first.sees("least you would take")
    if how == "kill":
        first.process.send_signal(signal.SIGKILL)
    else:
        first.sees("> ")
        if how == "ctrl-c":
            first.waits_for_a_line()
            first.process.send_signal(signal.SIGINT)  # as the terminal does
        else:
            first.sends(b"\x04")
        first.sees("Go on with: souq intake --out")
        assert first.process.wait(60) == 130
    first.process.wait(60)
    draft = out.with_name("brief.toml.draft")
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert not out.exists()

    second = opened(terminals, "--out", out)
    second.sees("Going on where you stopped, after 5 answers")
    second.sees("least you would take")
    second.says("60", "no", *WHOLE[7:], "yes")
    second.says(*"aaaaaaa")
    second.sees("3 of 7 choices")
    assert second.process.wait(60) == 0
    assert briefs.read(out).things == told(WHOLE).brief.things
    assert not draft.exists()
    assert os.listdir(out.parent) == ["brief.toml"]


def test_who_goes_away_is_told_the_whole_command_and_no_secret(
    served: Served, tmp_path: Path, terminals: list[Terminal]
) -> None:
    ida, out = Person(served, tmp_path, "ida"), tmp_path / "my brief.toml"
    for key, shown in ((str(ida.key_file), str(ida.key_file)), (ADMIN, "SECRET")):
        words = ("--key", key, "--agent", ida.agent, "--server", served.url, "--seed", 3)
        terminal = opened(terminals, *words, "--out", out, "--replace")
        terminal.sees("> ")
        if not out.with_name("my brief.toml.draft").exists():
            terminal.sends(b"Ida\n")
            terminal.sees("> ")
        terminal.process.send_signal(signal.SIGINT)
        terminal.sees(f"Go on with: souq intake --out '{out}' --key {shown} --agent {ida.agent}")
        terminal.sees(f" --server {served.url} --seed 3 --replace")
        assert terminal.ends() == 130
        assert ADMIN not in terminal.whole


def test_a_password_in_an_address_is_not_shown(out: Path, terminals: list[Terminal]) -> None:
    terminal = opened(terminals, "--out", out, "--server", "http://me:pw@localhost")
    terminal.says("Bea")
    terminal.sees("> ")
    terminal.sends(b"\x04")
    terminal.sees("--server SECRET")
    assert terminal.ends() == 130
    assert ":pw@" not in terminal.whole


def test_who_brings_a_bearer_secret_hears_that_it_cannot_sign(tmp_path: Path) -> None:
    key = tmp_path / "bearer.key"
    new_key_file(key, "bearer")
    for n, secret in enumerate((key, "souq_secret")):
        done = ok("--form", form(tmp_path), "--out", tmp_path / f"{n}.toml", "--key", secret)
        assert "Nothing is signed: a bearer secret cannot sign" in done.output
        assert not (tmp_path / f"{n}.mandate.json").exists()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\xff", "is no draft"),
        (b"{}", "is no draft"),
        (b'{"terms": {}, "version": 99}', "other questions"),
        (b'{"terms": {"asset": {"code": "SHELLS", "exponent": 0}}}', "a draft in SHELLS"),
        (b'{"terms": {}, "said": ["Bea", "Lamp", ""]}', "answer 3"),
    ],
)
def test_a_damaged_draft_says_so(
    content: bytes, complaint: str, out: Path, terminals: list[Terminal]
) -> None:
    draft = out.with_name("brief.toml.draft")
    draft.write_bytes(content)
    terminal = opened(terminals, "--out", out)
    terminal.sees(complaint)
    assert terminal.process.wait(60) == 1
    assert draft.read_bytes() == content, "what a person said is not thrown away"


def test_a_terminal_is_asked_before_a_brief_is_written_over(
    out: Path, terminals: list[Terminal]
) -> None:
    out.write_text("mine")
    terminal = opened(terminals, "--out", out)
    terminal.sees("Write over")
    terminal.sends(b"no\n")
    terminal.sees("exists already")
    assert terminal.process.wait(60) == 1
    assert out.read_text() == "mine"


def test_enter_by_itself_is_asked_again_and_skips_nothing(
    out: Path, terminals: list[Terminal]
) -> None:
    terminal = opened(terminals, "--out", out)
    for said, topic in (("Bea", "like to sell"), ("Lamp", "Which category"), ("home", "Condition")):
        for slip in ("", "  \t"):
            terminal.says(slip)
            terminal.sees("I heard nothing. Say skip")
        terminal.says(said)
        terminal.sees(topic)
    terminal.says("skip", "90", "skip", "no", "done", "done", "done", "done", "skip", "done")
    terminal.says("skip")
    terminal.sees("Is it right?")
    for slip in ("", "yes", ""):
        terminal.says(slip)
    terminal.sees("I heard nothing")
    terminal.says("done")
    assert terminal.ends() == 0
    assert [one.title for one in briefs.read(out).things] == ["Lamp"]


OWN_WORDS = """
import sys
from pathlib import Path
from rich.console import Console
from souq.agents.intake import Terms
from souq.agents.intake.gleaning import glean
from souq.cli.chatting import talk
from tests.agents.interviews import gleaned_by_rule
reading = lambda said: glean(said, gleaned_by_rule)
print(talk(Path(sys.argv[1]), Terms(), Console(highlight=False), reading).things)
"""


def test_a_persons_own_words_come_first_and_are_read_once(
    out: Path, terminals: list[Terminal]
) -> None:
    program = [sys.executable, "-c", OWN_WORDS]
    terminals.append(Terminal(out, program=program))
    terminals[-1].sees("in your own words")
    terminals[-1].says("I am Bea. I'd like to sell my old bike, 80 or", "so, not below 50.", "")
    terminals[-1].sees("takes 50.00 USD at the least")
    terminals[-1].process.kill()
    terminals[-1].process.wait(60)
    terminals.append(Terminal(out, program=program))
    terminals[-1].sees("takes 50.00 USD at the least")
    terminals[-1].says("s1 floor 60", "yes", "done")
    terminals[-1].sees("floor=60")
    assert terminals[-1].ends() == 0


def test_a_model_that_cannot_be_connected_is_a_mistake_at_once(out: Path) -> None:
    assert "PROVIDER:MODEL" in mistake("--model", "x", "--out", out)


# At a market.


class Person:
    """A principal with a key of her own, and an agent that has no authority yet."""

    def __init__(self, served: Served, folder: Path, name: str) -> None:
        with Client(served.url, key=ADMIN) as market:
            made = market.submit(RegisterPrincipal(PublicText(name)))
            self.principal = made.events[0].principal
            made = market.submit(RegisterAgent(self.principal, PublicText(name)))
            self.agent = made.events[0].agent
            self.key_file = folder / f"{name}.key"
            self.key = self._key(market, self.principal, self.key_file)
            agent_key = self._key(market, self.agent, folder / f"{name}-agent.key")
        client = Client(served.url, key=agent_key)
        asset = client.get_market().rules.assets[0]
        self.trader = Trader(client, self.principal, self.agent, asset)

    @staticmethod
    def _key(market: Client, owner: str, path: Path) -> KeyFile:
        made = new_key_file(path, "ed25519", owner)
        market.submit(AddKey(owner, made.kind, made.material))
        return made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("market")) as found:
        yield found


def test_from_a_form_to_a_floor_that_no_agent_goes_below(served: Served, tmp_path: Path) -> None:
    sol = Person(served, tmp_path, "sol")
    with pytest.raises(Refused, match="no_mandate"):
        sol.trader.list("Brass lamp", category="home", price="90")
    done = ok(
        *("--form", form(tmp_path), "--out", tmp_path / "brief.toml", "--json"),
        *("--server", served.url, "--agent", sol.agent, "--key", sol.key_file),
    )
    found = json.loads(done.stdout)
    assert found["acts_alone"]
    assert found["granted"].startswith("M")
    with Client(served.url, key=ADMIN) as market:
        bea = market.join("bea", deposit="100")
    known = ref(tmp_path / "brief.toml")
    lamp = sol.trader.list("Brass lamp", category="home", price="90", ref=known)
    talk = bea.offer(lamp, "59.99")
    for reckless in (
        lambda: sol.trader.accept(talk),
        lambda: sol.trader.counter(talk, "59.999999"),
        lambda: sol.trader.list("Her ring", category="home", price="1", ref="her-ring"),
    ):
        with pytest.raises(Refused, match="outside_mandate"):
            reckless()
    sol.trader.counter(talk, "60")
    deal = bea.accept(talk)
    assert bea.client.get_contract(deal).state == "formed"
    shown = json.dumps(str(bea.client.observe()))
    assert "30500000" not in shown, "nobody is told what she would pay"


def test_who_was_not_understood_approves_each_deal(served: Served, tmp_path: Path) -> None:
    ann = Person(served, tmp_path, "ann")
    out = tmp_path / "brief.toml"
    done = ok(
        *("--form", form(tmp_path, agreeing=False), "--out", out),
        *("--server", served.url, "--agent", ann.agent, "--key", ann.key_file),
    )
    assert "0 of 4 choices" in done.output
    assert "only proposes" in done.output
    with Client(served.url, key=ADMIN) as market:
        bea = market.join("bea", deposit="100")
    lamp = ann.trader.list("Brass lamp", category="home", price="90", ref=ref(out))
    talk = bea.offer(lamp, "90")
    deal = ann.trader.accept(talk)
    assert bea.client.get_contract(deal).state == "held"
    with pytest.raises(Refused):
        ann.trader.submit(Approve(deal))
    with Client(served.url, key=ann.key) as person:
        person.submit(Approve(deal))
    assert bea.client.get_contract(deal).state == "formed"


def test_a_signed_mandate_is_granted_later_to_its_agent_alone(
    served: Served, tmp_path: Path
) -> None:
    kim, eve = Person(served, tmp_path, "kim"), Person(served, tmp_path, "eve")
    out, paper = tmp_path / "brief.toml", tmp_path / "brief.mandate.json"
    ok("--form", form(tmp_path), "--out", out, "--key", kim.key_file)

    def granting(agent: str, key: Path) -> Result:
        words = ["mandate", "grant", str(paper), "--agent", agent, "--key", str(key)]
        return CliRunner().invoke(app, [*words, "--server", served.url])

    foreign = str(granting(eve.agent, kim.key_file).exception)
    assert foreign == (
        f"this key speaks as principal {kim.principal}, whose agents are {kim.agent}; "
        f"only {eve.agent}'s principal may grant"
    )
    assert "another key" in str(granting(kim.agent, eve.key_file).exception)
    first = granting(kim.agent, kim.key_file)
    assert first.exit_code == 0
    assert "replaces" not in first.output
    second = granting(kim.agent, kim.key_file)
    assert f"; replaces {first.output.split()[0]}, counts from zero" in second.output
    third = ok(
        *("--form", form(tmp_path), "--out", out, "--replace", "--json", "--agent", kim.agent),
        *("--server", served.url, "--key", kim.key_file),
    )
    assert json.loads(third.stdout)["replaces"] == second.output.split()[0]
    assert kim.trader.list("Brass lamp", category="home", price="90", ref=ref(out))


def test_only_the_agents_own_person_may_grant_and_hears_so_first(
    served: Served, tmp_path: Path
) -> None:
    joe, eve = Person(served, tmp_path, "joe"), Person(served, tmp_path, "eve")
    out = tmp_path / "brief.toml"
    words = ("--form", form(tmp_path), "--out", out, "--server", served.url, "--agent", joe.agent)
    for key in (eve.key_file, tmp_path / "joe-agent.key"):
        assert f"only {joe.agent}'s principal may grant" in mistake(*words, "--key", key)
    assert not out.exists()


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        ("nowhere.json", "there is no file nowhere.json; `souq intake --key me.key` signs one"),
        (".", ". cannot be read: Is a directory"),
    ],
)
def test_a_mandate_that_cannot_be_read_is_named_in_words(
    file: str, complaint: str, tmp_path: Path
) -> None:
    new_key_file(tmp_path / "me.key", "ed25519")
    words = ["--key", str(tmp_path / "me.key")]
    for command in (["check"], ["grant", "--agent", "A1"]):
        done = CliRunner().invoke(app, ["mandate", *command, file, *words])
        assert isinstance(done.exception, MISTAKES)
        assert str(done.exception) == complaint


def test_an_operator_who_grants_to_nobody_hears_that_there_is_none(
    served: Served, tmp_path: Path
) -> None:
    words = ("--out", tmp_path / "b.toml", "--server", served.url, "--key", ADMIN)
    assert mistake(*words, "--agent", "A999") == "this market has no agent A999"


def test_from_nothing_to_a_granted_mandate_every_step_names_the_next(
    served: Served, tmp_path: Path
) -> None:
    with Client(served.url, key=ADMIN) as market:
        who = market.submit(RegisterPrincipal(PublicText("new"))).events[0].principal
        agent = market.submit(RegisterAgent(who, PublicText("for new"))).events[0].agent
    key, out = tmp_path / "me.key", tmp_path / "brief.toml"
    runner = CliRunner()
    made = runner.invoke(app, ["keys", "new", str(key)]).output
    assert f"souq keys add {key} --owner P1 --key ADMIN-KEY  (your own)" in made
    assert f"souq keys add {key} --owner A1 --key ADMIN-KEY  (an agent's)" in made
    intake = ("--form", form(tmp_path), "--out", out, "--key", key, "--server", served.url)
    not_known = mistake(*intake, "--agent", agent)
    assert f"makes it known: souq keys add {key} --owner P1" in not_known
    add = ["keys", "add", str(key), "--owner", who, "--server", served.url, "--key"]
    assert runner.invoke(app, [*add, ADMIN]).exit_code == 0
    assert "is granted" in ok(*intake, "--agent", agent).output


def test_a_secret_that_is_not_known_is_not_repeated(served: Served) -> None:
    words = ["call", "who_am_i", "--server", served.url, "--key", "souq_never-said-aloud"]
    complaint = str(CliRunner().invoke(app, words).exception)
    assert "souq keys add FILE" in complaint
    assert "aloud" not in complaint


def test_a_key_that_names_its_owner_is_added_for_them(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["keys", "new", str(tmp_path / "a"), "--owner", "A7"]).output
    assert made.count("--owner") == 1
    assert "--owner A7 --key ADMIN-KEY" in made
