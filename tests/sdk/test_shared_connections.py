"""Clients that speak as somebody else share connections, and end with the first of them."""

import asyncio
from pathlib import Path

from souq.sdk.async_client import AsyncClient
from souq.sdk.client import Client
from tests.serving import ADMIN, serving


def test_many_speakers_use_few_connections(tmp_path: Path) -> None:
    with serving(tmp_path) as served, Client(served.url, key=ADMIN) as market:
        secret = market.join("sol").client._wire._signer.key.secret  # type: ignore[union-attr]

        async def go() -> None:
            async with AsyncClient(served.url, key=ADMIN) as operator:
                speakers = [operator.speaking_as("A1", secret) for _ in range(50)]
                for one in speakers:
                    assert (await one.who_am_i()).actor == "A1"
                    await one.close()  # leaves the others alone
                assert (await operator.who_am_i()).kind == "operator"
                pool = operator._http._transport._pool  # type: ignore[attr-defined]
                assert len(pool.connections) == 1

        asyncio.run(go())
