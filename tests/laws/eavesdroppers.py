"""More bugs to plant: webhooks that somebody else starts, stops, or turns back."""

from typing import Any

import pytest

from souq.core import market, webhook
from souq.core.rules import OPERATOR
from souq.core.state import Draft
from tests.laws.bugs import bug


def _as_operator(patch: pytest.MonkeyPatch, command: type) -> None:
    honest = market._DECIDE[command]
    patch.setitem(
        market._DECIDE, command, lambda draft, actor, command: honest(draft, OPERATOR, command)
    )


@bug
def anybody_listens_as_the_operator(patch: pytest.MonkeyPatch) -> None:
    _as_operator(patch, webhook.AddWebhook)


@bug
def anybody_stops_webhooks(patch: pytest.MonkeyPatch) -> None:
    _as_operator(patch, webhook.DisableWebhook)


@bug
def anybody_starts_webhooks(patch: pytest.MonkeyPatch) -> None:
    _as_operator(patch, webhook.EnableWebhook)


@bug
def anybody_ends_webhooks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhook, "_may_remove", lambda view, actor, owner: True)


@bug
def anybody_turns_webhooks_back(patch: pytest.MonkeyPatch) -> None:
    def replay(draft: Draft, actor: str, command: Any) -> None:
        webhook._replay(draft, webhook._need(draft, command.webhook).wish.owner, command)

    patch.setitem(market._DECIDE, webhook.ReplayWebhook, replay)


@bug
def an_owner_starts_what_the_operator_forbade(patch: pytest.MonkeyPatch) -> None:
    def enable(draft: Draft, actor: str, command: Any) -> None:
        is_owner = webhook._need(draft, command.webhook).wish.owner == actor
        webhook._enable(draft, OPERATOR if is_owner else actor, command)

    patch.setitem(market._DECIDE, webhook.EnableWebhook, enable)


@bug
def an_owner_holds_any_number_of_webhooks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(webhook, "WEBHOOKS_MAX", 10_000)


@bug
def a_removed_webhook_comes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(market._EVOLVE, webhook.WebhookRemoved, lambda view, event: None)
