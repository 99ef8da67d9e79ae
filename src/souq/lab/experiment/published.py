"""The JSON Schema of an experiment's file: `python -m souq.lab.experiment.published FILE`."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from souq.lab.experiment.schema import WHOLE, Experiment

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Give the schema: an experiment, and parts of one as arms or as levels of factors."""
    found = msgspec.json.schema(Experiment)
    named: dict[str, Any] = found["$defs"]
    for one in named.values():
        one["description"] = " ".join(one.get("description", "").split())
    part = {"$ref": "#/$defs/Part"}
    whole = named["Experiment"]
    inner = {
        name: value
        for name, value in whole["properties"].items()
        if name == "name" or name not in WHOLE
    }
    named["Part"] = {
        "title": "Part",
        "description": "An arm, or a level: what stands here is laid over the rest of the file.",
        "type": "object",
        "properties": inner,
        "required": ["name"],
        "additionalProperties": False,
    }
    named["Factor"] = {
        "title": "Factor",
        "description": "Factors are crossed: each choice of a level from each is an arm.",
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "levels": {"type": "array", "items": part, "minItems": 1},
        },
        "required": ["levels"],
        "additionalProperties": False,
    }
    whole["properties"] |= {
        "arms": {"type": "array", "items": part},
        "factors": {"type": "array", "items": {"$ref": "#/$defs/Factor"}},
    }
    return {"$schema": _DRAFT, "title": "An experiment of souq's laboratory", **found}


def text() -> str:
    """Give the schema as it stands in docs/."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
