"""An order book over HTTP: strangers see prices and no names, and touch nobody's orders."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.serving import ADMIN, serving


class Caller:
    """Somebody with a key."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {key}"}
        self._sent = 0
        self._key = key

    def post(self, path: str, body: dict[str, Any]) -> Any:
        self._sent += 1
        headers = self._headers | {"Idempotency-Key": f"{self._key}-{self._sent}"}
        return httpx2.post(f"{self._url}/v1/{path}", json=body, headers=headers, timeout=20)

    def get(self, path: str) -> Any:
        return httpx2.get(f"{self._url}/v1/{path}", headers=self._headers, timeout=20)


@pytest.fixture
def people(tmp_path: Path) -> Any:
    with serving(tmp_path) as served:
        admin = Caller(served.url, ADMIN)
        found = []
        for n in (1, 2, 3):
            secret = f"souq_secret-of-agent-{n}"
            for path, body in (
                ("principals", {"name": f"person {n}"}),
                (f"principals/P{n}/agents", {"name": f"agent {n}"}),
                (f"agents/A{n}/mandate", {"limits": {}}),
                ("reports/deposit", {"principal": f"P{n}", "amount": [1_000, "USD"]}),
                (
                    "keys",
                    {
                        "owner": f"A{n}",
                        "kind": "bearer",
                        "material": sha256(secret.encode()).hexdigest(),
                    },
                ),
            ):
                assert admin.post(path, body).status_code < 300, path
            found.append(Caller(served.url, secret))
        yield found


def test_orders_trade_and_only_their_owner_sees_and_cancels_them(people: list[Caller]) -> None:
    sol, bea, eve = people
    by = {"mechanisms": ["double_auction"], "category": "fuel", "quantity": 10}
    assert sol.post("listings", {"title": "coal", **by}).status_code < 300
    assert bea.post("listings", {"title": "warmth", "side": "want", **by}).status_code < 300
    opening = {"category": "fuel", "asset": "USD", "open_us": 3_600_000_000}
    band = {"width_bps": 1_000, "reference_units": 50}
    opened = eve.post("runs/open_order_book", {**opening, "band": band})
    assert opened.status_code < 300, opened.text
    order = {"listing": "L1", "price": [55, "USD"], "quantity": 3}
    placed = sol.post("negotiations/N1/place_order", order)
    assert placed.status_code < 300, placed.text
    assert "not_yours" in bea.post("negotiations/N1/place_order", order).text
    assert "not_yours" in eve.post("negotiations/N1/cancel_order", {"order": 1}).text
    assert "not_yours" in bea.post("negotiations/N1/close_order_book", {}).text
    order = {"listing": "L2", "price": [80, "USD"], "quantity": 2}
    assert bea.post("negotiations/N1/place_order", order).status_code < 300
    seen = eve.get("negotiations/N1").json()
    assert seen["notice"]["ask_units"] == 55
    assert seen["notice"]["last_units"] == 55
    assert seen["notice"]["phase"] == "open"
    assert seen["notice"]["ask_quantity"] == 1
    assert '"A1"' not in eve.get("negotiations/N1").text
    assert sol.post("negotiations/N1/cancel_order", {"order": 1}).status_code < 300
    assert "ask_units" not in eve.get("negotiations/N1").json()["notice"]
