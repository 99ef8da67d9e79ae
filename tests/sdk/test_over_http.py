"""Clients over HTTP: the same answers as in process, through restarts, by every kind of key."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice
from pathlib import Path

import pytest

from souq import AsyncClient, Client
from souq.core.credential import AddKey
from souq.core.mechanisms.posted_price import TakePrice
from souq.core.message import PostMessage
from souq.core.money import USD
from souq.core.party import RegisterPrincipal
from souq.core.refusal import Reason, Refused
from souq.core.seal import PublicText
from souq.journal.replay import records
from souq.sdk.errors import BadRequest, NotProven, Unreachable
from souq.sdk.signing import new_key_file
from tests.serving import ADMIN, Served, serving, settings_for


def test_a_deal_goes_over_http_as_it_does_in_process(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        bea, sol = market.join("bea", deposit="1000"), market.join("sol")
        lamp = sol.list("Brass lamp", category="home", price="900")
        talk = bea.offer(lamp, "600")
        sol.counter(talk, "800")
        deal = bea.accept(talk)
        sol.deliver(deal)
        bea.confirm(deal)
        assert market.get_contract(deal).state == "fulfilled"
        assert (bea.balance(), sol.balance()) == ("200.00", "800.00")
        assert sol.client.list_contracts(is_open=False).contracts[0].id == deal
        with pytest.raises(Refused) as refused:
            bea.take(lamp, "900")
        assert refused.value.reason is Reason.CLOSED


@pytest.mark.parametrize("kind", ["ed25519", "es256", "bearer"])
def test_any_kind_of_key_speaks_for_its_owner(kind: str, tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        sol = market.join("sol")
        made = new_key_file(tmp_path / "sol.key", kind, sol.id)  # type: ignore[arg-type]
        market.submit(AddKey(sol.id, made.kind, made.material))
        with Client(served.url, key=tmp_path / "sol.key") as client:
            assert client.who_am_i().actor == sol.id
            client.post_message("hello")
            assert client.list_messages().messages[0].text == "hello"


def test_who_brings_no_key_or_a_wrong_one_is_told_so(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served:
        with Client(served.url) as anybody:
            assert anybody.get_market().halt == "open"
            with pytest.raises(NotProven):
                anybody.post_message("let me in")
        with Client(served.url, key="souq_wrong") as wrong, pytest.raises(NotProven):
            wrong.get_market()


def test_the_same_id_has_its_effect_once(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        first = market.register_principal("bea", command_id="bea")
        again = market.register_principal("bea", command_id="bea")
        assert (again.seq, again.events, again.is_replay) == (first.seq, first.events, True)
        with pytest.raises(Refused) as refused:
            market.register_principal("eve", command_id="bea")
        assert refused.value.reason is Reason.ID_REUSED


def test_a_client_goes_on_when_its_server_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    with serving(folder) as served:
        port = int(served.url.rpartition(":")[2])
        market = Client(served.url, key=ADMIN)
        market.register_principal("bea")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(market.register_principal("sol")))
    waiting.start()  # while nobody listens
    served = Served(settings_for(folder, port=port))
    waiting.join(60)
    served.stop()
    assert answers[0].events[0].principal == "P2"
    market.close()


def test_a_client_gives_up_after_its_patience() -> None:
    with (
        Client("http://127.0.0.1:9", patience_s=0.2) as nobody,
        pytest.raises(Unreachable, match="did not answer"),
    ):
        nobody.get_market()


def test_events_are_streamed_from_where_one_left_off(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        sol = market.join("sol")
        for n in range(5):
            sol.list(f"Lamp {n}", category="home")
        seen = list(islice(sol.client.events(after=0, types=["ListingPosted"]), 5))
        assert [one.events[0].listing.id for one in seen] == ["L1", "L2", "L3", "L4", "L5"]
        later = sol.client.events(after=seen[2].seq, types=["ListingPosted"])
        assert next(later).events[0].listing.id == "L4"
        assert seen[0].words[seen[0].events[0].listing.title] == "Lamp 0"


def test_events_come_while_they_happen_and_through_a_restart(tmp_path: Path) -> None:
    folder, heard = tmp_path / "m", list[str]()
    with serving(folder) as served:
        port = int(served.url.rpartition(":")[2])
        with Client(served.url, key=ADMIN) as market:
            sol = market.join("sol")
            listener = Client(served.url, key=ADMIN)
            start = market.get_market().seq

            def listen() -> None:
                for record in listener.events(after=start, types=["MessagePosted"]):
                    heard.extend(record.words.values())
                    if len(heard) == 4:
                        return

            listening = threading.Thread(target=listen, daemon=True)
            listening.start()
            for n in range(2):
                sol.submit(PostMessage(PublicText(f"before {n}")))
    again = Served(settings_for(folder, port=port))
    for n in range(2):
        sol.submit(PostMessage(PublicText(f"after {n}")))
    listening.join(60)
    again.stop()
    assert heard == ["before 0", "before 1", "after 0", "after 1"]


def test_many_commands_go_in_one_request_each_with_its_answer(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        bea, sol = market.join("bea", deposit="10"), market.join("sol")
        lamp = sol.list("Lamp", category="home", price="9")
        wrong, right = TakePrice(lamp, USD.parse("8")), TakePrice(lamp, USD.parse("9"))
        answers = bea.client.submit_many([wrong, ("mine", right), ("mine", right)])
        assert [one.refusal and one.refusal.reason for one in answers] == [
            "price_changed",
            None,
            None,
        ]
        assert answers[2].is_replay
        assert answers[1].events == answers[2].events


def test_what_is_too_large_to_read_is_told_apart_from_a_refusal(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served, Client(served.url, key=ADMIN) as market:
        with pytest.raises(BadRequest) as bad:
            market.annotate("evidence", "x" * 300_000)
        assert bad.value.status == 413


def test_an_async_client_does_the_same(tmp_path: Path) -> None:
    async def trade(client: AsyncClient) -> list[str]:
        answers = await asyncio.gather(
            *(client.submit(RegisterPrincipal(PublicText(f"p{n}"))) for n in range(20))
        )
        seen = []
        async for record in client.events(after=0, types=["PrincipalRegistered"]):
            seen += list(record.words.values())
            if len(seen) == 20:
                break
        assert {one.events[0].principal for one in answers} == {f"P{n}" for n in range(1, 21)}
        assert (await client.get_market()).halt == "open"
        return sorted(seen)

    async def both(url: str) -> None:
        async with AsyncClient(url, key=ADMIN) as remote:
            over_http = await trade(remote)
        async with AsyncClient.local() as local:
            assert over_http == await trade(local)

    with serving(tmp_path / "m") as served:
        asyncio.run(both(served.url))


def test_what_the_server_recorded_is_what_clients_were_told(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    with serving(folder) as served, Client(served.url, key=ADMIN) as market:
        told = [market.register_principal(f"p{n}").seq for n in range(10)]
        store = served.venue.engine.store
        assert [one.seq for one in records(store) if one.actor == "operator"][-10:] == told


@pytest.mark.parametrize("status", [200, 404])
def test_whoever_is_no_market_is_told_apart(status: int) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<h1>Welcome</h1>")

        def do_POST(self) -> None:
            # To hang up on what was sent and not read resets the line, and the answer with it.
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        with Client(f"http://127.0.0.1:{other.server_port}", key="souq_x") as client:
            for call in (client.get_market, lambda: client.post_message("hello")):
                with pytest.raises(BadRequest, match="no market"):
                    call()
        other.shutdown()
