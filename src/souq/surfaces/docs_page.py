"""The readable page at `/docs`: the operations with their fields, on one page without downloads."""

from functools import cache
from html import escape
from itertools import groupby
from typing import Any

import msgspec

from souq.core.refusal import Reason
from souq.operations import OPERATIONS, Operation
from souq.surfaces import openapi
from souq.surfaces.problems import STATUS

_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent);
  --soft: color-mix(in srgb, currentColor 6%, transparent);
  --accent: light-dark(#0b6e4f, #6fd3ae); }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 0 auto;
  padding: 2rem 1rem 6rem; }
h1 { font-size: 1.9rem; margin: 0; } h2 { margin: 2.5rem 0 .6rem; text-transform: capitalize; }
a { color: var(--accent); } code, pre { font: .88em/1.5 ui-monospace, monospace; }
pre { background: var(--soft); padding: .8rem 1rem; overflow-x: auto; border-radius: .5rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; padding: 0 .9rem; }
summary { cursor: pointer; padding: .55rem 0; display: flex; gap: .8rem;
  align-items: baseline; flex-wrap: wrap; }
summary b { color: var(--accent); font: 600 .78rem ui-monospace, monospace; width: 2.6rem; }
summary span { opacity: .75; margin-left: auto; text-align: right; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
  border-top: 1px solid var(--line); }
p { max-width: 46rem; } nav { display: flex; flex-wrap: wrap; gap: .3rem 1rem; margin: 1rem 0; }
"""

_INTRODUCTION = """
<p>Every operation of this market. <a href="/openapi.json">openapi.json</a> says the same to
programs. Money is a whole number of an asset's smallest unit and the asset: <code>[900000000,
"USD"]</code> is 900 dollars, which have 1,000,000 units each. Times are microseconds UTC.</p>
<pre>curl -s -X POST $SOUQ/v1/listings -H "Authorization: Bearer $KEY" \\
  -H "Idempotency-Key: lamp-1" -H "Content-Type: application/json" \\
  -d '{"title":"Brass lamp","category":"home","price":[900000000,"USD"]}'</pre>
<p>A command carries an <code>Idempotency-Key</code> of your choice: sent again with the same key it
has its effect once, and the answer says <code>Idempotency-Replayed: true</code>. Any command can
also be sent to <code>/v1/commands</code> with its <code>type</code>, and up to 1,000 of them to
<code>/v1/commands:batch</code>. A no is a problem document (RFC 9457) with a <code>reason</code>
and <code>facts</code>. <code>GET /v1/events</code> streams what you may see.</p>
"""


@cache
def page() -> bytes:
    """Give the page as UTF-8."""
    document = msgspec.json.decode(openapi.document())
    schemas = document["components"]["schemas"]
    groups = {
        tag: list(of)
        for tag, of in groupby(sorted(OPERATIONS, key=openapi.tag_of), key=openapi.tag_of)
    }
    links = " ".join(f'<a href="#{tag}">{tag}</a>' for tag in groups)
    sections = "".join(
        f'<h2 id="{tag}">{tag}</h2>' + "".join(_operation(one, schemas) for one in of)
        for tag, of in groups.items()
    )
    reasons = "".join(
        f"<tr><td><code>{one.value}</code></td><td>{STATUS[one]}</td></tr>" for one in Reason
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>souq: operations</title><style>{_STYLE}</style>"
        f"<h1>souq</h1>{_INTRODUCTION}<nav>{links} <a href='#refusals'>refusals</a></nav>"
        f'{sections}<h2 id="refusals">Refusals</h2>'
        f"<table><tr><th>reason</th><th>HTTP</th></tr>{reasons}</table></html>"
    ).encode()


def _operation(one: Operation, schemas: dict[str, Any]) -> str:
    schema = schemas[one.asks.__name__]
    needed = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(_type(field))}</td>"
        f"<td>{_place(one, name, is_needed=name in needed)}</td></tr>"
        for name, field in schema.get("properties", {}).items()
        if name != "type"
    )
    table = f"<table><tr><th>field</th><th>type</th><th></th></tr>{rows}</table>" if rows else ""
    words = "".join(f"<p>{escape(part)}</p>" for part in one.description.split("\n\n"))
    return (
        f'<details id="{one.name}"><summary><b>{one.method}</b><code>{escape(one.path)}</code>'
        f"<span>{escape(one.summary)}</span></summary>{words}{table}</details>"
    )


def _place(one: Operation, name: str, *, is_needed: bool) -> str:
    if name in one.fields:
        return "in the path"
    return "required" if is_needed else ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    if schema.get("type") == "array":
        items = schema.get("items")
        return f"list of {_type(items)}" if isinstance(items, dict) else "list"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return f"map to {_type(inner)}" if isinstance(inner, dict) else "object"
    return str(schema.get("type", "any"))
