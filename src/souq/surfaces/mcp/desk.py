"""Where one call of a tool is worked on: whose it is, how money is read, what its act is named."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from souq.core.money import Asset, Money
from souq.core.rules import Rules
from souq.engine import Answer
from souq.operations.queries import GetMarket, Me, WhoAmI
from souq.surfaces.answering import Link
from souq.surfaces.mcp.advice import BAD_ARGUMENTS, NO_KEY, NOT_AN_AGENT, Unanswered
from souq.surfaces.mcp.telling import Teller

# Waits some seconds and tells whether to go on: no longer once the market closes.
Pause = Callable[[float], Awaitable[bool]]


class House:
    """A market's rules, asked once: they never change."""

    def __init__(self) -> None:
        self._rules: Rules | None = None

    async def rules(self, link: Link) -> Rules:
        """Give the rules."""
        if self._rules is None:
            self._rules = (await link.ask(GetMarket())).rules
        return self._rules


class Desk:
    """One call: nothing in it outlives the answer, and it knows one speaker only."""

    def __init__(self, link: Link, house: House, pause: Pause, act: str = "") -> None:
        """`act` names what is done, so that the same again has its effect once."""
        self._link = link
        self._house = house
        self._me: Me | None = None
        self.pause = pause
        self.act = act or f"mcp-{uuid4().hex}"

    async def ask(self, query: Any) -> Any:
        """Ask the market. Raises Refused, Unanswered."""
        return await self._link.ask(query)

    async def do(self, command: Any) -> Answer:
        """Do the one thing that this call does. Raises Refused, Unanswered."""
        return await self._link.submit(command, command_id=self.act)

    async def me(self) -> Me:
        """Tell who speaks."""
        if self._me is None:
            self._me = await self._link.ask(WhoAmI())
        return self._me

    async def agent(self) -> str:
        """Give the agent that speaks. Raises Unanswered where it is none."""
        me = await self.me()
        if me.kind == "anybody":
            raise Unanswered(NO_KEY)
        if me.kind != "agent":
            raise Unanswered(NOT_AN_AGENT, you_are=me.kind)
        return me.actor

    async def teller(self) -> Teller:
        """Give what writes answers for whoever speaks."""
        return Teller((await self.me()).actor, (await self.rules()).assets)

    async def rules(self) -> Rules:
        """Give the house rules."""
        return await self._house.rules(self._link)

    async def money(self, text: str, field: str = "price") -> Money:
        """Read an amount such as "12.50", "12.50 USD" or "$12.50". Raises Unanswered."""
        assets = (await self.rules()).assets
        number, _, code = text.strip().removeprefix("$").strip().partition(" ")
        asset = _named(assets, code.strip().upper())
        if asset is None:
            known = ", ".join(one.code for one in assets)
            raise Unanswered(BAD_ARGUMENTS, field=field, why=f"this market counts in {known}")
        try:
            return asset.parse(number)
        except ValueError as error:
            raise Unanswered(BAD_ARGUMENTS, field=field, why=str(error)[:200]) from None


def _named(assets: tuple[Asset, ...], code: str) -> Asset | None:
    return next((one for one in assets if code in ("", one.code)), None)
