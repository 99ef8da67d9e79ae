"""Every tool, once well and once badly; what they say of themselves; how large they may answer."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from souq.core.conditions import Conditions
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.money import Money
from souq.core.party import MODEL_MAX, DeclareModel
from souq.core.refusal import Reason
from souq.surfaces.mcp.advice import ADVICE
from souq.surfaces.mcp.telling import RESULT_MAX, encoded
from souq.surfaces.mcp.tools import BUYS, BY_NAME, DESCRIPTION_MAX, ENDS, GUIDE, LOOKS, TOOLS
from tests.mcp.talking import Model, Street, model, secret_of, street

# Whoever changes a description changes what people approved in their clients: a new number here
# says that somebody looked at it.
DESCRIPTIONS = "cf942dc8adecfdec77ab787bfa0a0aec18c5704444659645b88202f9b6316708"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("market") / "m") as found:
        yield found


def together(market: Street, told: Callable[[Model, Model], Awaitable[None]]) -> None:
    """Let a buyer and a seller act."""

    async def run() -> None:
        async with (
            model(market.url, secret_of(market.bea)) as bea,
            model(market.url, secret_of(market.sol)) as sol,
        ):
            await told(bea, sol)

    asyncio.run(run())


def test_descriptions_are_static_short_and_pinned() -> None:
    words = {tool.name: [tool.description, tool.schema] for tool in TOOLS} | {"": GUIDE}
    digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()
    assert digest == DESCRIPTIONS
    assert len(TOOLS) <= 22
    for tool in TOOLS:
        assert len(tool.description) <= DESCRIPTION_MAX
        assert "Example: {" in tool.description


def test_the_example_of_every_tool_can_be_read() -> None:
    for tool in TOOLS:
        example = tool.description.partition("Example: ")[2]
        tool.read(json.loads(example))


def test_no_tool_takes_a_key_or_nests_its_arguments() -> None:
    for tool in TOOLS:
        for name, schema in tool.schema["properties"].items():
            assert not {"key", "secret", "token", "authorization", "actor"} & {name}
            kind = schema.get("type", "enum" if "enum" in schema else "")
            assert kind in ("string", "integer", "boolean", "array", "enum"), (tool.name, name)
            assert schema.get("items", {}).get("type", "string") == "string"


def test_every_reason_has_advice() -> None:
    assert set(Reason) <= set(ADVICE)
    assert all(one and one.endswith(".") for one in ADVICE.values())


def test_tools_say_whether_they_change_anything(market: Street) -> None:
    async def run() -> None:
        async with model(market.url) as anybody:
            listed = {one.name: one for one in (await anybody.session.list_tools()).tools}
        assert list(listed) == list(BY_NAME)
        for name, one in listed.items():
            # What goes over the wire is what is pinned.
            assert (one.description, one.input_schema) == (
                BY_NAME[name].description,
                BY_NAME[name].schema,
            )
            assert one.annotations is not None
            assert one.annotations.read_only_hint == (BY_NAME[name].kind == LOOKS)
            assert one.annotations.destructive_hint == (BY_NAME[name].kind in (BUYS, ENDS))

    asyncio.run(run())


def test_every_tool_does_what_it_says(market: Street) -> None:
    called: set[str] = set()

    async def told(bea: Model, sol: Model) -> None:
        async def do(who: Model, tool: str, **arguments: Any) -> dict[str, Any]:
            called.add(tool)
            return await who.call(tool, **arguments)

        async def listed(who: Model, title: str, **more: Any) -> str:
            found = await do(who, "post_listing", title=title, category="home", **more)
            listing: str = found["listing"]
            return listing

        lamp = await listed(sol, "Brass lamp", price="40", description="Old.", may_swap=True)
        vase = await listed(sol, "Blue vase", price="10")
        book = await listed(bea, "Atlas", may_swap=True)
        seen = await do(bea, "view", id=lamp)
        assert seen["words"]["description"] == "Old."
        assert seen["price"] == "40.00 USD"
        assert lamp in json.dumps(await do(bea, "search", text="brass"))
        assert await do(bea, "balance")
        assert (await do(bea, "mandate"))["agent"] == market.bea.id
        assert (await do(bea, "standing", agent=market.sol.id))["agent"] == market.sol.id

        # Haggling that comes to nothing.
        talk = (await do(bea, "offer", listing=lamp, price="20", hours=2))["negotiation"]
        await do(bea, "message", to=talk, text="Is it old?")
        assert "Is it old?" in json.dumps(await sol.call("view", id=talk))
        await do(sol, "counter", negotiation=talk, price="35")
        await do(bea, "reject", negotiation=talk)
        talk = (await bea.call("offer", listing=lamp, price="20"))["negotiation"]
        await do(bea, "withdraw", id=talk)
        assert (await bea.call("view", id=talk))["state"] == "withdrawn"

        # Everything at once, barter, and a swap.
        talk = (await do(bea, "propose_bundle", listings=[lamp, vase], price="45"))["negotiation"]
        assert (await sol.call("view", id=talk))["you_give"] == [lamp, vase]
        await sol.call("reject", negotiation=talk)
        barter = await do(bea, "propose_barter", give=[book], get=[lamp], price="5", payer="them")
        assert barter["you_are_paid"] == "5.00 USD"
        await sol.call("reject", negotiation=barter["negotiation"])
        moves = [f"{lamp}>{market.bea.id}", f"{book}>{market.sol.id}"]
        swap = await do(bea, "propose_swap", moves=moves)
        assert swap["you_give"] == [book]
        deal = await do(
            sol, "accept", negotiation=swap["negotiation"], price="0", terms=swap["terms"]
        )
        assert deal["state"] == "agreed"

        # A posted price, and a quarrel.
        deal = await do(bea, "take", listing=vase, price="10")
        await do(sol, "deliver", contract=deal["contract"])
        claim = {"ground": "damaged", "claim": "Cracked"}
        await do(bea, "dispute", contract=deal["contract"], **claim)
        happened = await do(sol, "wait", since=deal["since"])
        assert "Cracked" in json.dumps(happened)
        cup = await listed(sol, "Cup", price="3")
        deal = await bea.call("take", listing=cup, price="3.00 USD")
        await sol.call("deliver", contract=deal["contract"], evidence="photo")
        await do(bea, "confirm", contract=deal["contract"])
        ended = await do(bea, "my_deals", what="contracts", ended=True)
        assert deal["contract"] in [one["id"] for one in ended["contracts"]]
        assert (await bea.call("my_deals"))["negotiations"] == []
        shelf = await listed(sol, "Shelf", price="3")
        await sol.call("withdraw", id=shelf)
        await bea.call("message", to="floor", text="Hello, everybody")
        assert "Hello, everybody" in json.dumps(await sol.call("view", id="floor"))
        assert (await bea.call("view", id="market"))["currencies"] == ["USD"]

    together(market, told)
    assert called == set(BY_NAME)


BAD: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("search", {"text": "lamp", "maximum": "5"}, "bad_arguments"),
    ("search", {"cursor": "nonsense"}, "invalid"),
    ("search", {"agent": "me", "max_price": "ten"}, "bad_arguments"),
    ("view", {"id": "L999999"}, "not_found"),
    ("view", {"id": "../../etc"}, "bad_arguments"),
    ("post_listing", {"title": " ", "category": "home"}, "invalid"),
    ("post_listing", {"title": "x", "category": "home", "price": "1,50"}, "bad_arguments"),
    ("offer", {"listing": "L999999", "price": "5"}, "not_found"),
    ("offer", {"listing": "L1", "price": "5.0000001"}, "bad_arguments"),
    ("offer", {"listing": "L1", "price": "5 EUR"}, "bad_arguments"),
    ("offer", {"listing": "L1"}, "bad_arguments"),
    ("take", {"listing": "L999999", "price": "5"}, "not_found"),
    ("counter", {"negotiation": "N999999", "price": "5"}, "not_found"),
    ("accept", {"negotiation": "N999999", "price": "5", "terms": "0" * 16}, "not_found"),
    ("accept", {"negotiation": "N1", "price": "5"}, "bad_arguments"),
    ("reject", {"negotiation": "N999999"}, "not_found"),
    ("withdraw", {"id": "A1"}, "bad_arguments"),
    ("propose_bundle", {"listings": [], "price": "5"}, "bad_arguments"),
    ("propose_barter", {"give": ["L999999"], "get": ["L999999"]}, "not_found"),
    ("propose_swap", {"moves": ["L1-A2", "L2-A1"]}, "bad_arguments"),
    ("deliver", {"contract": "C999999"}, "not_found"),
    ("confirm", {"contract": "C999999"}, "not_found"),
    ("dispute", {"contract": "C999999", "ground": "ugly"}, "bad_arguments"),
    ("balance", {"principal": "P2"}, "bad_arguments"),
    ("mandate", {"agent": "A2"}, "bad_arguments"),
    ("standing", {"agent": "A999999"}, "not_found"),
    ("my_deals", {"cursor": "x"}, "bad_arguments"),
    ("my_deals", {"what": "contracts", "cursor": "x"}, "invalid"),
    ("message", {"to": "floor", "text": ""}, "bad_arguments"),
    ("message", {"text": "x"}, "bad_arguments"),
    ("message", {"text": "x", "to": "N999999"}, "not_found"),
    ("wait", {"seconds": 26}, "bad_arguments"),
)


def test_every_tool_is_refused_in_words_that_help(market: Street) -> None:
    assert {tool for tool, _, _ in BAD} == set(BY_NAME)

    async def told(bea: Model, sol: Model) -> None:
        for tool, arguments, reason in BAD:
            no = await bea.refused(tool, **arguments)
            assert (tool, arguments, no["refused"]) == (tool, arguments, reason)
            assert no["next"] == ADVICE[reason]
            if reason == "bad_arguments" and "field" not in no["facts"]:
                assert no["facts"]["arguments"] == (" ".join(BY_NAME[tool].arguments) or "none")
            assert "Traceback" not in json.dumps(no)

    together(market, told)


def test_half_a_surrogate_pair_is_no_argument() -> None:
    with pytest.raises(Exception, match="bad_arguments"):
        BY_NAME["message"].read({"to": "floor", "text": "\ud800"})


def test_nobody_accepts_what_has_changed(market: Street) -> None:
    async def told(bea: Model, sol: Model) -> None:
        posted = await sol.call("post_listing", title="Chair", category="home")
        opened = await bea.call("offer", listing=posted["listing"], price="20")
        countered = await sol.call("counter", negotiation=opened["negotiation"], price="30")
        named = {"negotiation": opened["negotiation"], "terms": countered["terms"]}
        no = await bea.refused("accept", **named, price="20")
        assert no["refused"] == "terms_changed"
        assert no["facts"]["now"]["price"] == "30.00 USD"
        no = await bea.refused("accept", **named | {"terms": opened["terms"]}, price="30")
        assert no["refused"] == "terms_changed"
        assert (await bea.call("view", id=opened["negotiation"]))["state"] == "open"
        await bea.call("accept", **named, price="30.00 USD")

    together(market, told)


def test_the_same_act_again_has_its_effect_once(market: Street) -> None:
    async def told(bea: Model, sol: Model) -> None:
        posted = await sol.call("post_listing", title="Stool", category="home", price="5")
        first = await bea.call("take", listing=posted["listing"], price="5", once="stool-1")
        again = await bea.call("take", listing=posted["listing"], price="5", once="stool-1")
        assert first == again
        no = await bea.refused("take", listing=posted["listing"], price="6", once="stool-1")
        assert no["refused"] == "id_reused"
        asked = {"title": "Bench", "category": "home"}
        beside: Any = {"souq/once": "bench"}
        one = await sol.session.call_tool("post_listing", asked, meta=beside)
        two = await sol.session.call_tool("post_listing", asked, meta=beside)
        assert one.structured_content == two.structured_content
        # What one may name is one's own: another's names are not in the way.
        assert (await bea.call("post_listing", **asked, once="bench"))["listing"] not in str(one)

    together(market, told)


def test_what_one_did_oneself_is_no_news(market: Street) -> None:
    async def told(bea: Model, sol: Model) -> None:
        posted = await sol.call("post_listing", title="Rug", category="home")
        opened = await bea.call("offer", listing=posted["listing"], price="20")
        # From before the offer: the other side hears of it, whoever made it does not.
        since = opened["since"] - 1
        assert (await bea.call("wait", since=since, seconds=1))["happened"] == []
        (heard,) = (await sol.call("wait", since=since, seconds=1))["happened"]
        assert (heard["what"], heard["by"]) == ("offer_made", market.bea.id)
        await bea.call("withdraw", id=opened["negotiation"])

    together(market, told)


def test_an_acceptance_that_is_repeated_gives_its_deal_again(market: Street) -> None:
    async def told(bea: Model, sol: Model) -> None:
        posted = await sol.call("post_listing", title="Desk", category="home")
        opened = await bea.call("offer", listing=posted["listing"], price="20")
        named = {"negotiation": opened["negotiation"], "terms": opened["terms"], "price": "20"}
        first = await sol.call("accept", **named, once="desk")
        assert await sol.call("accept", **named, once="desk") == first

    together(market, told)


def test_anybody_may_look_and_nobody_may_act_without_a_key(market: Street) -> None:
    async def run() -> None:
        async with model(market.url) as anybody:
            assert "listings" in await anybody.call("search", text="lamp")
            assert (await anybody.call("view", id="market"))["any_category"]
            for tool, arguments in (
                ("offer", {"listing": "L1", "price": "1"}),
                ("balance", {}),
                ("wait", {}),
                ("message", {"to": "floor", "text": "hello"}),
                ("withdraw", {"id": "L1"}),
                ("search", {"agent": "me"}),
            ):
                assert (await anybody.refused(tool, **arguments))["refused"] == "no_key"

    asyncio.run(run())


def test_a_mandate_is_shown_and_holds(market: Street) -> None:
    limits = Limits(per_deal_units=50_000_000, ceilings={"home": 40_000_000}, quantity_max=2)
    amy = market.join("amy", deposit="500", limits=limits)

    async def run() -> None:
        async with (
            model(market.url, secret_of(market.sol)) as sol,
            model(market.url, secret_of(amy)) as here,
        ):
            shown = await here.call("mandate")
            assert shown["most_per_deal"] == "50.00 USD"
            assert shown["most_per_piece"] == {"home": "40.00 USD"}
            posted = await sol.call("post_listing", title="Bed", category="home", price="41")
            listing = posted["listing"]
            no = await here.refused("take", listing=listing, price="41")
            assert (no["refused"], no["facts"]) == ("outside_mandate", {"rule": "ceilings"})
            no = await here.refused("offer", listing=listing, price="51")
            assert no["facts"]["rule"] == "ceilings"
            market.operator.submit(
                GrantMandate(amy.id, SecretLimits(Limits(per_deal_units=50_000_000)))
            )
            no = await here.refused("offer", listing=listing, price="51")
            assert no["facts"] == {"rule": "per_deal", "cap": "50.00 USD"}

    asyncio.run(run())


def test_what_is_told_is_never_longer_than_promised() -> None:
    # The listings, talks and deals that could be longest are in test_bounds.
    assert RESULT_MAX == 6_000
    assert encoded({"a": "ü\u2028"}) == '{"a":"ü\u2028"}'


def test_standing_tells_the_model_an_agent_declares_as_its_own_word(tmp_path: Path) -> None:
    with street(tmp_path / "m") as market:
        sol = market.sol
        longest = "local:" + "m" * (MODEL_MAX - 6)

        async def words_of_sol() -> Any:
            async with model(market.url, secret_of(market.bea)) as bea:
                return (await bea.call("standing", agent=sol.id))["words"]

        said = "model_self_declared_and_unchecked"
        assert said not in asyncio.run(words_of_sol())
        sol.client.submit(DeclareModel(sol.id, longest))
        words = asyncio.run(words_of_sol())
        assert (words[said], words["by"], words["trust"]) == (longest, sol.id, "untrusted")


def test_whoever_looks_at_a_listing_or_a_deal_reads_its_conditions(market: Street) -> None:
    async def told(bea: Model, sol: Model) -> None:
        posted = await sol.call("post_listing", title="Jug", category="home", price="9")
        assert "conditions_of_its_deals" not in await bea.call("view", id=posted["listing"])
        as_is = market.sol.client.post_listing(
            title="Cup",
            category="home",
            price=Money(9_000_000, "USD"),
            conditions=Conditions(template="as_is"),
        )
        cup = as_is.events[0].listing.id
        seen = await bea.call("view", id=cup)
        assert seen["conditions_of_its_deals"] == {"template": "as_is"}
        deal = (await bea.call("take", listing=cup, price="9"))["contract"]
        assert (await bea.call("view", id=deal))["conditions"] == {"template": "as_is"}

    together(market, told)
