"""`souq approve` shows a principal the deals that wait for its word, and gives it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from souq.cli.calling import knowing
from souq.cli.commands import Json, app
from souq.cli.connecting import URL, Key, Server, connect, key_of
from souq.cli.output import Mistake, console, grid, write_json
from souq.core.agreement import CashLeg, Leg
from souq.core.approval import Decline
from souq.core.money import Asset
from souq.core.rules import SECOND_US
from souq.operations.approval_queries import ApprovalAsked, ListApprovals
from souq.operations.queries import GetMarket
from souq.sdk.approvals import approval
from souq.sdk.client import Client
from souq.sdk.signing import KeyFile


@app.command()
def approve(
    contract: Annotated[str, typer.Argument(metavar="[CONTRACT]", help="the deal, as C7")] = "",
    decline: Annotated[bool, typer.Option("--decline", help="refuse it; money returns")] = False,
    server: Server = URL,
    key: Key = "",
    as_json: Json = False,
) -> None:
    """List the deals that wait for your approval, or approve one of them by its id.

    What you approve is named by its digest, so nothing else can pass for it; with a key file it is
    signed, and a stranger can check later that you approved. Silence declines.
    Example: souq approve C7 --key bea.key
    """
    if decline and not contract:
        raise Mistake("say which deal to decline, such as C7")
    with knowing(key), connect(server, key) as client:
        waiting = list(_waiting(client))
        assets = {one.code: one for one in client.ask(GetMarket()).rules.assets}
        if not contract:
            _show(waiting, assets, as_json=as_json)
            return
        asked = next((one for one in waiting if one.contract == contract), None)
        if asked is None:
            raise Mistake(f"{contract} does not wait for you; `souq approve` lists what does")
        if decline:
            answer = client.submit(Decline(contract))
        else:
            found = key_of(key)
            answer = client.submit(approval(asked, found if isinstance(found, KeyFile) else None))
    if as_json:
        write_json({"contract": contract, "approved": not decline, "seq": answer.seq})
    else:
        told = "declined" if decline else "approved"
        console.print(f"{contract} is {told}: {_told(asked, assets)}", markup=False)


def _waiting(client: Client) -> Iterator[ApprovalAsked]:
    cursor = ""
    while True:
        page = client.ask(ListApprovals(cursor=cursor))
        yield from page.approvals
        cursor = page.cursor
        if not cursor:
            return


def _show(waiting: list[ApprovalAsked], assets: dict[str, Asset], *, as_json: bool) -> None:
    if as_json:
        write_json(waiting)
        return
    if not waiting:
        console.print("Nothing waits for you.")
        return
    rows = [
        [
            one.contract,
            _told(one, assets),
            ", ".join(one.reasons),
            f"{datetime.fromtimestamp(one.decide_by // SECOND_US, UTC):%d %b %H:%M} UTC",
            one.digest[:16],
        ]
        for one in waiting
    ]
    grid("They wait for your approval", ["deal", "what", "held by", "until", "digest"], rows)


def _told(one: ApprovalAsked, assets: dict[str, Asset]) -> str:
    return "; ".join(_leg(leg, assets) for leg in one.legs)


def _leg(leg: Leg, assets: dict[str, Asset]) -> str:
    if isinstance(leg, CashLeg):
        amount = assets[leg.amount.asset].format(leg.amount.units)
        return f"{leg.giver} pays {leg.taker} {amount} {leg.amount.asset}"
    return f"{leg.giver} gives {leg.taker} {leg.quantity} of {leg.listing}"
