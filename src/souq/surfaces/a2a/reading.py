"""What a message says: one act, one intent, or plain words. All else is refused, not guessed."""

from typing import Any, NamedTuple

import msgspec
from a2a.types import Message, SendMessageRequest
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    InvalidParamsError,
    PushNotificationNotSupportedError,
)

from souq.surfaces.a2a.card import MODES
from souq.surfaces.a2a.vocabulary import NEGOTIATION, Act, Intent, read_act, read_intent
from souq.surfaces.a2a.wording import JSON, TEXT, data_of

WORDS_MAX = 4_000  # as the market carries them
PARTS_MAX = 16
_ID_MAX = 256


class Said(NamedTuple):
    """A message, read. `data` is the act as it came: what its signature is over."""

    words: str = ""
    act: Act | None = None
    data: dict[str, Any] | None = None
    intent: Intent | None = None


def read(request: SendMessageRequest) -> Said:
    """Read a request's message. Raises A2AError."""
    configuration = request.configuration
    if configuration.HasField("task_push_notification_config"):
        raise PushNotificationNotSupportedError()
    accepted = {_essence(one) for one in configuration.accepted_output_modes}
    if accepted and accepted.isdisjoint({*MODES, "*/*", "text", "text/*", "application/*"}):
        raise ContentTypeNotSupportedError(f"answers come as {' and '.join(MODES)}")
    said = request.message
    if len(said.message_id) > _ID_MAX:
        raise InvalidParamsError(f"a messageId has at most {_ID_MAX} characters")
    if len(said.parts) > PARTS_MAX:
        raise InvalidParamsError(f"a message has at most {PARTS_MAX} parts")
    return _read(said)


def _read(said: Message) -> Said:
    words: list[str] = []
    typed: list[Any] = []
    for part in said.parts:
        kind, media_type = part.WhichOneof("content"), _essence(part.media_type)
        if kind == "text" and media_type in ("", TEXT):
            words.append(part.text)
        elif kind == "data" and media_type in ("", JSON):
            typed.append(data_of(part))
        else:
            raise ContentTypeNotSupportedError(
                f"a part holds {TEXT} as text or {JSON} as data, not {media_type or kind or 'this'}"
            )
    text = "\n".join(words)
    if len(text) > WORDS_MAX:
        raise InvalidParamsError(f"at most {WORDS_MAX} characters of text")
    if len(typed) > 1:
        raise InvalidParamsError("a message carries one act or one intent")
    if not typed:
        return Said(text)
    data = typed[0]
    if not isinstance(data, dict) or not ("verb" in data or "intent" in data):
        raise InvalidParamsError(f'a data part is an act of {NEGOTIATION}, or has an "intent"')
    try:
        if "verb" in data:
            return Said(text, act=read_act(data), data=data)
        return Said(text, intent=read_intent(data))
    except msgspec.ValidationError as error:
        raise InvalidParamsError(f"the data part: {error}") from None


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
