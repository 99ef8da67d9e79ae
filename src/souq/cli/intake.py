"""`souq intake` makes a brief of what a person says; `souq mandate` checks or grants its limits."""

import shlex
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from souq.agents import brief as briefs
from souq.agents.brief import Brief, limits_of
from souq.agents.brief_writing import written
from souq.agents.intake import NotUnderstood, Terms, recap
from souq.agents.intake import form as forms
from souq.agents.intake.choices import digest_of as digest_of_choices
from souq.agents.intake.gleaning import Start, glean
from souq.agents.llm.calls import NoAnswer
from souq.cli import models
from souq.cli.calling import knowing
from souq.cli.chatting import Left, Reading, draft_of, heard, talk
from souq.cli.commands import Json, app
from souq.cli.connecting import URL, Key, Server, connect, key_of
from souq.cli.output import Mistake, console, write_json
from souq.cli.private_files import write_new, write_over
from souq.core.mandate import GrantMandate, Limits, MandateRevoked, SecretLimits
from souq.core.money import USD, Asset
from souq.core.refusal import Refused
from souq.core.seal import canonical
from souq.core.signature import PUBLIC_KINDS
from souq.sdk.client import Client
from souq.sdk.errors import BadRequest, NotProven, Unreachable
from souq.sdk.mandates import NotSigned, Paper, checked, digest_of, signed
from souq.sdk.signing import KeyFile

mandate = typer.Typer(help="Check a signed mandate, or grant it.", no_args_is_help=True)
app.add_typer(mandate, name="mandate")

Agent = Annotated[str, typer.Option(help="the agent to lend the authority to, such as A1")]
PaperFile = Annotated[Path, typer.Argument(metavar="FILE", help="what `souq intake` signed")]


@app.command()
def intake(
    context: typer.Context,
    out: Annotated[Path, typer.Option(metavar="FILE", help="where the brief goes")] = Path(
        "brief.toml"
    ),
    form: Annotated[
        Path | None, typer.Option(metavar="FILE", help="answers as TOML; nothing is asked")
    ] = None,
    choices: Annotated[
        bool, typer.Option("--choices", help="show the choices that go with --form, and stop")
    ] = False,
    key: Key = "",
    agent: Agent = "",
    server: Server = URL,
    least: Annotated[
        str, typer.Option(help="share of choices that must agree before the agent acts alone")
    ] = "0.6",
    seed: Annotated[int, typer.Option(help="draws the choices; the same seed, the same ones")] = 7,
    replace: Annotated[
        bool, typer.Option("--replace", help="write over a brief that is there")
    ] = False,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="reads the person's own words first")
    ] = "",
    as_json: Json = False,
) -> None:
    """Ask a person what they sell and want; leave a brief, and a mandate signed with their key.

    Ctrl-C keeps what was said; the same command goes on from there. Answers may come through a
    pipe, one a line. With --agent the mandate is granted at the market at once.
    Example: souq intake --out brief.toml --key me.key --agent A1
    """
    screen = Console(stderr=as_json, highlight=False)
    person = key_of(key)
    asset = _asset_for(server, key, agent)
    terms = Terms(asset, seed, _share(least))
    if choices:
        _show_choices(form, terms, as_json=as_json)
        return
    paper_file = out.with_suffix(".mandate.json")
    replace = _may_write(out, paper_file, replace=replace)
    brief = _brief(out, form, terms, screen, _reading(model, terms), again=_again(context))
    limits = limits_of(brief, asset)
    (write_over if replace else write_new)(out, written(brief))
    draft_of(out).unlink(missing_ok=True)
    made: dict[str, Any] = {"brief": str(out), "understanding": brief.understanding}
    made["acts_alone"] = not limits.approval_always
    made["notes"] = recap.notes(brief, asset)
    if isinstance(person, KeyFile) and person.kind in PUBLIC_KINDS:
        paper = Paper(limits, digest_of(canonical.encode(brief)), int(time.time()), agent)
        (write_over if replace else write_new)(paper_file, signed(paper, person))
        made["mandate"] = str(paper_file)
    elif person:
        made["unsigned"] = "a bearer secret cannot sign; a key file can (souq keys new me.key)"
    else:
        made["unsigned"] = "that takes a key of yours (souq keys new me.key) and --key me.key"
    if agent:
        made |= _granted(server, key, agent, limits, kept=out)
    if as_json:
        write_json(made)
    else:
        _sum_up(made, brief, agent, screen, noted=form is not None or not sys.stdin.isatty())


def _asset_for(server: str, key: str, agent: str) -> Asset:
    """Give what the market counts in; find out before the interview whether the key may grant."""
    if not agent:
        return USD
    if not key:
        raise Mistake("--agent needs your own key: --key me.key, or your bearer secret")
    with knowing(key), connect(server, key) as client:
        _need_principal(client, agent)
        asset: Asset = client.get_market().rules.assets[0]
        return asset


def _need_principal(client: Client, agent: str) -> None:
    """Raise Mistake unless the key speaks for whom an agent belongs to."""
    me = client.who_am_i()
    if me.kind != "operator" and (me.kind != "principal" or agent not in me.agents):
        speaks = f"{me.kind} {me.actor}" if me.actor else "nobody"
        theirs = f", whose agents are {', '.join(me.agents)}" if me.agents else ""
        raise Mistake(f"this key speaks as {speaks}{theirs}; only {agent}'s principal may grant")
    try:
        client.get_agent(agent)
    except Refused:
        raise Mistake(f"this market has no agent {agent}") from None


def _share(least: str) -> str:
    try:
        is_share = 0 <= float(least) <= 1
    except ValueError:
        is_share = False
    if not is_share:
        raise Mistake(f"--least {least} is not a share from 0 to 1, such as 0.6")
    return least


def _may_write(out: Path, paper_file: Path, *, replace: bool) -> bool:
    """Tell whether files may be written over. Raises Mistake where nobody allows it."""
    if not out.parent.is_dir():
        raise Mistake(f"there is no folder {out.parent}")
    there = [path for path in (out, paper_file) if path.exists()]
    if replace or not there:
        return replace
    question = f"{' and '.join(map(str, there))} exist already. Write over them? yes or no: "
    if sys.stdin.isatty():
        sys.stderr.write(question)
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return True
    raise Mistake(f"{there[0]} exists already; say --replace, or another --out")


def _reading(model: str, terms: Terms) -> Reading | None:
    if not model:
        return None
    structured = models.structured_by(model)

    def read(said: str) -> Start:
        try:
            return glean(said, structured, terms.asset)
        except (NotUnderstood, NoAnswer) as error:
            raise Mistake(str(error)) from None

    return read


def _brief(
    out: Path,
    form: Path | None,
    terms: Terms,
    screen: Console,
    reading: Reading | None,
    *,
    again: str,
) -> Brief:
    if form is not None:
        return forms.filled(forms.read(form), terms, f"{form}: ")
    if not sys.stdin.isatty():
        return heard(terms)
    draft = draft_of(out)
    try:
        return talk(draft, terms, screen, reading)
    except Left:
        if draft.exists():
            say = f"Kept in {draft}. Go on with: {again}"
            screen.print(f"\n{say}", markup=False, emoji=False, soft_wrap=True)
        raise typer.Exit(130) from None


def _again(context: typer.Context) -> str:
    """Write down the command as it was given, --out in any case, and no secret."""
    words = ["souq", "intake", "--out", str(context.params["out"])]
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name == "out" or source is None or source.name != "COMMANDLINE":
            continue
        value = context.params[option.name or ""]
        words += [option.opts[0]] if value is True else [option.opts[0], _unsecret(str(value))]
    return shlex.join(words)


def _unsecret(value: str) -> str:
    """Keep secrets off the screen: a bearer secret, or a password in an address."""
    return "SECRET" if value.startswith("souq_") or ("://" in value and "@" in value) else value


def _show_choices(form: Path | None, terms: Terms, *, as_json: bool) -> None:
    if form is None:
        raise Mistake("--choices needs the form they go with: --form answers.toml")
    found = forms.choices_in(forms.read(form), terms)
    name = digest_of_choices(found)
    if as_json:
        pairs = [{"a": one.a_text, "b": one.b_text} for one in found]
        write_json({"choices": pairs, "choices_for": name})
        return
    for n, one in enumerate(found, 1):
        line = f"{n:>3}  a) {one.a_text}   b) {one.b_text}"
        console.print(line, markup=False, emoji=False, soft_wrap=True)
    blanks = ", ".join(['""'] * len(found))
    for line in (
        f"Put into {form}, above its first [[…]], with a or b in each:",
        f"choices = [{blanks}]",
        f'choices_for = "{name}"',
    ):
        console.print(line, markup=False, emoji=False, soft_wrap=True)


def _granted(server: str, key: str, agent: str, limits: Limits, *, kept: Path) -> dict[str, str]:
    """Grant with the person's own key; give the mandate's id, and the one's that it replaces."""
    try:
        with connect(server, key) as client:
            return _grant(client, agent, limits)
    except (Refused, BadRequest, NotProven, Unreachable) as error:
        raise Mistake(f"{kept} is written, but nothing was granted: {error}") from None


def _grant(client: Client, agent: str, limits: Limits) -> dict[str, str]:
    events = client.submit(GrantMandate(agent, SecretLimits(limits))).events
    made = {"granted": events[-1].mandate}
    for one in events:
        if isinstance(one, MandateRevoked):
            made["replaces"] = one.mandate
    return made


def _granted_in_words(made: dict[str, Any], agent: str) -> str:
    before = made.get("replaces")
    replaced = f"; replaces {before}, counts from zero" if before else ""
    return f"{made['granted']} is granted: {agent} may trade from now on{replaced}"


def _sum_up(
    made: dict[str, Any], brief: Brief, agent: str, screen: Console, *, noted: bool
) -> None:
    """Say what was made; with notes, where no recap has shown them."""

    def say(line: str) -> None:
        screen.print(line, markup=False, emoji=False, soft_wrap=True)

    say(f"{made['brief']}: your brief. Keep it to yourself and your agent")
    for note in made["notes"] if noted else ():
        say(note)
    if "mandate" in made:
        say(f"{made['mandate']}: what your agent may do, signed with your key")
    else:
        say(f"Nothing is signed: {made['unsigned']}")
    understood = brief.understanding
    assert understood is not None, "every intake ends in the test"
    score = f"{understood.agreed} of {understood.pairs} choices were as I understood you"
    if made["acts_alone"]:
        say(f"{score}: your agent may act by itself, within its limits")
    else:
        say(f"{score}: your agent only proposes, and every deal waits for your approval")
    if agent:
        say(_granted_in_words(made, agent))


@mandate.command("check")
def check(
    file: PaperFile,
    key: Annotated[
        str, typer.Option(metavar="FILE|KIND:HEX", help="the signer's key file or public key")
    ],
    brief: Annotated[
        Path | None, typer.Option(metavar="FILE", help="also: do the limits follow from it?")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that a mandate was signed with a key and not changed since; exit 1 where not.

    Example: souq mandate check brief.mandate.json --key me.key --brief brief.toml
    """
    paper = _checked(file, key)
    if brief is not None:
        told = briefs.read(brief)
        if paper.brief != digest_of(canonical.encode(told)):
            raise Mistake(f"{file} is well signed, but for another brief than {brief}")
    if as_json:
        write_json(paper)
        return
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(paper.issued_at))
    for line in (f"Signed with this key at {when}, unchanged since", *_in_words(paper.limits)):
        console.print(line, markup=False, emoji=False, soft_wrap=True)


@mandate.command("grant")
def grant(file: PaperFile, agent: Agent = "", key: Key = "", server: Server = URL) -> None:
    """Grant what was signed, with the key that signed it.

    Example: souq mandate grant brief.mandate.json --agent A1 --key me.key
    """
    paper = _checked(file, key)
    whom = agent or paper.agent
    if not whom:
        raise Mistake("say to whom with --agent")
    if paper.agent and whom != paper.agent:
        raise Mistake(f"{file} was signed for {paper.agent}, not for {whom}")
    with knowing(key), connect(server, key) as client:
        _need_principal(client, whom)
        made = _grant(client, whom, paper.limits)
    console.print(_granted_in_words(made, whom), markup=False, emoji=False, soft_wrap=True)


def _checked(file: Path, key: str) -> Paper:
    kind, sign, material = key.partition(":")
    if not sign or kind not in PUBLIC_KINDS:
        found = key_of(key)
        if not isinstance(found, KeyFile):
            raise Mistake("a bearer secret proves no signature; bring the signer's key file")
        kind, material = found.kind, found.material
    try:
        return checked(file.read_bytes(), kind, material)
    except FileNotFoundError:
        raise Mistake(f"there is no file {file}; `souq intake --key me.key` signs one") from None
    except OSError as error:
        raise Mistake(f"{file} cannot be read: {error.strerror}") from None
    except NotSigned as error:
        raise Mistake(f"{file}: {error}") from None


def _in_words(limits: Limits) -> list[str]:
    def money(units: int) -> str:
        return f"{USD.format(units)} USD" if limits.asset == "USD" else f"{units} {limits.asset}"

    lines = []
    if limits.lifetime_units is not None:
        lines.append(f"may spend {money(limits.lifetime_units)} in all")
    for category, units in (limits.ceilings or {}).items():
        lines.append(f"may buy in {category}, one for at most {money(units)}")
    for ref, goods in (limits.goods or {}).items():
        swap = ", or swapped" if goods.may_barter else ""
        lines.append(f"may sell {ref}, for at least {money(goods.floor_units)}{swap}")
    lines += ["every deal waits for approval"] if limits.approval_always else []
    return lines
