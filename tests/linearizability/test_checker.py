"""The checker itself: histories from the literature, and every order tried on small ones."""

import time
from collections.abc import Hashable
from itertools import permutations
from random import Random
from typing import Any

import pytest

from tests.linearizability.checker import Contradiction, Model, Operation, contradiction

JUDGED_S = 2.0
Timed = tuple[Any, Any, int, int | None]


class Register:
    """One word for each name: ("write", name, value) and ("read", name)."""

    def part(self, action: Any) -> Hashable:
        return action[1]

    def start(self, part: Hashable) -> Hashable:
        return 0

    def step(self, state: Any, action: Any, answer: Any) -> Hashable | None:
        if action[0] == "write":
            return action[2]
        return state if answer in (None, state) else None


class Queue:
    """First in, first out: ("enqueue", value) and ("dequeue",)."""

    def part(self, action: Any) -> Hashable:
        return "queue"

    def start(self, part: Hashable) -> Hashable:
        return ()

    def step(self, state: Any, action: Any, answer: Any) -> Hashable | None:
        if action[0] == "enqueue":
            return (*state, action[1])
        if not state:
            return None
        return state[1:] if answer in (None, state[0]) else None


class Counter:
    """A number nobody may take below zero: ("add", n), answered with what it was, and ("read",)."""

    def part(self, action: Any) -> Hashable:
        return "counter"

    def start(self, part: Hashable) -> Hashable:
        return 0

    def step(self, state: Any, action: Any, answer: Any) -> Hashable | None:
        told: Any = state if action[0] == "read" or state + action[1] >= 0 else "no"
        if answer not in (None, told):
            return None
        return state if action[0] == "read" or told == "no" else state + action[1]


def history(*timed: Timed) -> list[Operation]:
    return [Operation(*one) for one in timed]


# Each: (action, answer, called, returned). The queues are the four of Herlihy and Wing, figure 1.
X, Y, TAKE = ("enqueue", "x"), ("enqueue", "y"), ("dequeue",)
WRITE, READ = ("write", "r", 1), ("read", "r")
LINEARIZABLE: dict[str, tuple[Model, list[Timed]]] = {
    "two enqueues at once may have come in either order": (
        Queue(),
        [(X, "ok", 0, 2), (Y, "ok", 1, 4), (TAKE, "x", 3, 6), (TAKE, "y", 5, 8), (X, "ok", 7, 9)],
    ),
    "and in the other one": (
        Queue(),
        [(X, "ok", 0, 2), (Y, "ok", 1, 4), (TAKE, "y", 3, 6), (TAKE, "x", 5, 8)],
    ),
    "what is enqueued may be taken before its enqueuing returns": (
        Queue(),
        [(X, None, 0, None), (TAKE, "x", 1, 2)],
    ),
    "what never returned need not have happened": (
        Queue(),
        [(X, None, 0, None), (Y, "ok", 1, 2), (TAKE, "y", 3, 4)],
    ),
    "a write that never returned may be seen by and by": (
        Register(),
        [(WRITE, None, 0, None), (READ, 0, 1, 2), (READ, 1, 3, 4)],
    ),
    "a read beside a write may see the old word or the new": (
        Register(),
        [(WRITE, "ok", 0, 9), (READ, 0, 1, 4), (READ, 1, 2, 5), (READ, 1, 6, 7)],
    ),
    "nothing happened": (Queue(), []),
}
NOT_LINEARIZABLE: dict[str, tuple[Model, list[Timed]]] = {
    "the second in comes out first": (
        Queue(),
        [(X, "ok", 0, 1), (Y, "ok", 2, 3), (TAKE, "y", 4, 5)],
    ),
    "one thing comes out twice": (
        Queue(),
        [(X, "ok", 0, 2), (Y, "ok", 1, 3), (TAKE, "y", 4, 6), (TAKE, "y", 5, 7)],
    ),
    "a thing comes out that nobody put in": (Queue(), [(TAKE, "x", 0, 1)]),
    "a read after a write sees the old word, which is sequentially consistent": (
        Register(),
        [(WRITE, "ok", 0, 1), (READ, 0, 2, 3)],
    ),
    "the new word is seen, and then the old, as a regular register may": (
        Register(),
        [(WRITE, "ok", 0, 9), (READ, 1, 1, 2), (READ, 0, 3, 4)],
    ),
    "a write that never returned is seen, and then it is not": (
        Register(),
        [(WRITE, None, 0, None), (READ, 1, 1, 2), (READ, 0, 3, 4)],
    ),
    "two additions start from the same number: a lost update": (
        Counter(),
        [(("add", 1), 0, 0, 2), (("add", 1), 0, 1, 3)],
    ),
}


@pytest.mark.parametrize(("model", "timed"), LINEARIZABLE.values(), ids=LINEARIZABLE)
def test_what_one_clerk_could_have_answered_is_accepted(model: Model, timed: list[Timed]) -> None:
    assert contradiction(history(*timed), model) is None


@pytest.mark.parametrize(("model", "timed"), NOT_LINEARIZABLE.values(), ids=NOT_LINEARIZABLE)
def test_what_no_clerk_could_have_answered_is_rejected(model: Model, timed: list[Timed]) -> None:
    assert contradiction(history(*timed), model) is not None


def test_a_contradiction_names_the_part_and_the_answers_that_do_not_fit() -> None:
    fine = Operation(("write", "fine", 7), "ok", 0, 1)
    write = Operation(WRITE, "ok", 2, 3)
    read = Operation(READ, 5, 4, 5)
    found = contradiction([fine, write, read], Register())
    assert found == Contradiction("r", 1, 1, (read,))


def test_histories_of_parts_are_judged_each_for_itself() -> None:
    writes = [Operation(("write", name, 1), "ok", 0, 1) for name in "ab"]
    reads = [Operation(("read", "a"), 1, 2, 3), Operation(("read", "b"), 0, 2, 3)]
    found = contradiction(writes + reads, Register())
    assert found is not None
    assert found.part == "b"


def naive(operations: list[Operation], model: Model) -> bool:
    """Try every subset of what is pending, in every order that time allows; no cleverness."""
    sure = [one for one in operations if not one.is_pending]
    maybe = [one for one in operations if one.is_pending]
    for mask in range(1 << len(maybe)):
        chosen = sure + [one for n, one in enumerate(maybe) if mask >> n & 1]
        if any(_fits(order, model) for order in permutations(chosen)):
            return True
    return False


def _fits(order: tuple[Operation, ...], model: Model) -> bool:
    for n, one in enumerate(order):
        if any(later.returned is not None and later.returned < one.called for later in order[n:]):
            return False
    states: dict[Hashable, Any] = {}
    for one in order:
        part = model.part(one.action)
        after = model.step(states.get(part, model.start(part)), one.action, one.answer)
        if after is None:
            return False
        states[part] = after
    return True


def small(random: Random, model: Model, answers: list[Any], actions: list[Any]) -> list[Operation]:
    """Make up a history in which anything may have been answered at any time."""
    count = random.randint(1, 6)
    moments = random.sample(range(3 * count), 2 * count)
    operations = []
    for n in range(count):
        called, returned = sorted(moments[2 * n : 2 * n + 2])
        action = random.choice(actions)
        answer = random.choice(answers) if action[0] in ("read", "add", "dequeue") else "ok"
        is_lost = random.random() < 0.15
        operations.append(
            Operation(action, None if is_lost else answer, called, None if is_lost else returned)
        )
    return operations


@pytest.mark.parametrize(
    ("model", "answers", "actions"),
    [
        (Register(), [0, 1], [("write", "a", 1), ("read", "a"), ("write", "b", 1), ("read", "b")]),
        (Queue(), ["x", "y"], [X, Y, TAKE]),
        (Counter(), [0, 1, "no"], [("add", 1), ("add", -1), ("read",)]),
    ],
    ids=["register", "queue", "counter"],
)
def test_the_checker_agrees_with_trying_every_order(
    model: Model, answers: list[Any], actions: list[Any]
) -> None:
    random = Random(20)
    accepted = 0
    for _ in range(600):
        operations = small(random, model, answers, actions)
        is_fine = contradiction(operations, model) is None
        assert is_fine == naive(operations, model), operations
        accepted += is_fine
    assert 100 < accepted < 500, "both verdicts must occur often, or nothing is compared"


def concurrent(random: Random, clients: int, each: int) -> list[Operation]:
    """Let clients add to a counter, each operation taking effect somewhere within its time."""
    free_at = [random.random() for _ in range(clients)]
    timed = []
    for _ in range(each):
        for client in range(clients):
            called = free_at[client] + 0.05 * random.random()
            instant, returned = sorted(called + 0.01 + random.random() for _ in range(2))
            free_at[client] = returned
            timed.append((instant, called, returned))
    ticks = {at: n for n, at in enumerate(sorted(at for one in timed for at in one[1:]))}
    value, operations = 0, []
    for _, called, returned in sorted(timed):
        change = random.randint(-3, 4)
        action: Any = ("add", change) if random.random() < 0.6 else ("read",)
        answer: Any = value
        if action[0] == "add":
            answer = value if value + change >= 0 else "no"
            value += change if answer != "no" else 0
        operations.append(Operation(action, answer, ticks[called], ticks[returned]))
    return operations


def test_a_history_of_8_clients_with_500_operations_is_judged_within_two_seconds() -> None:
    operations = concurrent(Random(1), 8, 500)
    assert len(operations) == 4_000
    started = time.process_time()
    assert contradiction(operations, Counter()) is None
    wrong = operations[3_990]
    operations[3_990] = wrong._replace(answer=-1)
    assert contradiction(operations, Counter()) is not None
    assert time.process_time() - started < 2 * JUDGED_S
