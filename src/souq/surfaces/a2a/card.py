"""Signed agent cards: one of the market, one of each agent, made from what anybody may know.

A card holds no empty required field: the SDK drops those before it checks a signature, while the
specification keeps them, so only cards without any are read alike everywhere.
"""

import hashlib
import time
from collections import OrderedDict
from email.utils import formatdate
from typing import Any, NamedTuple

from a2a.types import AgentCard
from google.protobuf.json_format import ParseDict

from souq import __version__
from souq.operations import queries as ask
from souq.surfaces.a2a.signing import canonical, sign
from souq.surfaces.a2a.vocabulary import INTENT, NEGOTIATION, SCHEMAS
from souq.surfaces.a2a.wording import one_line
from souq.surfaces.answering import Link
from souq.surfaces.signatures import ACCEPT_SIGNATURE, MarketKey
from souq.views.catalogue import Search

MAX_AGE_S = 60
TAGS_MAX = 16
KEPT = 1_024  # cards whose last change is remembered
MODES = ["text/plain", "application/json"]
VERSION = "1.0"
_SAMPLE = "How much is the brass lamp?"


class Published(NamedTuple):
    """A card as it goes over the wire."""

    body: bytes
    etag: str
    modified: float

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Give what lets it be cached."""
        return [
            (b"cache-control", f"public, max-age={MAX_AGE_S}".encode()),
            (b"etag", self.etag.encode()),
            (b"last-modified", formatdate(self.modified, usegmt=True).encode()),
        ]


class Cards:
    """Makes and signs cards."""

    def __init__(self, market_key: MarketKey, url: str) -> None:
        self._market_key = market_key
        self._url = url.rstrip("/")
        self._changed: OrderedDict[str, tuple[str, float]] = OrderedDict()

    async def published(self, link: Link, tenant: str) -> Published:
        """Give the card of an agent, or with "" the market's. Raises Refused(not_found)."""
        body = canonical(self.signed(await self.plain(link, tenant)))
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        known = self._changed.pop(tenant, None)
        changed = known if known and known[0] == etag else (etag, float(int(time.time())))
        self._changed[tenant] = changed
        if len(self._changed) > KEPT:
            self._changed.popitem(last=False)
        return Published(body, *changed)

    async def extended(self, link: Link, tenant: str, actor: str) -> AgentCard:
        """Give a card with what only somebody known is told."""
        card = await self.plain(link, tenant)
        params = card["capabilities"]["extensions"][0]["params"]
        params["speakingAs"] = actor
        params["acceptSignature"] = ACCEPT_SIGNATURE
        return ParseDict(self.signed(card), AgentCard())

    def agent_url(self, agent: str) -> str:
        """Say where an agent's card is."""
        return f"{self._url}/a2a/{agent}/.well-known/agent-card.json"

    def signed(self, card: dict[str, Any]) -> dict[str, Any]:
        """Put the market's signature on a card."""
        jku = f"{self._url}/.well-known/jwks.json"
        return {**card, "signatures": [sign(self._market_key, card, typ="JOSE", jku=jku)]}

    async def plain(self, link: Link, tenant: str) -> dict[str, Any]:
        """Give a card as it is signed."""
        market: ask.Market = await link.ask(ask.GetMarket())
        house = one_line(market.rules.name) or "souq"
        if not tenant:
            return self._card(
                house,
                f"The market {house}: software agents buy, sell and haggle here. Ask in plain"
                " words what is to be had, or negotiate by data parts.",
                "",
                ["market"],
                {"agents": self.agent_url("{agent}")},
            )
        agent: ask.AgentCard = await link.ask(ask.GetAgent(tenant))
        name = one_line(agent.name) or agent.id
        page = await link.ask(Search(agent=agent.id, order="newest", limit=100))
        categories = [one_line(one.category) for one in page.listings]
        params: dict[str, Any] = {"agent": agent.id, "deals": agent.deals, "rulings": agent.rulings}
        runs_on = ""
        if agent.model:
            params["selfDeclaredModel"] = agent.model
            runs_on = f" It says that it runs on {agent.model}: self-declared, nobody checked it."
        tags = [one for one in dict.fromkeys(categories) if one][:TAGS_MAX]
        return self._card(
            name,
            f"An agent on the market {house}. Its name and tags are its own words; ask it what it"
            f" sells and for how much, or negotiate by data parts.{runs_on}",
            agent.id,
            ["seller", *tags],
            params,
        )

    def _card(
        self, name: str, description: str, tenant: str, tags: list[str], params: dict[str, Any]
    ) -> dict[str, Any]:
        door = f"{self._url}/a2a"
        schemas = {name.partition("-v")[0]: f"{door}/schemas/{name}" for name in SCHEMAS}
        interface = {"url": door, "protocolVersion": VERSION}
        if tenant:
            interface["tenant"] = tenant
        return {
            "name": name,
            "description": description,
            "version": __version__,
            "documentationUrl": f"{self._url}/docs",
            "provider": {"organization": "souq", "url": self._url},
            "supportedInterfaces": [
                {**interface, "protocolBinding": "JSONRPC"},
                {**interface, "protocolBinding": "HTTP+JSON"},
            ],
            "capabilities": {
                "streaming": True,
                "pushNotifications": False,
                "extendedAgentCard": True,
                "extensions": [
                    {
                        "uri": NEGOTIATION,
                        "description": "Offers, counteroffers and acceptance as data parts",
                        "params": {"schema": schemas["negotiation"], **params},
                    },
                    {
                        "uri": INTENT,
                        "description": "Say what is wanted, and what it may cost at the most",
                        "params": {"schema": schemas["intent"]},
                    },
                ],
            },
            "securitySchemes": {
                "bearer": {
                    "httpAuthSecurityScheme": {
                        "scheme": "bearer",
                        "description": "A key of this market's. Asking in plain words needs none. A"
                        " request may instead be signed (RFC 9421), as docs/api.md says.",
                    }
                }
            },
            # A role, since a list without any would be an empty field; bearer keys have no scopes.
            "securityRequirements": [{"schemes": {"bearer": {"list": ["agent"]}}}],
            "defaultInputModes": MODES,
            "defaultOutputModes": MODES,
            "skills": [
                {
                    "id": "ask",
                    "name": "Ask what is sold, and for how much",
                    "description": "Answers plain words with listings, their prices and the acts"
                    " that may come next.",
                    "tags": tags,
                    "examples": [_SAMPLE],
                },
                {
                    "id": "negotiate",
                    "name": "Haggle, agree and perform",
                    "description": f"Data parts of the extension {NEGOTIATION}.",
                    "tags": ["negotiation", "offer", "escrow"],
                    "inputModes": ["application/json"],
                    "outputModes": MODES,
                },
            ],
        }
