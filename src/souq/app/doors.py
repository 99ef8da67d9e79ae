"""The doors beside `/v1/`, each there where its extra is installed."""

from collections.abc import Mapping
from typing import Any

from souq.surfaces.answering import Answering
from souq.surfaces.auth import Authenticator
from souq.surfaces.limits import Limits


def doors(answering: Answering, authenticator: Authenticator, limits: Limits) -> Mapping[str, Any]:
    """Give ASGI applications by the first part of the paths they answer to."""
    return {}
