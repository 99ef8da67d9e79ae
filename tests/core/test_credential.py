"""Keys: who may give one and end one, what is none, and that an ended key never comes back."""

from typing import Any

import pytest

from souq.core.credential import (
    KEYS,
    KEYS_MAX,
    KEYS_OF,
    AddKey,
    Key,
    KeyAdded,
    KeyRevoked,
    Kind,
    RevokeKey,
    holder,
)
from souq.core.officer import RegisterOfficer
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.refusal import Reason, Refused
from souq.core.rules import OPERATOR, OpenMarket
from souq.core.seal import PublicText
from souq.core.signature import thumbprint
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.sdk.signing import new_key

KINDS: tuple[Kind, ...] = ("bearer", "ed25519", "es256")
EVERYBODY = (OPERATOR, "P1", "P2", "A1", "A2", "O1", "nobody")


class Market:
    """Principals P1 and P2 with an agent each, A1 and A2, and an officer O1, without any key."""

    def __init__(self) -> None:
        self.now = 1_000_000_000
        self.store = MemoryStore()
        self.engine = Engine(self.store, clock=lambda: self.now)
        self._asked = 0
        name = PublicText("x")
        for command in (
            OpenMarket(),
            RegisterPrincipal(name),
            RegisterPrincipal(name),
            RegisterAgent("P1", name),
            RegisterAgent("P2", name),
            RegisterOfficer(name),
        ):
            self.do(OPERATOR, command)

    def do(self, actor: str, command: Any) -> tuple[Any, ...]:
        self._asked += 1
        answer = self.engine.submit(actor, f"c{self._asked}", command)
        return answer.need().events

    def no(self, actor: str, command: Any) -> Refused:
        before = self.engine.state.tables[KEYS].copy()
        with pytest.raises(Refused) as no:
            self.do(actor, command)
        assert self.engine.state.tables[KEYS] == before
        return no.value

    def add(self, owner: str = "A1", kind: Kind = "bearer", **more: Any) -> Key:
        added = self.do(OPERATOR, AddKey(owner, kind, new_key(kind).material, **more))[-1]
        key = self.key(added.key)
        assert key is not None
        return key

    def key(self, id: str) -> Key | None:
        return self.engine.state.get(KEYS, id)

    def holds(self, key: Key, at: int | None = None) -> bool:
        return holder(self.engine.state, key.fingerprint, at or self.now) == key

    def keys_of(self, owner: str) -> tuple[str, ...]:
        return self.engine.state.get(KEYS_OF, owner) or ()


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_each_kind_is_found_by_its_fingerprint(market: Market, kind: Kind) -> None:
    material = new_key(kind).material
    (added,) = market.do(OPERATOR, AddKey("A1", kind, material))
    fingerprint = material if kind == "bearer" else thumbprint(kind, material)
    assert added == KeyAdded(added.key, "A1", kind, material, fingerprint)
    key = Key(added.key, "A1", kind, material, fingerprint)
    assert market.key(added.key) == key
    assert market.holds(key)
    assert holder(market.engine.state, "other", market.now) is None


MAY_ADD = {(OPERATOR, one) for one in EVERYBODY if one != "nobody"} | {
    ("P1", "P1"),
    ("P1", "A1"),
    ("P2", "P2"),
    ("P2", "A2"),
}
MAY_END = MAY_ADD | {(one, one) for one in EVERYBODY if one != "nobody"}


@pytest.mark.parametrize("owner", EVERYBODY)
@pytest.mark.parametrize("actor", EVERYBODY)
def test_the_operator_or_the_principal_gives_keys_and_never_an_agent_itself(
    market: Market, actor: str, owner: str
) -> None:
    command = AddKey(owner, "bearer", new_key("bearer").material)
    if (actor, owner) in MAY_ADD:
        assert isinstance(market.do(actor, command)[0], KeyAdded)
    else:
        unknown = actor == OPERATOR and owner == "nobody"
        assert market.no(actor, command).reason == (
            Reason.NOT_FOUND if unknown else Reason.NOT_YOURS
        )


@pytest.mark.parametrize("owner", [one for one in EVERYBODY if one != "nobody"])
@pytest.mark.parametrize("actor", EVERYBODY)
def test_a_key_is_ended_by_its_owner_that_one_s_principal_or_the_operator(
    market: Market, actor: str, owner: str
) -> None:
    key = market.add(owner)
    if (actor, owner) in MAY_END:
        assert market.do(actor, RevokeKey(key.id)) == (KeyRevoked(key.id),)
        assert not market.holds(key)
        assert market.keys_of(owner) == ()
    else:
        assert market.no(actor, RevokeKey(key.id)).reason == Reason.NOT_YOURS
        assert market.holds(key)


def test_a_key_ends_once_and_one_that_never_was_is_not_found(market: Market) -> None:
    key = market.add()
    market.do("A1", RevokeKey(key.id))
    assert market.no("A1", RevokeKey(key.id)).reason == Reason.CLOSED
    for id in ("K999", "K0", "", "A1", "K" * 500, "K" + "9" * 5_000):
        no = market.no("A1", RevokeKey(id))
        assert no.reason == Reason.NOT_FOUND
        assert len(str(no.facts["id"])) <= 64


@pytest.mark.parametrize("kind", KINDS)
def test_a_fingerprint_is_never_used_twice(market: Market, kind: Kind) -> None:
    key = market.add("A1", kind)
    again = [AddKey(owner, kind, key.material) for owner in ("A1", "P1", "A2", OPERATOR)]
    for command in again:
        no = market.no(OPERATOR, command)
        assert no.reason == Reason.ALREADY_EXISTS
        assert no.facts == {}  # whose it is stays untold
    market.do("A1", RevokeKey(key.id))
    for command in again:
        assert market.no(OPERATOR, command).reason == Reason.ALREADY_EXISTS


def test_a_key_cannot_replace_itself_and_the_refusal_leaves_it_alive(market: Market) -> None:
    key = market.add()
    no = market.no("P1", AddKey("A1", "bearer", key.material, replaces=key.id))
    assert no.reason == Reason.ALREADY_EXISTS
    assert market.holds(key)


def test_a_key_expires_to_the_microsecond(market: Market) -> None:
    ends = market.now + 1_000
    key = market.add(expires_at=ends)
    assert market.holds(key, ends - 1)
    assert not market.holds(key, ends)
    assert not market.holds(key, ends + 1)


def test_a_key_s_end_must_lie_ahead(market: Market) -> None:
    market.now += 1_000_000
    material = new_key("bearer").material
    for ends in (market.now, market.now - 1, 0, -1):
        no = market.no(OPERATOR, AddKey("A1", "bearer", material, expires_at=ends))
        assert (no.reason, no.facts["field"]) == (Reason.INVALID, "expires_at")
    market.now += 1_000_000
    assert market.add(expires_at=market.now + 1).expires_at == market.now + 1


def test_a_rotation_ends_the_old_key_in_the_record_that_begins_the_new(market: Market) -> None:
    old = market.add()
    command = AddKey("A1", "ed25519", new_key("ed25519").material, replaces=old.id)
    ended, added = market.do("P1", command)
    assert ended == KeyRevoked(old.id)
    assert market.keys_of("A1") == (added.key,)
    assert not market.holds(old)


def test_a_rotation_ends_no_key_of_another_owner_nor_one_that_is_gone(market: Market) -> None:
    others, gone = market.add("P1"), market.add("A1")
    market.do("A1", RevokeKey(gone.id))
    material = new_key("bearer").material
    for replaces, reason in (
        (others.id, Reason.NOT_YOURS),
        (market.add("A2").id, Reason.NOT_YOURS),
        (gone.id, Reason.CLOSED),
        ("K999", Reason.NOT_FOUND),
    ):
        command = AddKey("A1", "bearer", material, replaces=replaces)
        assert market.no("P1", command).reason == reason


def test_an_owner_holds_so_many_keys_and_a_rotation_is_possible_still(market: Market) -> None:
    keys = [market.add() for _ in range(KEYS_MAX)]
    full = AddKey("A1", "bearer", new_key("bearer").material)
    assert market.no(OPERATOR, full).reason == Reason.INVALID
    market.add("P1")  # another's bound is its own
    market.add(replaces=keys[0].id)
    assert len(market.keys_of("A1")) == KEYS_MAX
    market.do("A1", RevokeKey(keys[1].id))
    market.add()


def test_expired_keys_never_fill_the_bound(market: Market) -> None:
    ends = market.now + 1_000
    keys = [market.add(expires_at=ends) for _ in range(KEYS_MAX)]
    market.now = ends
    *swept, _ = market.do(OPERATOR, AddKey("A1", "bearer", new_key("bearer").material))
    assert swept == [KeyRevoked(key.id) for key in keys]
    assert len(market.keys_of("A1")) == 1


def test_who_registers_with_a_public_key_speaks_with_it(market: Market) -> None:
    for command, owner in (
        (lambda key: RegisterPrincipal(PublicText("x"), key), "P3"),
        (lambda key: RegisterAgent("P1", PublicText("x"), key), "A3"),
    ):
        material = new_key("ed25519").material
        _, *_, added = market.do(OPERATOR, command(material))
        assert (added.owner, added.kind, added.material) == (owner, "ed25519", material)
        assert market.no(OPERATOR, command(material)).reason == Reason.ALREADY_EXISTS
        assert market.no(OPERATOR, command("00" * 31)).reason == Reason.INVALID


def test_an_ended_key_stays_ended_when_the_journal_is_read_again(market: Market) -> None:
    keys = [market.add("A1", kind) for kind in KINDS]
    market.do("A1", RevokeKey(keys[0].id))
    after = Engine(market.store).state
    assert [holder(after, key.fingerprint, market.now) for key in keys] == [None, *keys[1:]]


# What is no key.

P = 2**255 - 19
SMALL = {  # the points of Ed25519 whose order divides eight, by their y
    "order 1": 1,
    "order 2": P - 1,
    "order 4": 0,
    "order 8": int.from_bytes(
        bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
    ),
    "order 8, too": int.from_bytes(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
    ),
    "order 4, spelled otherwise": P,
    "order 1, spelled otherwise": P + 1,
}
POINT = new_key("es256").material
NONE: list[tuple[Kind, str]] = [
    ("bearer", ""),
    ("bearer", "0" * 63),
    ("bearer", "0" * 65),
    ("bearer", "A" * 64),
    ("bearer", "g" * 64),
    ("bearer", "\u0660" * 64),  # digits, but no hex ones
    ("ed25519", "0" * 63),
    ("ed25519", "0" * 66),
    ("ed25519", POINT),
    ("ed25519", "F" * 64),
    ("ed25519", "02" + "00" * 31),  # no such point
    ("ed25519", "\u0660" * 64),
    ("es256", POINT[:-2]),
    ("es256", POINT + "00"),
    ("es256", POINT.upper()),
    ("es256", "04" + POINT[2:]),
    ("es256", "00" + POINT[2:]),
    ("es256", "02" + "ff" * 32),  # beyond the field
    ("es256", "00" * 33),
]


@pytest.mark.parametrize(("kind", "material"), NONE, ids=map(str, range(len(NONE))))
def test_what_is_no_key_is_refused(market: Market, kind: Kind, material: str) -> None:
    no = market.no(OPERATOR, AddKey("A1", kind, material))
    assert (no.reason, no.facts["field"]) == (Reason.INVALID, "material")


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("order", SMALL)
def test_a_point_for_which_anybody_can_sign_is_no_key(
    market: Market, order: str, sign: int
) -> None:
    material = (SMALL[order] | sign << 255).to_bytes(32, "little").hex()
    no = market.no(OPERATOR, AddKey("A1", "ed25519", material))
    assert (no.reason, no.facts["field"]) == (Reason.INVALID, "material")


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", range(P, 2**255))
def test_a_point_has_one_spelling(market: Market, y: int, sign: int) -> None:
    material = (y | sign << 255).to_bytes(32, "little").hex()
    assert market.no(OPERATOR, AddKey("A1", "ed25519", material)).reason == Reason.INVALID


def test_why_a_point_is_none_is_told_in_words_that_stay(market: Market) -> None:
    for material in ("02" + "ff" * 32, "04" + POINT[2:]):
        no = market.no(OPERATOR, AddKey("A1", "es256", material))
        assert no.facts["why"] == "not a compressed point of the curve"


def test_every_key_that_is_made_honestly_is_one(market: Market) -> None:
    for n in range(200):
        kind: Kind = ("ed25519", "es256")[n % 2]
        market.do("A1", RevokeKey(market.add("A1", kind).id))
