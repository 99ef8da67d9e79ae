"""What a server says of itself: one JSON line each on stderr, or readable lines on a terminal.

Everything ends up in one place, whoever says it: our own modules, uvicorn, the libraries. No line
holds a body, a key or a stranger's words, and what looks like a key is masked should one get here.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, TextIO

import msgspec
import structlog

from souq.surfaces.metrics import STREAMS

MASK = "***"
SLOW_S = 1.0
TEXT_MAX = 4_000
LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
# Their informative lines show whole addresses with all parameters, or one line for each request,
# which is `access`'s to say.
_TOO_TALKATIVE = ("httpcore", "httpcore2", "httpx", "httpx2", "uvicorn.access")
_SECRET_NAMES = re.compile(
    r"(?:^|[_-])(?:authorization|body|cookie|credential|key|password|payload|private|secret|"
    r"signature|text|title|token|words)s?$",
    re.IGNORECASE,
)
_SECRETS = (
    (re.compile(r"(?i)\b(bearer\s+)[^\s\"',;]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/]*:\S*@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b((?:ssl)?password|secret|token|key)=[^\s&;,]+"), rf"\1={MASK}"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END[^\n]*|\Z)"), MASK),
)
# On a terminal a control character could hide a line, or make one up.
_CONTROLS = {n: f"\\x{n:02x}" for n in (*range(32), *range(127, 160)) if n not in (9, 10)}

# Set where a request begins; whatever is said while it is answered bears its id.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_access = logging.getLogger("souq.access")
Line = MutableMapping[str, Any]


def configure(
    level: str = "info", stream: TextIO | None = None, *, is_terminal: bool | None = None
) -> None:
    """Send all logs to a stream, stderr by default, from this level up.

    Start uvicorn with `log_config=None`, or it sets up its own.
    """
    stream = stream or sys.stderr
    readable = stream.isatty() if is_terminal is None else is_terminal
    before: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _with_request,
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # A traceback without the values of variables: those are bodies and keys.
                structlog.processors.format_exc_info,
                _masked,
                *(_readable() if readable else (_json,)),
            ],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    # Details are ours only: those of a library may be headers and statements.
    root.setLevel(max(LEVELS[level], logging.INFO))
    logging.getLogger("souq").setLevel(LEVELS[level])
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("uvicorn"):
            one = logging.getLogger(name)
            one.handlers.clear()
            one.propagate = True
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before[:2],
            *before[3:],
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def access(method: str, route: str, status: int, seconds: float, id: str = "") -> None:
    """Say that a request was answered: each one that failed here or was slow, others for `debug`.

    `route` is a template such as `/v1/contracts/{contract}`; a path or a query may hold words. A
    refusal is an answer, so it is no failure.
    """
    if status >= 500 or (seconds > SLOW_S and route not in STREAMS):
        level = logging.WARNING
    elif _access.isEnabledFor(logging.DEBUG):
        level = logging.DEBUG
    else:
        return
    told = {
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1_000, 3),
        "request_id": id or request_id.get(),
    }
    _access.log(level, "answered", extra=told)


def _with_request(_logger: Any, _method: str, line: Line) -> Line:
    id = request_id.get()
    if id:
        line.setdefault("request_id", id)
    return line


def _masked(_logger: Any, _method: str, line: Line) -> Line:
    line.pop("color_message", None)  # uvicorn's line once more, painted
    for name, value in line.items():
        if _SECRET_NAMES.search(name):
            line[name] = MASK
        elif isinstance(value, str):
            line[name] = masked(value)
        elif not isinstance(value, bool | int | float | None):
            line[name] = masked(repr(value))
    return line


def masked(text: str) -> str:
    """Give a text with whatever looks like a key or a password masked, and of bounded length."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    if len(text) > TEXT_MAX:
        # The end of a traceback says what went wrong.
        half = TEXT_MAX // 2
        text = f"{text[:half]} … {text[-half:]}"
    return text.encode("utf-8", "backslashreplace").decode()


def _json(_logger: Any, _method: str, line: Line) -> str:
    return msgspec.json.encode({"at": line.pop("at", ""), **line}).decode()


def _readable() -> tuple[Any, ...]:
    def harmless(_logger: Any, _method: str, line: Line) -> Line:
        for name, value in line.items():
            if isinstance(value, str):
                line[name] = value.translate(_CONTROLS)
        return line

    return (harmless, structlog.dev.ConsoleRenderer(colors=False, timestamp_key="at"))
