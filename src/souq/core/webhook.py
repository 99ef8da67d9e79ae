"""A webhook is an address that somebody wants records sent to, as soon as they are durable.

    live ──disabled──▶ disabled ──enabled──▶ live        either ──removed──▶ gone

What was sent already is no part of the market: the deliverer keeps its own place. Here stands only
what was asked for, so that it replays, and that whoever asked may take it back. An address often
holds a secret in its path, so it is sealed for the operator; its owner knows it.
"""

import re
from typing import Any, Literal

from msgspec import Struct

from souq.core.money import UNITS_MAX
from souq.core.party import AGENTS, PRINCIPALS
from souq.core.refusal import Reason, Refused, invalid
from souq.core.rules import OPERATOR, need_operator, rules
from souq.core.seal import OperatorText
from souq.core.state import Draft, Table, View, need_live, next_id, take_id

WEBHOOKS_MAX = 8  # that one owner may hold at a time
URL_MAX = 2_000
TYPES_MAX = 64
TYPE_LENGTH_MAX = 64
PORT_MAX = 65_535

# A name or address, a port, a path, a query: no credentials, no fragment, nothing to be encoded.
_URL = re.compile(
    r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:[/?][A-Za-z0-9/?:@!$&'()*+,;=._~%-]*)?"
)

Why = Literal["failing", "forbidden"]


class AddWebhook(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Have the records one may see sent to an address. By an agent, a principal or the operator.

    It begins after its own record. `types` names the events that are wanted; none means all.
    """

    url: OperatorText
    types: tuple[str, ...] = ()


class RemoveWebhook(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """End a webhook for good. By its owner, that owner's principal, or the operator."""

    webhook: str


class DisableWebhook(Struct, frozen=True, tag=True, omit_defaults=True, forbid_unknown_fields=True):
    """Stop sending: it failed for a day, or the operator forbids it. Operator only."""

    webhook: str
    why: Why = "failing"


class EnableWebhook(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Send again, from where it stopped. By its owner after a failure, by the operator always."""

    webhook: str


class ReplayWebhook(Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """Send again what came after record `after`. By its owner."""

    webhook: str
    after: int


class WebhookAdded(Struct, frozen=True, tag=True, omit_defaults=True):
    webhook: str
    owner: str
    url: str
    types: tuple[str, ...] = ()


class WebhookRemoved(Struct, frozen=True, tag=True):
    webhook: str


class WebhookDisabled(Struct, frozen=True, tag=True):
    webhook: str
    why: Why


class WebhookEnabled(Struct, frozen=True, tag=True):
    webhook: str


class WebhookReplayed(Struct, frozen=True, tag=True):
    webhook: str
    after: int


class Wish(Struct, frozen=True, omit_defaults=True):
    """What was asked for. `url` is a digest; `replays` counts how often it went back to `after`."""

    owner: str
    url: str
    types: tuple[str, ...] = ()
    added_at: int = 0
    replays: int = 0
    after: int = 0


class Live(Struct, frozen=True, tag=True):
    """Records are sent; `since` is when it was added, or enabled last."""

    wish: Wish
    since: int


class Disabled(Struct, frozen=True, tag=True):
    """Nothing is sent until it is enabled."""

    wish: Wish
    why: Why


Webhook = Live | Disabled
WEBHOOKS: Table[Webhook] = Table("webhooks", Webhook)
WEBHOOKS_OF: Table[tuple[str, ...]] = Table("webhooks of", tuple[str, ...])  # by owner
TABLES: tuple[Table[Any], ...] = (WEBHOOKS, WEBHOOKS_OF)


def _webhooks_of(view: View, owner: str) -> tuple[str, ...]:
    return view.get(WEBHOOKS_OF, owner) or ()


def _need(view: View, id: str) -> Webhook:
    return need_live(view, WEBHOOKS, id, "H")


def _may_remove(view: View, actor: str, owner: str) -> bool:
    # The principal too: whoever stole its agent's key may have left a webhook behind.
    agent = view.get(AGENTS, owner)
    return actor in (OPERATOR, owner) or (agent is not None and actor == agent.principal)


def _check_url(url: str) -> None:
    if len(url) > URL_MAX:
        raise invalid("url", f"up to {URL_MAX} characters")
    found = _URL.fullmatch(url)
    if found is None:
        raise invalid("url", "http or https, a host, in ASCII; no user, password or fragment")
    if found["port"] and not 0 < int(found["port"]) <= PORT_MAX:
        raise invalid("url", f"a port stands between 1 and {PORT_MAX}")


def _check_types(types: tuple[str, ...]) -> None:
    if len(types) > TYPES_MAX or len(set(types)) != len(types):
        raise invalid("types", f"up to {TYPES_MAX} names of events, each once")
    if not all(one.isascii() and one.isalpha() and len(one) <= TYPE_LENGTH_MAX for one in types):
        raise invalid("types", f"a name of an event has 1 to {TYPE_LENGTH_MAX} letters")


def _add(draft: Draft, actor: str, command: AddWebhook) -> None:
    rules(draft)
    is_known = draft.get(AGENTS, actor) is not None or draft.get(PRINCIPALS, actor) is not None
    if actor != OPERATOR and not is_known:
        raise Refused(Reason.NOT_YOURS)
    _check_url(command.url.value)
    _check_types(command.types)
    if len(_webhooks_of(draft, actor)) >= WEBHOOKS_MAX:
        raise invalid("webhook", f"{WEBHOOKS_MAX} of yours exist already")
    draft.emit(WebhookAdded(next_id(draft, "H"), actor, command.url.digest, command.types))


def _remove(draft: Draft, actor: str, command: RemoveWebhook) -> None:
    if not _may_remove(draft, actor, _need(draft, command.webhook).wish.owner):
        raise Refused(Reason.NOT_YOURS)
    draft.emit(WebhookRemoved(command.webhook))


def _disable(draft: Draft, actor: str, command: DisableWebhook) -> None:
    need_operator(actor)
    match _need(draft, command.webhook):
        case Disabled(_, "failing") if command.why == "forbidden":
            draft.emit(WebhookDisabled(command.webhook, command.why))
        case Live():
            draft.emit(WebhookDisabled(command.webhook, command.why))
        case _:
            raise Refused(Reason.WRONG_STATE, state="Disabled")


def _enable(draft: Draft, actor: str, command: EnableWebhook) -> None:
    match _need(draft, command.webhook):
        case Disabled(wish, why) if actor == OPERATOR or (actor == wish.owner and why == "failing"):
            draft.emit(WebhookEnabled(command.webhook))
        case Live(wish) if actor in (OPERATOR, wish.owner):
            raise Refused(Reason.WRONG_STATE, state="Live")
        case _:
            raise Refused(Reason.NOT_YOURS)


def _replay(draft: Draft, actor: str, command: ReplayWebhook) -> None:
    found = _need(draft, command.webhook)
    if actor != found.wish.owner:
        raise Refused(Reason.NOT_YOURS)
    if not 0 <= command.after <= UNITS_MAX:
        raise invalid("after", "the number of a record, or 0")
    if isinstance(found, Disabled):
        raise Refused(Reason.WRONG_STATE, state="Disabled")
    draft.emit(WebhookReplayed(command.webhook, command.after))


def _added(view: View, event: WebhookAdded) -> None:
    take_id(view, event.webhook)
    wish = Wish(event.owner, event.url, event.types, view.at)
    view.put(WEBHOOKS, event.webhook, Live(wish, view.at))
    view.put(WEBHOOKS_OF, event.owner, (*_webhooks_of(view, event.owner), event.webhook))


def _removed(view: View, event: WebhookRemoved) -> None:
    owner = _known(view, event.webhook).wish.owner
    view.drop(WEBHOOKS, event.webhook)
    left = tuple(id for id in _webhooks_of(view, owner) if id != event.webhook)
    if left:
        view.put(WEBHOOKS_OF, owner, left)
    else:
        view.drop(WEBHOOKS_OF, owner)


def _disabled(view: View, event: WebhookDisabled) -> None:
    view.put(WEBHOOKS, event.webhook, Disabled(_known(view, event.webhook).wish, event.why))


def _enabled(view: View, event: WebhookEnabled) -> None:
    view.put(WEBHOOKS, event.webhook, Live(_known(view, event.webhook).wish, view.at))


def _replayed(view: View, event: WebhookReplayed) -> None:
    found = _known(view, event.webhook)
    assert isinstance(found, Live), f"{event.webhook} goes back, and is disabled"
    was = found.wish
    wish = Wish(was.owner, was.url, was.types, was.added_at, was.replays + 1, event.after)
    view.put(WEBHOOKS, event.webhook, Live(wish, found.since))


def _known(view: View, id: str) -> Webhook:
    found = view.get(WEBHOOKS, id)
    assert found is not None, f"{id} was never added, or is gone"
    return found


DECIDE: dict[type, Any] = {
    AddWebhook: _add,
    RemoveWebhook: _remove,
    DisableWebhook: _disable,
    EnableWebhook: _enable,
    ReplayWebhook: _replay,
}
EVOLVE: dict[type, Any] = {
    WebhookAdded: _added,
    WebhookRemoved: _removed,
    WebhookDisabled: _disabled,
    WebhookEnabled: _enabled,
    WebhookReplayed: _replayed,
}
