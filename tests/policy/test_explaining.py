"""What rules would say of a command is told before it is sent, and to nobody who may not know."""

import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from souq.cli import app
from souq.core import market
from souq.core.mechanisms.alternating_offers import MakeOffer
from souq.core.mechanisms.moves import Accept, Item
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.policy import TYPES, Policy
from souq.core.policy.goods import Categories, Requested
from souq.core.policy.money import Approval, PerDeal, RollingBudget
from souq.core.policy.prices import Floor
from souq.core.policy.setting import SecretPolicy, SetOrganisation, SetPolicy
from souq.core.refusal import Refused
from souq.core.rules import DAY_US, HOUR_US, OPERATOR, OpenMarket
from souq.core.seal import PublicText
from souq.journal.admission import write
from souq.journal.memory import MemoryStore
from souq.journal.sqlite import SqliteStore
from souq.operations.policy_queries import ExplainCommand, Explanation, GetPolicy, RuleSaid
from souq.sdk.policy_files import policy_of, read_policy
from souq.venue import Venue
from souq.venue.policies import explain
from tests.core.stall import BEA, DAN, SOL, Stall, usd
from tests.scenario import Play


def rules(*all: Any) -> SecretPolicy:
    return SecretPolicy(Policy(all))


@pytest.fixture
def stall() -> Stall:
    made = Stall()
    made.do("P1", SetPolicy("P1", rules(PerDeal(400), Approval(100), Requested({"home": 10}))))
    made.list(SOL, quantity=500)
    return made


def told(stall: Stall, asker: str, command: Any, agent: str = BEA, **more: Any) -> Explanation:
    before = market.state_hash(stall.engine.state)
    found = explain(stall.engine.state, asker, agent, command, **more)
    assert market.state_hash(stall.engine.state) == before
    return found


def test_every_rule_that_objects_tells_its_number_threshold_and_what_it_saw(stall: Stall) -> None:
    found = told(stall, "P1", TakePrice("L1", usd(500), 1))
    assert found == Explanation(
        "DENY",
        (
            RuleSaid("DENY", "P1", "per_deal", 1, 400, 500, "USD"),
            RuleSaid("HOLD", "P1", "approval", 2, 100, 500, "USD", "P1"),
        ),
        "outside_mandate",
        {"rule": "per_deal", "layer": "P1", "number": 1},
    )


def test_what_is_explained_is_what_happens(stall: Stall) -> None:
    for command in (TakePrice("L1", usd(500), 1), TakePrice("L1", usd(500), 100)):
        found = told(stall, BEA, command)
        refusal = stall.try_(BEA, command).refusal
        assert refusal is not None
        assert (found.refusal, found.facts) == (refusal.reason, refusal.facts)
    stall.do("P1", SetPolicy("P1", rules(PerDeal(900))))
    assert told(stall, BEA, TakePrice("L1", usd(500), 1)) == Explanation("ALLOW")
    stall.do(BEA, TakePrice("L1", usd(500), 1))


def test_an_agent_learns_which_rule_and_no_figures(stall: Stall) -> None:
    found = told(stall, BEA, TakePrice("L1", usd(500), 1))
    assert [(one.number, one.threshold, one.observed) for one in found.rules] == [
        (1, "", ""),
        (2, "", ""),
    ]
    stall.do(OPERATOR, SetPolicy("market", rules(PerDeal(300))))
    found = told(stall, BEA, TakePrice("L1", usd(500), 1))
    assert found.rules[1] == RuleSaid("DENY", "market", "per_deal", 1, 300, 500, "USD")


def test_a_members_principal_learns_no_figures_of_its_organisation(stall: Stall) -> None:
    stall.do(OPERATOR, SetOrganisation("P1", "P4"))
    stall.do("P4", SetPolicy("organisation/P4", rules(RollingBudget(100, HOUR_US))))
    for asker, expected in (("P1", ("", "")), (OPERATOR, (100, 500))):
        found = told(stall, asker, TakePrice("L1", usd(500), 1))
        seen = next(one for one in found.rules if one.rule == "rolling_budget")
        assert (seen.threshold, seen.observed) == expected


def test_a_floor_tells_no_figures_even_to_its_owner(stall: Stall) -> None:
    stall.do("P2", SetPolicy("P2", rules(Floor({"home": 437}))))
    talk, terms = stall.offer(DAN, ("L1",), 100)
    for asker in (SOL, "P2", OPERATOR):
        found = told(stall, asker, Accept(talk, terms), SOL)
        assert found.rules == (RuleSaid("DENY", "P2", "floor", 1),)
        assert "437" not in str(found)


def test_nobody_feels_for_the_other_sides_limits_without_a_trace(stall: Stall) -> None:
    stall.do("P2", SetPolicy("P2", rules(Floor({"home": 501}))))
    assert told(stall, DAN, TakePrice("L1", usd(500)), DAN) == Explanation("ALLOW")


def test_a_policy_can_be_tried_before_it_is_set(stall: Stall) -> None:
    trial = Policy((Categories(("bikes",)),))
    found = told(stall, "P1", TakePrice("L1", usd(500), 1), policy=trial)
    assert [(one.layer, one.rule) for one in found.rules if one.rule == "categories"] == [
        (BEA, "categories")
    ]


def test_what_else_stands_in_the_way_is_told(stall: Stall) -> None:
    found = told(stall, "P1", MakeOffer((Item("L77"),), usd(5)))
    assert (found.result, found.refusal) == ("ALLOW", "not_found")


def ask(venue: Venue, actor: str, query: Any) -> Any:
    try:
        return venue.ask(actor, query)
    except Refused as refused:
        return f"{refused}"


def test_a_policy_is_shown_to_who_may_set_it() -> None:
    venue = Venue(MemoryStore())
    send = [
        (OPERATOR, OpenMarket()),
        (OPERATOR, RegisterPrincipal(PublicText("bea"))),
        (OPERATOR, RegisterPrincipal(PublicText("sol"))),
        ("P1", RegisterAgent("P1", PublicText("bea's"))),
        ("P1", SetPolicy("A1", rules(PerDeal(400)))),
        (OPERATOR, SetPolicy("market", rules(PerDeal(900)))),
    ]
    for n, (actor, command) in enumerate(send):
        venue.submit(actor, f"c{n}", command).need()
    for actor in ("P1", OPERATOR):
        assert ask(venue, actor, GetPolicy("A1")).policy == Policy((PerDeal(400),))
    for actor in ("A1", "P2", ""):
        assert ask(venue, actor, GetPolicy("A1")).startswith("not_yours")
        assert ask(venue, actor, GetPolicy("market")).policy == Policy((PerDeal(900),))
    assert ask(venue, "P1", GetPolicy("P1")).policy == Policy()
    assert ask(venue, OPERATOR, GetPolicy("A9")).startswith("not_found")
    offer = write(TakePrice("L1", usd(5))).decode()
    assert ask(venue, "A1", ExplainCommand(offer)).refusal == "not_found"
    assert ask(venue, "P1", ExplainCommand(offer, "A1")).refusal == "not_found"
    assert ask(venue, "P2", ExplainCommand(offer, "A1")).startswith("not_yours")
    for text in ("", "{", "[]", '{"type": "Nothing"}', '{"type": "TakePrice"}', "5", "null"):
        assert ask(venue, "A1", ExplainCommand(text)).startswith("invalid(field=command")
    for policy, field in (("{", "policy"), ('{"rules": [{"type": "x"}]}', "policy.rules[0]")):
        assert f"field={field}" in ask(venue, "A1", ExplainCommand(offer, policy=policy))
    venue.close()


GOOD = """
[[rules]]
type = "per_deal"
cap = "500 USD"

[[rules]]
type = "rolling_budget"
cap = "2000 USD"
window = "24h"

[[rules]]
type = "price_reference"
within = "20 %"

[[rules]]
type = "validity"
until = 2026-12-31T00:00:00Z

[[rules]]
type = "floor"
floors = { lamp = "4.50 USD", home = 7 }

[[rules]]
type = "calendar_budget"
cap = "5000 USD"
period = "month"
zone = "Europe/Madrid"
"""


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["policy", *words])


def test_a_file_says_the_same_in_words_and_in_units(tmp_path: Path) -> None:
    words = tmp_path / "rules.toml"
    words.write_text(GOOD)
    found = read_policy(words)
    assert found.rules[:2] == (PerDeal(500_000_000), RollingBudget(2_000_000_000, DAY_US))
    assert found.rules[2].within_bps == 2_000
    assert found.rules[3].until_at == 1_798_675_200_000_000
    assert found.rules[4] == Floor({"lamp": 4_500_000, "home": 7})
    assert len(found.rules[5].offsets) > 40
    units = tmp_path / "rules.json"
    units.write_bytes(msgspec.json.encode(found))
    assert read_policy(units) == found
    for file in (words, units):
        checked = run("check", str(file))
        assert (checked.exit_code, checked.stdout) == (0, f"{file}: 6 rules, all in order\n")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[[rules]]\ntype = "per_dael"', "rules[0]: there is no rule of type"),
        ('[[rules]]\ntype = "per_deal"', "rules[0]: object missing required field `cap_units`"),
        ('[[rules]]\ntype = "per_deal"\ncap = "5 EUR"', "rules[0].cap: write an amount"),
        ('[[rules]]\ntype = "per_deal"\ncap = "5.1234567 USD"', "rules[0].cap: "),
        ('[[rules]]\ntype = "per_deal"\ncap_units = 5.5', "rules[0].cap_units: expected `int`"),
        ('[[rules]]\ntype = "per_deal"\ncap_units = -1', "rules[0].cap_units: must be 0 to"),
        ('[[rules]]\ntype = "per_deal"\ncap_units = 1\ncapp = 1', "rules[0].capp: there is no"),
        ('[[rules]]\ntype = "velocity"\nwindow = "1 day"', "rules[0].window: write a length"),
        ('[[rules]]\ntype = "velocity"\nwindow = "1d"', "rules[0].deals_max: say"),
        ('[[rules]]\ntype = "price_reference"\nwithin = "x"', "rules[0].within: write a share"),
        ('[[rules]]\ntype = "validity"\nuntil = 5', "rules[0].until: write an instant"),
        (
            '[[rules]]\ntype = "calendar_budget"\ncap_units = 1\nperiod = "day"\nzone = "Mars"',
            "rules[0].zone: there is no time zone",
        ),
        ("rules = 5", "rules: a list"),
        ("rules = [5]", "rules[0]: a rule is a table"),
        ("rulez = []", "rules: a list"),
        ('name = "x"\nrules = []', "name: there is no such field"),
        ("[[rules", "TOML: "),
        ("", "rules: a list"),
    ],
)
def test_every_mistake_in_a_file_is_told_with_its_place(
    tmp_path: Path, text: str, where: str
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    checked = run("check", str(file))
    assert checked.exit_code == 1
    assert f"{file}: {where}" in str(checked.exception) + checked.stderr


def test_the_page_shows_one_policy_in_both_ways() -> None:
    page = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
    words = page.partition("```toml\n")[2].partition("```")[0]
    units = page.partition("```json\n")[2].partition("```")[0]
    assert policy_of(tomllib.loads(words)) == policy_of(json.loads(units))
    assert all(f"`{name}`" in page for name in TYPES)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('[[rules]]\ntype = "a"\n[[rules]]\ntype = "b"\n[[rules]]\ntype = "assets"')
    checked = run("check", str(file))
    assert (str(checked.exception) + checked.stderr).count("rules[") == 3


def test_a_file_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    for words in (("check", "nothing.toml"), ("explain", "nothing.json")):
        assert "there is no file" in str(run(*words).exception)
    file = tmp_path / "rules.json"
    file.write_bytes(b"\xff")
    assert "JSON" in str(run("check", str(file)).exception)


def test_the_schema_names_every_rule() -> None:
    schema = msgspec.json.decode(run("schema").stdout)
    text = str(schema)
    assert all(f"'{name}'" in text for name in TYPES)


def test_a_command_is_explained_from_a_folder(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "m")
    play = Play(store).tell(
        "bea receives 5000 USD\nsol lists nails for 1 USD in nails x5000\n"
        "bea sets rules requested quantities=nails:10; approval above=200"
    )
    play.engine.close()
    command, rules_file = tmp_path / "offer.json", tmp_path / "rules.toml"
    command.write_bytes(write(TakePrice("L1", usd(1_000_000), 1_000)))
    said = run("explain", str(command), str(tmp_path / "m"), "--as", "A1")
    assert said.exit_code == 1
    assert said.stdout.splitlines() == [
        "DENY",
        "  DENY  P1 rule 1, requested: 1000 where the limit is 100",
        "  HOLD  P1 rule 2, approval: 1000.00 USD where the limit is 200.00 USD; P1 would be asked",
        "  refused: outside_mandate (rule requested, layer P1, number 1)",
    ]
    command.write_bytes(write(TakePrice("L1", usd(1_000_000), 5)))
    said = run("explain", str(command), str(tmp_path / "m"), "--as", "A1")
    assert (said.exit_code, said.stdout) == (0, "ALLOW\n")
    rules_file.write_text('[[rules]]\ntype = "quantity"\nmax = 4')
    tried = ("--policy", str(rules_file))
    said = run("explain", str(command), str(tmp_path / "m"), "--as", "A1", *tried)
    assert "DENY  A1 rule 1, quantity: 5 where the limit is 4" in said.stdout
    assert "no agent" in str(run("explain", str(command), str(tmp_path / "m")).exception)
    assert "no journal" in str(run("explain", str(command), str(tmp_path)).exception)
