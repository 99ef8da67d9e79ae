"""Parts and messages, and words for money; words of strangers become one line, and nothing more."""

from typing import Any

from a2a.types import Message, Part, Role
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message as ProtobufMessage
from google.protobuf.struct_pb2 import Value

from souq.core.rules import Rules
from souq.surfaces.a2a.vocabulary import NEGOTIATION
from souq.views.log import harmless

LINE_MAX = 120
JSON = "application/json"
TEXT = "text/plain"
UNTRUSTED = {"source": "stranger", "trust": "untrusted"}


def one_line(text: str) -> str:
    """Give a stranger's words as one line of a bounded length."""
    return " ".join(harmless(text).split())[:LINE_MAX]


def money(rules: Rules, units: int, asset: str) -> str:
    """Write an amount for people."""
    for known in rules.assets:
        if known.code == asset:
            return f"{known.format(units)} {asset}"
    return f"{units} units of {asset}"


def text_part(text: str, *, is_strange: bool = False) -> Part:
    """Give words; those of strangers are marked as theirs."""
    part = Part(text=text, media_type=TEXT)
    if is_strange:
        part.metadata.update(UNTRUSTED)
    return part


def data_part(data: dict[str, Any]) -> Part:
    """Give typed fields."""
    return Part(data=ParseDict(data, Value()), media_type=JSON)


def data_of(part: Part) -> Any:
    """Give what a data part holds; a whole number comes out as one."""
    return _whole(MessageToDict(part.data))


def json_of(sent: ProtobufMessage, **more: Any) -> dict[str, Any]:
    """Write a message as JSON; a whole number stays one, though protobuf counts in floats."""
    told: dict[str, Any] = _whole(MessageToDict(sent, **more))
    return told


def _whole(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    return [_whole(one) for one in value] if isinstance(value, list) else value


def message(
    id: str,
    *parts: Part,
    task: str = "",
    context: str = "",
    role: Role = Role.ROLE_AGENT,
) -> Message:
    """Give a message of this door's, or with another role the caller's own."""
    return Message(
        message_id=id,
        task_id=task,
        context_id=context,
        role=role,
        parts=parts,
        extensions=[NEGOTIATION] if any(part.HasField("data") for part in parts) else [],
    )
