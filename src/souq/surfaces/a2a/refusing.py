"""The market's no, in A2A's words: which error it is, and the facts that let a caller do better."""

from a2a.utils.errors import (
    A2AError,
    InternalError,
    InvalidParamsError,
    TaskNotFoundError,
    UnsupportedOperationError,
)

from souq.core.refusal import Reason, Refused

_OVER = frozenset({Reason.CLOSED, Reason.WRONG_STATE, Reason.WRONG_MECHANISM})
_BUSY = frozenset({Reason.OVERLOADED, Reason.STOPPED})
_HIDDEN = frozenset({Reason.NOT_FOUND, Reason.NOT_YOURS})


def error_of(no: Refused) -> A2AError:
    """Tell a refusal as an error; its reason and facts stand in the error's metadata."""
    facts = {name: str(value) for name, value in no.facts.items()}
    told = ", ".join(f"{name}: {value}" for name, value in facts.items())
    message = no.reason.replace("_", " ") + (f" ({told})" if told else "")
    data = {"refusal": no.reason.value, **facts}
    if no.reason in _OVER:
        return UnsupportedOperationError(message, data)
    if no.reason in _BUSY:
        return InternalError(message, data)
    return InvalidParamsError(message, data)


def task_error(no: Refused) -> A2AError:
    """Tell why a task is not given: another's is not told from one that never was."""
    return TaskNotFoundError() if no.reason in _HIDDEN else error_of(no)
