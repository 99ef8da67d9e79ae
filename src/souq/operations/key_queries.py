"""Queries about one's keys and webhooks."""

from msgspec import Struct

from souq.core.credential import Kind


class ListKeys(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List the live keys of oneself, or of `owner`. By it, its principal, the operator."""

    owner: str = ""


class KeyCard(Struct, frozen=True, omit_defaults=True):
    """A key as it may be shown; `fingerprint` is its `keyid` on the wire."""

    id: str
    owner: str
    kind: Kind
    fingerprint: str
    expires_at: int | None = None


class Keys(Struct, frozen=True):
    keys: tuple[KeyCard, ...]


class ListWebhooks(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """List the webhooks of oneself, or of `owner`. By it, its principal, the operator."""

    owner: str = ""


class WebhookCard(Struct, frozen=True, omit_defaults=True):
    """`state` is live or disabled. Up to record `cursor` everything arrived."""

    id: str
    owner: str
    url: str
    types: tuple[str, ...]
    state: str
    cursor: int
    failing_since: int = 0


class Webhooks(Struct, frozen=True):
    webhooks: tuple[WebhookCard, ...]
