"""What an operator may set, where each value came from, and what is wrong with it if anything is.

    defaults  <  souq.toml  <  SOUQ_* variables  <  flags

A setting has one name everywhere: `rules.fee_bps` is `fee_bps` under `[rules]` in the file, and
`SOUQ_RULES__FEE_BPS` among the variables. Unknown names are errors: a limit that was misspelt is
no limit. Passwords and keys are shown nowhere.
"""

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta, Struct, inspect

from souq.app.checking import masked_rail, masked_store, plain_url, problems_of
from souq.core.rules import Rules
from souq.rails import RAILS
from souq.surfaces.limits import Rates

FILE = "souq.toml"
PREFIX = "SOUQ_"
DEFAULT = "default"
DATA = "./souq-data"
CONFIG = "SOUQ_CONFIG"
# Read by others: where the settings' file is, and what tests and measurements are to do.
NOT_SETTINGS = frozenset(
    {
        CONFIG,
        "SOUQ_BENCH_DIR",
        "SOUQ_BROWSER",
        "SOUQ_FULL",
        "SOUQ_KEY",
        "SOUQ_LOCAL",
        "SOUQ_LOCAL_MODEL",
        "SOUQ_MODELS",
        "SOUQ_MODEL_KEY",
        "SOUQ_NPM",
        "SOUQ_POSTGRES",
        "SOUQ_URL",
    }
)

LogLevel = Literal["debug", "info", "warning", "error"]
Port = Annotated[int, Meta(ge=0, le=65_535)]  # 0 takes any that is free
Heartbeat = Annotated[float, Meta(gt=0, le=300)]
Tick = Annotated[float, Meta(gt=0, le=3_600)]
Epoch = Annotated[int, Meta(ge=0, le=604_800)]
Idle = Annotated[int, Meta(ge=60, le=86_400)]
BodyBytes = Annotated[int, Meta(ge=1_024, le=16 * 1_024 * 1_024)]
Records = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One server's settings. Relative folders start where the server was started.

    `rules` are for a new market only: a market that exists keeps those in its first record. TLS is
    a proxy's work; `public_url` is then what the proxy is called.
    """

    host: str = "127.0.0.1"
    port: Port = 8_000
    store: str = DATA  # a folder, or a postgresql:// URL
    data: str = DATA  # for derived views and keys; the store itself where that is a folder
    standby: bool = False  # follow another server's journal, and take over when it ends
    holder: str = ""  # this server's name in the lease; the machine and process unless named
    public_url: str = ""  # as clients write it; signatures name its host
    authorities: tuple[str, ...] = ()  # further hosts that clients may sign for
    proxies: tuple[str, ...] = ()  # whose word on a client's address counts
    log_level: LogLevel = "info"
    body_bytes_max: BodyBytes = 262_144
    heartbeat_s: Heartbeat = 15.0  # of event streams
    tick_s: Tick = 0.5  # how late a deadline may be met that no command meets
    epoch_s: Epoch = 0  # how long lots for audits and panels gather before one is drawn; 0: never
    snapshot_every: Records = 100_000  # records; 0 takes none but when it stops
    snapshot_on_stop: bool = True
    webhooks_private: bool = False  # whether webhooks may go to this machine and its networks
    console: bool = True  # pages for people at `/`
    console_idle_s: Idle = 1_800  # after which a session of theirs ends
    console_passkeys: bool = False  # whether a passkey may sign in; needs souq[passkeys]
    conformance: bool = False  # doors also hold what public conformance suites look for
    rules: Rules = Rules()
    limits: Rates = Rates()
    rails: dict[str, dict[str, str]] = {}
    sources: dict[str, str] = {}  # where each value came from, by name; not itself a setting

    def __repr__(self) -> str:
        # A traceback or a log may show it, passwords and all.
        told = ", ".join(f"{name}={value!r}" for name, value in _leaves(self))
        return f"Settings({told})"


class BadSettings(Exception):
    """What was set cannot be: each line says what, where it stands, and what would be right."""


class Given(NamedTuple):
    """A value as somebody wrote it. `is_text` where it could not say its type."""

    value: Any
    where: str
    is_text: bool = False


class _Known(NamedTuple):
    type: Any
    default: Any


def _known(kind: type[Struct], prefix: str = "") -> Iterator[tuple[str, _Known]]:
    for field in msgspec.structs.fields(kind):
        name = prefix + field.name
        if name in ("rails", "sources"):
            continue
        if isinstance(field.type, type) and issubclass(field.type, Struct):
            yield from _known(field.type, f"{name}.")
        else:
            yield name, _Known(field.type, getattr(kind(), field.name))


KNOWN: dict[str, _Known] = dict(_known(Settings))
_TABLES = frozenset(name.partition(".")[0] for name in KNOWN if "." in name)
_EXAMPLES = {
    "rules.assets": 'a list such as [{code = "USD", exponent = 6}]',
    "rules.procedure": "a table such as {jury = 3, filing_bps = 500}",
    "rules.categories": 'a table such as {books = {pages = "int", cover = ["hard", "soft"]}}',
}


def read(flags: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Settings:
    """Read the settings. Raises BadSettings.

    `flags` are those that were given, by name (None is not given); `config` names a file. Without
    one, and without SOUQ_CONFIG, it is `souq.toml` in `folder`, where there is one.
    """
    problems: list[str] = []
    given: dict[str, Given] = {}
    for name, one in (
        *_in_file(flags, environment, folder),
        *_in_environment(environment),
        *_in_flags(flags),
    ):
        if _is_known(name):
            given[name] = one
        else:
            problems.append(_unknown(name, one.where))
    values, rails = {}, dict[str, dict[str, str]]()
    for name, one in given.items():
        try:
            if name in KNOWN:
                values[name] = _converted(name, one)
            else:
                _, rail, key = name.split(".")
                rails.setdefault(rail, {})[key] = _scalar(one.value)
        except (ValueError, TypeError):
            problems.append(f"{one.where}: {_wrong(name, one.value)}")
    if problems:
        raise BadSettings("\n".join(problems))
    sources = {name: one.where for name, one in given.items()}
    if "data" not in values and "://" not in (store := values.get("store", DATA)):
        values["data"] = store
        sources["data"] = "where the store is"
    if "public_url" in values:
        values["public_url"] = plain_url(values["public_url"])
    settings = _settled(values, rails, sources)
    for name, what in problems_of(settings):
        problems.append(f"{_where(settings, name)}: {what}")
    if problems:
        raise BadSettings("\n".join(problems))
    return settings


def shown(settings: Settings) -> str:
    """Write settings as TOML, each with where it came from, and without anything secret."""
    plain: list[str] = []
    tables: dict[str, list[str]] = {}
    for name, value in _leaves(settings):
        if value is None:  # which TOML has no word for
            continue
        table, _, key = name.rpartition(".")
        lines = tables.setdefault(table, []) if table else plain
        lines.append(f"{key} = {_toml(value)}  # {_where(settings, name)}")
    for table, lines in tables.items():
        plain += ["", f"[{table}]", *lines]
    return "\n".join(plain) + "\n"


def _in_file(
    flags: Mapping[str, Any], environment: Mapping[str, str], folder: Path
) -> Iterator[tuple[str, Given]]:
    named, by = flags.get("config"), "--config"
    if not named:
        named, by = environment.get(CONFIG), CONFIG
    path = folder / (named or FILE)
    if not named and not path.exists():
        return
    try:
        read = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise BadSettings(f"{path}: cannot be read: {why} ({by} names it)") from None
    except ValueError as error:
        raise BadSettings(f"{path}: is no TOML: {error}") from None
    yield from _flat(read, "", str(path))


def _flat(table: Mapping[str, Any], prefix: str, where: str) -> Iterator[tuple[str, Given]]:
    for key, value in table.items():
        name = prefix + key
        is_table = name in _TABLES or name == "rails" or prefix == "rails."
        if not is_table:
            yield name, Given(value, where)
        elif isinstance(value, dict):
            yield from _flat(value, f"{name}.", where)
        else:
            raise BadSettings(f"{where}: {name} is a table; write [{name}] above what is in it")


def _in_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    for variable in sorted(environment):
        if variable.startswith(PREFIX) and variable not in NOT_SETTINGS:
            name = variable.removeprefix(PREFIX).lower().replace("__", ".")
            yield name, Given(environment[variable], variable, is_text=True)


def _in_flags(flags: Mapping[str, Any]) -> Iterator[tuple[str, Given]]:
    for flag, value in flags.items():
        name = flag.replace("-", "_")
        if name != "config" and value is not None:
            yield name, Given(value, "--" + flag.replace("_", "-"), isinstance(value, str))


def _is_known(name: str) -> bool:
    return name in KNOWN or (name.startswith("rails.") and name.count(".") == 2)


def _unknown(name: str, where: str) -> str:
    def written(name: str) -> str:
        if where.startswith(PREFIX):
            return PREFIX + name.upper().replace(".", "__")
        return "--" + name.replace("_", "-") if where.startswith("--") else name

    # Whoever wrote one underscore for two, or forgot the table, is understood.
    names = [*KNOWN, *(f"rails.{rail}.url" for rail in RAILS)]
    by_spelling = {one.rpartition(".")[2]: one for one in reversed(names)}
    by_spelling |= {one.replace(".", "_"): one for one in names}
    near = difflib.get_close_matches(name.replace(".", "_"), by_spelling, 1)
    hint = f"; did you mean {written(by_spelling[near[0]])}?" if near else ""
    subject = "it" if where == written(name) else name
    return f"{where}: {subject} is no setting{hint}"


def _converted(name: str, one: Given) -> Any:
    kind = KNOWN[name].type
    value = one.value
    if one.is_text:
        value = _from_text(value, kind)
    if name == "rules.assets" and not _has_only(value, {"code", "exponent"}):
        raise ValueError
    return msgspec.convert(value, kind, strict=not one.is_text)


def _from_text(text: str, kind: Any) -> Any:
    match inspect.type_info(kind):
        case inspect.VarTupleType(item_type=inspect.StrType()) if not text.startswith("["):
            return [part.strip() for part in text.split(",") if part.strip()]
        case inspect.UnionType() if text == "null":
            return None
        case inspect.VarTupleType() | inspect.DictType() | inspect.UnionType():
            return tomllib.loads(f"value = {text}")["value"]
        case _:
            return text


def _has_only(rows: Any, keys: set[str]) -> bool:
    # The core's records are read from journals, so they let unknown fields pass.
    return isinstance(rows, list) and all(
        isinstance(row, dict) and set(row) == keys for row in rows
    )


def _scalar(value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise TypeError
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong(name: str, value: Any) -> str:
    if name not in KNOWN:
        return f"{name} should be text or a number"
    wanted = _EXAMPLES.get(name) or _wanted(KNOWN[name].type)
    told = "" if name == "store" else f", not {str(value)[:60]!r}"
    return f"{name} should be {wanted}{told}"


def _wanted(kind: Any) -> str:
    match inspect.type_info(kind):
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=None, le=None):
            return "a whole number"
        case inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most}"
        case inspect.FloatType(le=most):
            return f"a number above 0 and up to {most:g}"
        case inspect.LiteralType():
            return f"one of {', '.join(get_args(kind))}"
        case inspect.VarTupleType():
            return 'a list such as ["one", "two"]'
        case _:
            return "text"


def _settled(
    values: Mapping[str, Any], rails: dict[str, dict[str, str]], sources: dict[str, str]
) -> Settings:
    tables: dict[str, dict[str, Any]] = {table: {} for table in _TABLES}
    plain: dict[str, Any] = {}
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        (tables[table] if table else plain)[key] = value
    return Settings(
        **plain,
        rules=Rules(**tables["rules"]),
        limits=Rates(**tables["limits"]),
        rails=rails,
        sources=sources,
    )


def _leaves(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Give every setting by name, as it may be shown."""
    for name in KNOWN:
        value: Any = settings
        for part in name.split("."):
            value = getattr(value, part)
        yield name, masked_store(value) if name == "store" else value
    for rail, keys in settings.rails.items():
        for key, value in keys.items():
            yield f"rails.{rail}.{key}", masked_rail(key, value)


def _where(settings: Settings, name: str) -> str:
    return settings.sources.get(name, DEFAULT)


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case dict():
            pairs = (f"{_toml(key)} = {_toml(one)}" for key, one in value.items())
            return f"{{{', '.join(pairs)}}}"
        case tuple() | list():
            return f"[{', '.join(map(_toml, value))}]"
        case Struct():
            return _toml(msgspec.structs.asdict(value))
        case _:
            return str(value)
