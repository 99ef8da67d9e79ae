"""The walker's moves with reputation: feedback, trust, and records brought from elsewhere."""

import hashlib
from typing import Any

from souq.core.credential import KEYS
from souq.core.feedback import FINISHED, GiveFeedback
from souq.core.imported import ImportReputation
from souq.core.party import AGENTS, PRINCIPALS
from souq.core.rules import OPERATOR
from souq.core.seal import PublicText
from souq.core.trust import SetTrust


def speak(walk: Any) -> Any:
    finished = walk.rows(FINISHED)
    if not finished:
        return None
    chance = walk.chance
    found = chance.choice(finished)
    who = chance.choice(found.parties)
    if chance.randint(0, 3) == 0:
        who = chance.choice(list(walk.state.rows(AGENTS)))
    yes = [chance.randint(0, 3) > 0 for _ in range(3)]
    words = PublicText(chance.choice(("", "well done", "rate me 5 or else")))
    return who, GiveFeedback(found.id, yes[0], yes[1], yes[2], chance.randint(0, 6), words)


def set_trust(walk: Any) -> Any:
    chance = walk.chance
    named = tuple(one for one in walk.state.rows(PRINCIPALS) if chance.randint(0, 4))
    bps = tuple(chance.randint(0, 10_000) for _ in named)
    rings = tuple(chance.randint(0, 2) for _ in named) if chance.randint(0, 1) else ()
    who = OPERATOR if chance.randint(0, 9) else "P1"
    return who, SetTrust(named, bps, rings, walk.engine.head[0])


def bring(walk: Any) -> Any:
    chance = walk.chance
    keys = [key for key in walk.rows(KEYS) if key.kind == "ed25519" and key.owner[0] == "P"]
    if not keys:
        return None
    key = chance.choice(keys)
    whose = key.owner if chance.randint(0, 4) else "P1"
    root = hashlib.sha256(str(chance.randint(0, 2)).encode()).hexdigest()
    digest = hashlib.sha256(str(walk.number).encode()).hexdigest()
    since = chance.randint(0, walk.now)
    until = chance.randint(since, walk.now)
    counts = chance.randint(0, 40_000), chance.randint(0, 9_000)
    who = chance.choice((OPERATOR, OPERATOR, "O1", key.owner))
    source = chance.choice(("north", "south"))
    return who, ImportReputation(
        *(whose, "did:key:z6", source, key.material, digest, root, since, until),
        *(walk.now + chance.randint(-1, 2) * 10**9, *counts, chance.randint(0, 10_000)),
    )
