"""A market with people in it, and processes of clients that trade there until told to stop."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from souq import Client
from souq.core.credential import AddKey
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.seal import PublicText
from souq.sdk.signing import bearer_secret
from tests.server import auditing
from tests.server.auditing import Books, read_lists
from tests.server.clients import Pair, Person, Work
from tests.server.process import ROOT, Server, end_with_parent

END_S = 60.0
SAMPLE = 200


def let_in(client: Client, name: str) -> Person:
    """Register somebody with an agent, and give both keys."""
    principal = client.submit(RegisterPrincipal(PublicText(name))).events[0].principal
    agent = client.submit(RegisterAgent(principal, PublicText(name))).events[0].agent
    client.submit(GrantMandate(agent, SecretLimits(Limits())))
    keys = []
    for actor in (agent, principal):
        made = bearer_secret()
        client.submit(AddKey(actor, "bearer", made.material))
        keys.append(made.secret)
    return Person(agent, principal, *keys)


class Crowd:
    """Client processes, each with some pairs of agents, and their lists."""

    def __init__(
        self,
        folder: Path,
        server: Server,
        *,
        processes: int = 2,
        pairs: int = 4,
        urls: tuple[str, ...] = (),
        **more: object,
    ) -> None:
        """Let everybody in at a server that is open; `more` are fields of `Work`."""
        self.admin_key = server.admin_key
        self.pairs: list[Pair] = []
        self._works: list[Path] = []
        self.lists: list[Path] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True, exist_ok=True)
        with Client(server.url, key=server.admin_key) as client:
            for n in range(processes):
                name = f"c{n}"
                own = [
                    Pair(let_in(client, f"{name}-{k}-sol"), let_in(client, f"{name}-{k}-bea"))
                    for k in range(pairs)
                ]
                list_, path = folder / f"{name}.list", folder / f"{name}.json"
                list_.touch()
                asked = {"urls": list(urls or (server.url,)), "admin_key": server.admin_key, **more}
                work = Work(name=name, kept_in=str(list_), pairs=own, **asked)  # type: ignore[arg-type]
                path.write_bytes(msgspec.json.encode(work))
                self.pairs += own
                self._works.append(path)
                self.lists.append(list_)

    @property
    def keys(self) -> dict[str, str]:
        """Give everybody's key by name."""
        keys = {"operator": self.admin_key}
        for pair in self.pairs:
            for person in (pair.seller, pair.buyer):
                keys[person.agent] = person.key
                keys[person.principal] = person.principal_key
        return keys

    def start(self) -> None:
        """Begin to trade."""
        for path in self._works:
            words = [sys.executable, "-m", "tests.server.clients", str(path)]
            self._processes.append(subprocess.Popen(words, cwd=ROOT, preexec_fn=end_with_parent))

    def books(self) -> Books:
        """Read what is written down so far."""
        return read_lists(self.lists)

    def size(self) -> int:
        """Give the bytes of what is acknowledged so far."""
        return sum(path.stat().st_size for path in self.lists)

    def wait_until_served(self, growth: int = 20_000, timeout_s: float = 60.0) -> None:
        """Return once so many more bytes are acknowledged; a command takes about 700."""
        until, wanted = time.monotonic() + timeout_s, self.size() + growth
        while self.size() < wanted:
            self.need_alive()
            assert time.monotonic() < until, "the clients do not get on"
            time.sleep(0.01)

    def need_alive(self) -> None:
        """Fail where a client process has ended by itself."""
        assert all(one.poll() is None for one in self._processes), "a client process broke off"

    def stop(self) -> Books:
        """Let them end the deals they are in; give what they wrote down."""
        for one in self._processes:
            one.send_signal(signal.SIGTERM)
        codes = [one.wait(END_S) for one in self._processes]
        assert not any(codes), f"client processes ended with {codes}"
        self._processes.clear()
        return self.books()

    def kill(self) -> None:
        """End them at once."""
        for one in self._processes:
            one.kill()
            one.wait()
        self._processes.clear()


def check_at_once(store: str | Path, crowd: Crowd, server: Server, rng: random.Random) -> None:
    """Check what can be checked while the clients go on; `verify` reads beside a living server."""
    books = crowd.books()  # read first: what is acknowledged meanwhile stands in a longer journal
    opened = auditing.open_to_read(store)
    try:
        journal = auditing.read_journal(opened)
    finally:
        opened.close()
    auditing.check_acknowledged(books.acks, journal)
    auditing.check_seen(books.seen, journal)
    sample = rng.sample(books.acks, min(SAMPLE, len(books.acks)))
    auditing.check_asked_again(server.url, sample, crowd.keys)


def check_at_the_end(store: str | Path, crowd: Crowd, server: Server) -> auditing.Books:
    """Check everything, once the clients have ended their deals."""
    books = crowd.stop()
    auditing.check_asked_again(server.url, books.acks, crowd.keys)
    opened = auditing.open_to_read(store)
    try:
        journal = auditing.read_journal(opened)
        state = auditing.check_state(opened)
    finally:
        opened.close()
    auditing.check_acknowledged(books.acks, journal)
    auditing.check_seen(books.seen, journal)
    auditing.check_wallets(books.acks, state, crowd.pairs)
    auditing.check_search(server.url, crowd.admin_key, state)
    assert books.missed == [], "a listing was acknowledged, and the next search did not find it"
    return books
