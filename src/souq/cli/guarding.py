"""`souq policy` checks rules before anybody relies on them, sets them, and explains them."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from souq.cli.calling import knowing
from souq.cli.commands import Json, app
from souq.cli.connecting import URL, Key, Server, connect
from souq.cli.output import Mistake, console, write_json
from souq.cli.runs import reading
from souq.core.money import USD
from souq.core.party import AGENTS
from souq.core.policy import Policy
from souq.core.policy.setting import SecretPolicy, SetPolicy
from souq.core.refusal import Fact
from souq.core.rules import OPERATOR
from souq.journal.replay import replay
from souq.operations.policy_queries import ExplainCommand, Explanation, GetPolicy, RuleSaid
from souq.sdk.policy_files import BadPolicy, read_policy
from souq.venue.policies import explain as explained
from souq.venue.policies import read_command

File = Annotated[Path, typer.Argument(metavar="FILE", help="rules in TOML or JSON")]
Scope = Annotated[
    str, typer.Option("--for", metavar="SCOPE", help="A5, P3, organisation/P9 or market")
]

policy = typer.Typer(help="Rules that agents cannot deal past.", no_args_is_help=True)
app.add_typer(policy, name="policy")


@policy.command("check")
def check(file: File) -> None:
    """Say what is wrong with a file of rules, each mistake with its place.

    Example: souq policy check rules.toml
    """
    found = _read(file)
    console.print(f"{file}: {_count(found)}, all in order", soft_wrap=True)


@policy.command("schema")
def schema() -> None:
    """Print the JSON Schema of a policy.

    Example: souq policy schema > policy.schema.json
    """
    write_json(msgspec.json.schema(Policy))


@policy.command("set")
def set_(
    scope: Scope,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="rules")] = None,
    none: Annotated[bool, typer.Option("--none", help="take the rules away")] = False,
    server: Server = URL,
    key: Key = "",
) -> None:
    """Set the rules of a scope, in place of those before.

    Example: souq policy set rules.toml --for P1 --key bea.key
    """
    if none == (file is not None):
        raise Mistake("name a file of rules, or say --none")
    rules = Policy() if file is None else _read(file)
    with knowing(key), connect(server, key) as client:
        client.submit(SetPolicy(scope, SecretPolicy(rules)))
    console.print(f"{scope}: {_count(rules) if rules.rules else 'no rules'}", soft_wrap=True)


@policy.command("show")
def show(scope: Scope, server: Server = URL, key: Key = "") -> None:
    """Print the rules in force for a scope, as JSON that `set` takes.

    Example: souq policy show --for P1 --key bea.key
    """
    with knowing(key), connect(server, key) as client:
        write_json(client.ask(GetPolicy(scope)).policy)


@policy.command("explain")
def explain(
    command: Annotated[Path, typer.Argument(metavar="COMMAND.json", help="with its type")],
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="a market's folder, not a server")
    ] = None,
    agent: Annotated[str, typer.Option("--as", metavar="AGENT", help="who would send it")] = "",
    file: Annotated[
        Path | None, typer.Option("--policy", metavar="FILE", help="rules to try for it")
    ] = None,
    as_json: Json = False,
    server: Server = URL,
    key: Key = "",
) -> None:
    """Say which rules a command would run into, and why; nothing is sent. DENY exits with 1.

    Example: souq policy explain offer.json --as A1 --key bea.key
    """
    if not command.is_file():
        raise Mistake(f"there is no file {command}")
    text = command.read_text(encoding="utf-8", errors="replace")
    trial = _read(file) if file is not None else None
    if directory is not None:
        found = _on_disk(directory, agent, text, trial)
    else:
        asked = ExplainCommand(text, agent, _encoded(trial))
        with knowing(key), connect(server, key) as client:
            found = client.ask(asked)
    if as_json:
        write_json(found)
    else:
        _tell(found)
    if found.result == "DENY" or found.refusal:
        raise typer.Exit(1)


def _encoded(trial: Policy | None) -> str:
    return "" if trial is None else msgspec.json.encode(trial).decode()


def _on_disk(directory: Path, agent: str, text: str, trial: Policy | None) -> Explanation:
    with reading(directory) as store:
        state = replay(store).state
    if state.get(AGENTS, agent) is None:
        raise Mistake(f"say who would send it with --as; this market has no agent {agent or '-'}")
    return explained(state, OPERATOR, agent, read_command(text), trial)


def _read(file: Path) -> Policy:
    if not file.is_file():
        raise Mistake(f"there is no file {file}")
    try:
        return read_policy(file)
    except BadPolicy as error:
        *others, last = [f"{file}: {where}: {why}" for where, why in error.mistakes]
        for line in others:
            sys.stderr.write(f"{line}\n")
        raise Mistake(last) from None


def _count(found: Policy) -> str:
    return f"{len(found.rules)} rule{'s' if len(found.rules) != 1 else ''}"


def _tell(found: Explanation) -> None:
    lines = [found.result, *map(_line, found.rules)]
    if found.refusal:
        facts = ", ".join(f"{name} {value}" for name, value in found.facts.items())
        lines.append(f"  refused: {found.refusal}{f' ({facts})' if facts else ''}")
    sys.stdout.write("\n".join(lines) + "\n")


def _line(one: RuleSaid) -> str:
    place = f" rule {one.number}" if one.number else ""
    said: list[Any] = [f"  {one.result}  {one.layer}{place}, {one.rule}"]
    if one.observed != "":
        limit = "" if one.threshold == "" else f" where the limit is {_figure(one, one.threshold)}"
        said.append(f": {_figure(one, one.observed)}{limit}")
    if one.facts:
        said.append(f": {', '.join(f'{name} {value}' for name, value in one.facts.items())}")
    if one.approver:
        said.append(f"; {one.approver} would be asked")
    return "".join(said)


def _figure(one: RuleSaid, figure: Fact) -> str:
    if one.asset == USD.code and isinstance(figure, int):
        return f"{USD.format(figure)} USD"
    return f"{figure} {one.asset}".rstrip()
