"""Barter floors by settings: what agents are told, which agents there are, and how a floor is used.

Beside most claims stands the bug that would break it, planted by another setting.
"""

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from souq.agents.swapper import SwapBrief, Swapper
from souq.core.mechanisms.moves import Accept, Reject
from souq.core.mechanisms.swap import ProposeSwap
from souq.core.message import MessagePosted
from souq.core.negotiation import AgreementReached
from souq.core.stock import TitleMoved
from souq.journal.memory import MemoryStore
from souq.journal.replay import records, replay
from souq.lab import tables
from souq.lab.owners import BookOwner, draw, popular
from souq.lab.simulation import Simulation
from souq.lab.swap import FloorSettings, Intake, read_played, read_settings, run_floor, run_swap
from souq.lab.swap.intake import told
from souq.lab.swap.rows import tables_of
from souq.lab.swap.settings import SKILLS
from souq.lab.tables import MetricRow, ReaderRow
from souq.views.history import Said, read
from souq.views.observation import Observation
from tests.lab.test_swap import DOWN, LISTED, UP, WISHES, seen

PLAIN = Intake()
TOLD = FloorSettings(people=12, intake=PLAIN)


@cache
def floor(settings_json: bytes, seed: int) -> tuple[MemoryStore, Simulation]:
    store = MemoryStore()
    settings = msgspec.json.decode(settings_json, type=FloorSettings)
    return store, run_floor(settings, store, seed=seed)


def played(settings: FloorSettings, seed: int = 3) -> tuple[MemoryStore, Simulation]:
    return floor(msgspec.json.encode(settings, order="sorted"), seed)


def rows(settings: FloorSettings, seed: int = 3) -> dict[str, list[Any]]:
    pytest.importorskip("scipy", reason="a floor's figures need the extra lab")
    _, simulation = played(settings, seed)
    return tables_of(simulation.history, simulation.engine.state, "arm", 0)


def metrics(settings: FloorSettings, seed: int = 3) -> dict[str, float | None]:
    found: list[MetricRow] = rows(settings, seed)["metrics"]
    return {row.metric: row.value for row in found}


def test_settings_are_read_from_toml_and_written_back() -> None:
    text = """
people = 115
awake_max = 4
wake_s = [10, 20]
popularity_percent = 10
kinds = { strong = 1, weak = 1 }
styles = { ruthless = 1 }
[intake]
manners = { terse = 1, wordy = 2 }
noise_percent = 40
ties = "draw"
"""
    found = read_settings(tomllib.loads(text))
    assert (found.people, found.cap, found.wake_s) == (115, 4, (10, 20))
    assert found.intake == Intake(manners={"terse": 1, "wordy": 2}, noise_percent=40, ties="draw")
    assert read_settings(msgspec.to_builtins(found)) == found


@pytest.mark.parametrize(
    ("told", "match"),
    [
        ({"people": 1}, "people: 2 to"),
        ({"people": "many"}, "people"),
        ({"poeple": 12}, "poeple"),
        ({"wake_s": [40, 20]}, "wake_s"),
        ({"awake_max": 0}, "awake_max is 1 or more"),
        ({"popularity_percent": 101}, "popularity_percent is 0 to 100"),
        ({"kinds": {}}, "kinds are names with shares"),
        ({"kinds": {"strong": 0}}, "kinds are names with shares"),
        ({"styles": {"rude": 1}}, "no “rude”; there is neutral, prosocial, ruthless"),
        ({"intake": {"manners": {"chatty": 1}}}, "no “chatty”; there is terse"),
        ({"intake": {"noise_percent": -1}}, "noise_percent is 0 to 100"),
        ({"intake": {"ties": "coin"}}, "coin"),
    ],
)
def test_settings_that_cannot_be_meant_are_turned_away_in_words(told: object, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        read_settings(told)


def test_an_agent_or_a_person_nobody_knows_is_turned_away() -> None:
    with pytest.raises(ValueError, match="no “huge”; there is strong, middling, weak"):
        run_floor(FloorSettings(people=6, kinds={"huge": 1}), MemoryStore(), seed=1)
    with pytest.raises(ValueError, match="no “huge”"):
        run_floor(FloorSettings(people=6), MemoryStore(), seed=1, kinds={"Reader 1": "huge"})
    with pytest.raises(ValueError, match="no “Ada”; there is Reader 1"):
        run_floor(FloorSettings(people=6), MemoryStore(), seed=1, kinds={"Ada": "weak"})


def test_without_an_intake_a_floor_is_that_of_souq_run_swap() -> None:
    def happened(store: MemoryStore) -> list[Any]:
        kinds = MessagePosted | AgreementReached | TitleMoved
        events = [event for record in records(store) for event in record.events]
        return [event for event in events if isinstance(event, kinds)]

    plain = MemoryStore()
    run_swap(plain, people=12, seed=3)
    store, _ = played(FloorSettings(people=12))
    assert len(happened(store)) > 20
    assert [type(one) for one in happened(store)] == [type(one) for one in happened(plain)]
    moved = [one for one in happened(store) if isinstance(one, TitleMoved)]
    assert moved == [one for one in happened(plain) if isinstance(one, TitleMoved)]
    assert happened(played(TOLD)[0]) != happened(plain)


def shuffled_unnamed(owner: BookOwner) -> BookOwner:
    """Turn around what a plain reader neither asks for nor refuses."""
    others = [title for title in owner.ranking if title != owner.title]
    turned = (*others[:5], owner.title, *reversed(others[5:-2]), *others[-2:])
    return msgspec.structs.replace(owner, ranking=turned)


def test_nothing_of_the_true_ranking_reaches_an_agent_but_what_was_said() -> None:
    people = draw(people=20, seed=1).people
    public = popular(people=20, seed=1)
    exact = Intake(noise_percent=0)
    for n, one in enumerate(people):
        other = shuffled_unnamed(one)
        assert other.ranking != one.ranking
        found = told(one, n, exact, seed=1, popular=public)
        assert told(other, n, exact, seed=1, popular=public) == found
        others = [title for title in one.ranking if title != one.title]
        assert [title for title in found.ranking if title != one.title][:5] == others[:5]
        assert set(found.ranking[-2:]) == set(others[-2:])


def test_ties_are_broken_by_popularity_or_by_a_draw_as_asked() -> None:
    (one, *_) = draw(people=40, seed=1).people
    public = popular(people=40, seed=1)

    def unnamed(ties: Any, seed: int) -> list[str]:
        found = told(one, 0, Intake(noise_percent=0, ties=ties), seed=seed, popular=public)
        return list(found.ranking[5:-2])

    in_order = [title for title in public if title in unnamed("popularity", 1)]
    assert unnamed("popularity", 1) == unnamed("popularity", 2) == in_order
    assert unnamed("draw", 1) != unnamed("draw", 2)
    assert sorted(unnamed("draw", 1)) == sorted(in_order)


def test_what_agents_were_told_is_committed_to_before_and_shown_after() -> None:
    _, simulation = played(TOLD)
    history = simulation.history
    shown = history.words(history.notes["population"])
    committed = history.words(history.notes["commitment"])
    assert hashlib.sha256(shown.encode()).hexdigest() == committed
    found = read_played(history)
    assert found is not None
    assert (found.seed, found.settings) == (3, TOLD)
    for n, one in enumerate(found.people):
        assert sorted(found.understood(n)) == sorted(one.ranking)
        assert found.understood(n) != one.ranking


def test_agents_are_assigned_by_name_and_the_others_by_share() -> None:
    settings = msgspec.structs.replace(TOLD, kinds={"strong": 1})
    names = {"Reader 2": "weak", "Reader 5": "middling"}
    simulation = run_floor(settings, MemoryStore(), seed=3, kinds=names)
    found = read_played(simulation.history)
    assert found is not None
    kinds = {one.name: cast.kind for one, cast in zip(found.people, found.cast, strict=True)}
    assert kinds == dict.fromkeys(kinds, "strong") | names


def test_weak_and_middling_agents_propose_no_rotations_and_strong_ones_do() -> None:
    for kind, has_rotations in (("strong", True), ("middling", False), ("weak", False)):
        _, simulation = played(msgspec.structs.replace(TOLD, people=30, kinds={kind: 1}))
        sizes = {len(story.parties) for story in simulation.history.negotiations.values()}
        assert (max(sizes) > 2) is has_rotations, kind


def swapper(**told: Any) -> Swapper:
    return Swapper(SwapBrief("Ada", "Ada's", WISHES, True, 0.0, 0, 3_600, **told))


def heard(*said: str) -> Observation:
    messages = tuple(Said(1_000 + n, "A4", words) for n, words in enumerate(said))
    return msgspec.structs.replace(seen(), messages=messages)


def test_a_weak_agent_forgets_who_wished_for_its_book_and_a_strong_one_asks_them() -> None:
    # Dan wants Ada's book, and Ada would rather have Ben's: only Dan's wish was heard before.
    wish = "I represent Dan. Wished for, best first: “Ada's”"
    weak = SKILLS["weak"]
    for remembers in (True, weak.remembers):
        agent = swapper(remembers=remembers)
        note = agent.wake(heard(wish), LISTED).note or ""
        later = agent.wake(msgspec.structs.replace(seen(), at=1_900), note).note or ""
        knows = msgspec.json.decode(later)["wishes"]
        assert knows == ({"A4": ["Ada's"]} if remembers else {})


def test_a_weak_agent_takes_in_the_latest_messages_only() -> None:
    wish, noise = "Wished for, best first: “Ada's”", ["Good morning."] * 5
    for messages_max, expected in ((None, {"A4": ["Ada's"]}), (SKILLS["weak"].messages_max, {})):
        note = swapper(messages_max=messages_max).wake(heard(wish, *noise), LISTED).note or ""
        assert msgspec.json.decode(note)["wishes"] == expected


def test_who_was_told_to_care_gives_way_once_a_little_and_for_a_wish_only() -> None:
    note = '{"has_listed":true,"told":"Ada\'s","told_count":3,"wishes":{"A4":["Ada\'s"]}}'
    one_place = 1 / len(WISHES)
    assert swapper().wake(seen(DOWN), note).operation == Reject("N3")
    turn = swapper(concedes=one_place).wake(seen(DOWN), note)
    assert turn.operation == Accept("N3", "t")
    assert not isinstance(
        swapper(concedes=one_place).wake(seen(DOWN), turn.note or "").operation, Accept
    )
    assert swapper(concedes=one_place / 2).wake(seen(DOWN), note).operation == Reject("N3")
    assert swapper(concedes=one_place).wake(seen(DOWN), LISTED).operation == Reject("N3")
    assert swapper(concedes=one_place).wake(seen(DOWN, UP), note).operation == Accept("N1", "t")


def test_ruthless_agents_name_one_wish_at_a_time() -> None:
    _, simulation = played(msgspec.structs.replace(TOLD, styles={"ruthless": 1}))
    assert max(said.text.count("“") - 1 for said in simulation.history.said) == 1
    assert max(said.text.count("“") - 1 for said in played(TOLD)[1].history.said) == 3


def test_the_cap_on_awake_agents_is_kept_and_measured() -> None:
    for cap in (1, 3, 9):
        found = metrics(msgspec.structs.replace(TOLD, awake_max=cap))
        assert (found["awake_peak"], found["awake_cap"]) == (cap, cap)
    assert metrics(TOLD)["awake_cap"] == 4


def test_a_floor_where_nothing_happens_ends_early_and_one_that_may_not_be_quiet_earlier() -> None:
    few = msgspec.structs.replace(TOLD, people=4)
    usual = metrics(few)
    assert usual["ended_early"] == 1
    hasty = metrics(msgspec.structs.replace(few, quiet_minutes=1))
    assert hasty["wakes"] is not None
    assert usual["wakes"] is not None
    assert hasty["wakes"] < usual["wakes"]
    closed = metrics(msgspec.structs.replace(few, closing_minutes=2))
    assert closed["ended_early"] == 0


def test_memory_notes_are_rewritten_and_counted() -> None:
    found = metrics(TOLD)
    assert found["notes_written"] is not None
    assert found["wakes"] is not None
    assert 12 < found["notes_written"] <= found["wakes"]


def test_disclosure_is_measured_from_what_was_said() -> None:
    silent = metrics(msgspec.structs.replace(TOLD, disclosure_percent=0))
    assert (silent["named_top"], silent["named_false_top"]) == (0, None)
    open_ = metrics(msgspec.structs.replace(TOLD, disclosure_percent=100))
    assert (open_["named_top"], open_["named_false_top"]) == (1, 0)
    assert open_["three_positions"] is not None
    assert open_["three_positions"] > 0
    one_wish = msgspec.structs.replace(TOLD, styles={"ruthless": 1}, closing_minutes=5)
    assert metrics(one_wish)["three_positions"] == 0


def test_a_false_favourite_is_told_from_a_true_one() -> None:
    pytest.importorskip("scipy", reason="a floor's figures need the extra lab")

    class Liar(Swapper):
        def wake(self, seen: Observation, note: str) -> Any:
            turn = super().wake(seen, note)
            top, second = self._brief.ranking[:2]
            return msgspec.structs.replace(turn, message=turn.message.replace(top, second))

    settings = msgspec.structs.replace(TOLD, kinds={"liar": 1}, disclosure_percent=100)
    simulation = run_floor(settings, MemoryStore(), seed=3, minds={"liar": Liar})
    found: Any = tables_of(simulation.history, simulation.engine.state, "arm", 0)["readers"]
    lied = [row.named_false_top for row in found if row.named_false_top is not None]
    assert len(lied) > 8
    assert sum(lied) >= len(lied) - 1  # one whose second is its own book has told nothing false


def test_the_same_seed_gives_the_same_floor_and_another_does_not() -> None:
    again = MemoryStore()
    run_floor(TOLD, again, seed=3)
    assert again.head() == played(TOLD)[0].head()
    assert again.head() != played(TOLD, 4)[0].head()


def test_rows_agree_with_raw_events() -> None:
    store, simulation = played(msgspec.structs.replace(TOLD, people=57))
    found = rows(msgspec.structs.replace(TOLD, people=57))
    known = read_played(simulation.history)
    assert known is not None
    agents = list(simulation.history.principal_of)
    held = {agent: one.title for agent, one in zip(agents, known.people, strict=True)}
    title = {id: story.title for id, story in simulation.history.listings.items()}
    deals, rotations = dict.fromkeys(agents, 0), dict.fromkeys(agents, 0)
    for record in records(store):
        for event in record.events:
            if isinstance(event, TitleMoved):
                held[event.agent] = title[event.listing]
            elif isinstance(event, AgreementReached):
                for party in event.agreement.parties:
                    deals[party] += 1
                    rotations[party] += len(event.agreement.parties) > 2
    readers: list[ReaderRow] = found["readers"]
    assert sum(row.swaps for row in readers) > sum(row.rotations for row in readers) > 0
    assert [row.rotations for row in readers] == [*rotations.values()]
    for n, (row, one) in enumerate(zip(readers, known.people, strict=True)):
        place = one.ranking.index(held[row.agent])
        assert (row.person, row.swaps, row.rank) == (one.name, deals[row.agent], place + 1)
        assert row.score_true == 1 - place / 56
        assert row.score_understood == 1 - known.understood(n).index(held[row.agent]) / 56
    proposals = sum(
        isinstance(record.command, ProposeSwap) and record.refusal is None
        for record in records(store)
    )
    assert sum(row.proposals for row in readers) == proposals
    moves = [story.moves for story in simulation.history.negotiations.values()]
    assert len(found["offers"]) == sum(map(len, moves))
    assert len(found["deals"]) == len(simulation.history.deals)


def test_rows_fit_their_tables(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="tables need the extra lab")
    for name, kept in rows(TOLD).items():
        path, kind = tmp_path / f"{name}.parquet", tables.TABLES[name]
        assert kept
        tables.write(path, kind, kept)
        assert tables.read(path, kind) == kept


def test_a_floor_that_is_not_over_has_no_readers_and_no_outcome() -> None:
    pytest.importorskip("scipy", reason="a floor's figures need the extra lab")
    store, _ = played(TOLD)
    until = store.head()[0] // 2
    found: Any = tables_of(read(store, until), replay(store, until=until).state, "arm", 0)
    assert found["readers"] == []
    values = {row.metric: row.value for row in found["metrics"]}
    assert values["score_true"] is None
    assert values["people"] == 12


def test_a_journal_of_before_is_measured_as_one_whose_agents_knew_all() -> None:
    pytest.importorskip("scipy", reason="a floor's figures need the extra lab")
    simulation = run_swap(MemoryStore(), people=12, seed=3)
    found: Any = tables_of(simulation.history, simulation.engine.state, "arm", 0)
    assert {(row.kind, row.agreement, row.words) for row in found["readers"]} == {("strong", 1, 0)}
    values = {row.metric: row.value for row in found["metrics"]}
    assert values["awake_peak"] is None
