"""A form becomes a command. What it asks for, and whether it may, is for the core to say.

    POST /do/{operation}    fields of the command by name, and

        csrf      the token of the session that the form was shown in
        id        the command's id, made with the form: sent twice, it has its effect once
        back      the page to return to

A field's name may end in what its text is written in: `price:amount` in decimals of the house's
first asset, or of the one named after another colon, `payer_bps:percent`, and `evidence:list` with
spaces between. `measured.latency_ms` is one of several figures under a name.
"""

from decimal import Decimal
from typing import Any

from starlette.responses import Response

from souq.core.money import BPS, Asset
from souq.core.refusal import Refused
from souq.operations import BY_NAME
from souq.surfaces.console.behind import STAYS_READ
from souq.surfaces.console.telling import remedy, say_refusal
from souq.surfaces.console.visit import Visit
from souq.surfaces.decoding import read_form
from souq.surfaces.problems import Malformed
from souq.views.history import in_words

PATH_MAX = 2_000
_OURS = ("csrf", "id", "back", "done")


async def act(visit: Visit) -> Response:
    """Carry out what a form asks for, and go back to its page. Raises Malformed."""
    form = await visit.form()
    need_own_form(visit, form)
    operation = BY_NAME.get(visit.path("operation"))
    if operation is None or not operation.is_command:
        raise Malformed(404, "there is no such command")
    rules = await visit.rules()
    fields: dict[str, Any] = {}
    try:
        for name, text in form.items():
            if name not in _OURS:
                field, value = _read(name, text, rules.assets)
                if value != "":  # what was left empty is left out
                    _put(fields, field, value)
        command = read_form(operation, fields)
        await visit.link.submit(command, command_id=form.get("id", ""))
    except Refused as no:
        facts = ", ".join(f"{name.replace('_', ' ')}: {told}" for name, told in no.facts.items())
        reason = no.reason.value
        told = " ".join(filter(None, (say_refusal(reason), remedy(reason))))
        visit.say(f"{told} ({facts})" if facts else told, is_bad=True)
    except Malformed as no:
        visit.say(f"{in_words(operation.asks.__name__).capitalize()}: {no.why}.", is_bad=True)
    else:
        visit.say(form.get("done") or f"{in_words(operation.asks.__name__).capitalize()}: done.")
    return visit.to(back(form))


def need_own_form(visit: Visit, form: dict[str, str]) -> None:
    """Raise Malformed unless a form comes from a page that its session was shown."""
    if visit.site.is_fixed:
        raise Malformed(405, STAYS_READ)
    if visit.session is None or not visit.session.is_own(form.get("csrf", "")):
        raise Malformed(403, "this form is of another session; go back, load it again, and send it")


def back(form: dict[str, str]) -> str:
    """Give the page of ours that a form wants to return to."""
    path = form.get("back", "")
    is_ours = path.startswith("/") and "\\" not in path and not path.startswith("//")
    return path if is_ours and path.isprintable() and len(path) <= PATH_MAX else "/"


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    whole, _, part = name.partition(".")
    if not part:
        fields[whole] = value
        return
    figures = fields.setdefault(whole, {})
    if not isinstance(figures, dict):
        raise Malformed(422, f"{whole} is said twice")
    figures[part] = value


def _read(name: str, text: str, assets: tuple[Asset, ...]) -> tuple[str, Any]:
    field, _, kind = name.partition(":")
    kind, _, code = kind.partition(":")
    text = text.strip() if kind else text
    if not kind or not text:
        return field, text
    if kind == "list":
        return field, text.split()
    try:
        if kind == "percent":
            return field, _percent(text)
        asset = next((one for one in assets if one.code == code), assets[0])
        amount = asset.parse(text)
        return field, amount.units if field.endswith("_units") else amount
    except (ValueError, ArithmeticError):
        raise Malformed(422, f"{field.replace('_', ' ')}: {text[:40]!r} is no number") from None


def _percent(text: str) -> int:
    """Read a percentage as basis points. Raises ValueError or ArithmeticError."""
    share = Decimal(text)
    bps = share * (BPS // 100)
    if not share.is_finite() or abs(share) > BPS or bps != int(bps):
        raise ValueError(text)  # a basis point is the least there is
    return int(bps)
