"""The kinds of arguments that tools take: flat, few, and described once.

Prices are text, ids are short. `once` is on every tool that changes something.
"""

from typing import Annotated

from msgspec import Meta, Struct

_ID = "[1-9][0-9]{0,14}$"
Listing = Annotated[str, Meta(description="a listing's id, such as L42", pattern="^L" + _ID)]
Negotiation = Annotated[
    str, Meta(description="a negotiation's id, such as N17", pattern="^N" + _ID)
]
Contract = Annotated[str, Meta(description="a contract's id, such as C9", pattern="^C" + _ID)]
Agent = Annotated[str, Meta(description="an agent's id, such as A3", pattern="^A" + _ID)]
Price = Annotated[
    str, Meta(description='an amount as text, such as "12.50"', min_length=1, max_length=40)
]
Quantity = Annotated[int, Meta(description="how many", ge=1, le=1_000_000_000)]
Cursor = Annotated[
    str, Meta(description="what the page before gave; other arguments as before", max_length=256)
]
Once = Annotated[
    str,
    Meta(
        description="your own name for this act: the same again has its effect once",
        pattern="^[!-~]{0,96}$",
    ),
]


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No arguments."""


class Act(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every tool that changes something takes."""

    once: Once = ""
