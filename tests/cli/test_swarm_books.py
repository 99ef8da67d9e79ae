"""A swarm's books follow every transfer, and notice a wallet that holds something else."""

from souq import Client
from souq.cli.swarm_books import Books
from souq.core.party import wallet


def test_books_agree_with_the_market_and_notice_a_single_unit() -> None:
    with Client.local() as market:
        bea, sol = market.join("bea", deposit="100"), market.join("sol", deposit="5")
        start = market.get_market().seq
        names = {wallet(one.principal, "USD"): one for one in (bea, sol)}
        books = Books({bea.id, sol.id}, dict(zip(names, (100_000_000, 5_000_000), strict=True)))
        sold = bea.offer(sol.list("Lamp", category="home", price="40"), "30")
        sol.accept(sold)
        sol.deliver("C1")
        bea.confirm("C1")
        held = bea.offer(sol.list("Vase", category="home", price="20"), "10")
        sol.accept(held)
        for record in market.list_events(after=start, limit=100).records:
            books.take(record)
        found = {}
        for name, one in names.items():
            (told,) = one.client.get_balance().wallets
            found[name] = told.available + told.held
        assert found == dict(zip(names, (70_000_000, 35_000_000), strict=True))
        assert books.differences(found) == []
        assert (books.deals, books.offers, books.moved_units) == (2, 2, 30_000_000)
        for name in names:
            assert len(books.differences(found | {name: found[name] + 1})) == 1
