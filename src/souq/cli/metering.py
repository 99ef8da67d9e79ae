"""`souq meter` sells data by the row over HTTP, and reads it, each row paid on a channel."""

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct

from souq.app.listening import Listener, bind, on_signals, url_of
from souq.cli.calling import knowing
from souq.cli.commands import Json, app
from souq.cli.connecting import URL, Key, Server, connect
from souq.cli.output import Mistake, console, grid, write_json
from souq.core.money import Asset, Money
from souq.core.voucher import LENGTH_MAX, Voucher
from souq.sdk.channels import ChainPayer, Payer, SigningPayer, Spent
from souq.sdk.client import Client
from souq.sdk.metering import WINDOW_ROWS, Meter, NotServed, Reader, offer_at

SETTLE_EVERY_S = 10.0
READERS = ("signs", "hashes", "stops paying", "forges")
Price = Annotated[str, typer.Option(help="of one row")]
Window = Annotated[int, typer.Option(min=1, help="how many rows may be unpaid at a time")]

meter = typer.Typer(help="Sell data by the row, or read it.", no_args_is_help=True)
app.add_typer(meter, name="meter")


@meter.command("serve")
def serve(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a row a line")],
    price: Price = "0.000001",
    window: Window = WINDOW_ROWS,
    host: Annotated[str, typer.Option(help="where to listen")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8100,
    keep: Annotated[
        Path | None, typer.Option(metavar="FILE", help="where payments outlive a kill")
    ] = None,
    server: Server = URL,
    key: Key = "",
) -> None:
    """Sell the lines of a file until Ctrl-C, then end all channels and take what is due.

    Example: souq meter serve rows.jsonl --price 0.000001 --key sol.key
    """
    if not file.is_file():
        raise Mistake(f"there is no file {file}")
    rows = file.read_text(encoding="utf-8").splitlines()
    with knowing(key), connect(server, key) as client:
        _need_agent(client)
        asset = client.get_market().rules.assets[0]
        seller = Meter(client, rows, price=_amount(price, asset), window_rows=window, keep=keep)
        asyncio.run(_sell(seller, host, port))
        due, paid = sum(seller.due.values()), seller.settle()
        console.print(f"{asset.format(paid)} {asset.code} settled of {asset.format(due)} due")


@meter.command("read")
def read(
    url: Annotated[str, typer.Argument(metavar="URL", help="where the meter is")],
    deposit: Annotated[str, typer.Option(help="the most to pay; the rest comes back")] = "0.01",
    chain: Annotated[bool, typer.Option("--chain", help="pay by a hash a row")] = False,
    most: Annotated[int | None, typer.Option("--rows", min=1, help="stop after so many")] = None,
    server: Server = URL,
    key: Key = "",
) -> None:
    """Open a channel, read rows to stdout, pay for each, and ask for the channel's end.

    Example: souq meter read http://127.0.0.1:8100 --deposit 0.01 --key bea.key
    """
    with knowing(key), connect(server, key) as client:
        _need_agent(client)
        asset = client.get_market().rules.assets[0]
        amount = _amount(deposit, asset)
        try:
            unit = offer_at(url).price.units
            length = min(LENGTH_MAX, max(1, amount.units // unit))
            payer = ChainPayer(unit=unit, length=length) if chain else SigningPayer()
            reader = _entered(client, url, amount, payer)
            try:
                for row in islice(reader.rows(), most):
                    sys.stdout.write(f"{row}\n")
            finally:
                reader.close()
                client.close_channel(reader.channel, payer.proof)
        except NotServed as error:
            raise Mistake(f"the meter at {url}: {error}") from None
    paid = f"{asset.format(payer.paid)} {asset.code}"
    sys.stderr.write(f"{reader.received} rows for {paid} on {reader.channel}: {reader.end}\n")


@meter.command("demo")
def demo(
    rows: Annotated[int, typer.Option(min=1, help="how many there are to read")] = 10_000,
    price: Price = "0.000001",
    window: Window = WINDOW_ROWS,
    as_json: Json = False,
) -> None:
    """Show a seller and four readers on one market in this process: two pay, two do not.

    Example: souq meter demo --rows 10000
    """
    with Client.local() as market:
        sol = market.join("sol")
        amount = _amount(price, sol.asset)
        told = [f"row {n}" for n in range(rows)]
        seller = Meter(sol.client, told, price=amount, window_rows=window, patience_s=1.0)
        with listening(seller) as url:
            found = [_demonstrated(market, seller, url, name, amount) for name in READERS]
        due, paid = sum(seller.due.values()), seller.settle()
        if as_json:
            write_json({"readers": found, "due_units": due, "settled_units": paid})
            return
        grid(
            f"{rows} rows at {price} {sol.asset.code} each, {window} of them on trust",
            ["reader", "rows", "paid", "unpaid rows", "end"],
            [
                [str(cell) for cell in (one.reader, one.rows, one.paid, one.unpaid_rows, one.end)]
                for one in found
            ],
        )
        told_paid = f"{sol.asset.format(paid)} of {sol.asset.format(due)} {sol.asset.code} due"
        console.print(f"Settled in one command: {told_paid}.")


class Shown(Struct, frozen=True):
    """What became of one reader, by the seller's count."""

    reader: str
    rows: int
    paid: str
    unpaid_rows: int
    end: str


class Stingy(SigningPayer):
    """Stops paying at some point, and reads on."""

    def __init__(self, most: int) -> None:
        """Pay no more than so many units."""
        super().__init__()
        self._most = most

    def pay(self, units: int) -> Voucher:
        """Pay, up to the most it will."""
        if self.paid + units > self._most:
            raise Spent("no more")
        return super().pay(units)


class Forger(SigningPayer):
    """Pays its ticket; nobody signed the vouchers after it."""

    def pay(self, units: int) -> Voucher:
        """Pay, or pretend to."""
        voucher = super().pay(units)
        return voucher if voucher.units == units else Voucher(voucher.units, "0" * 128)


def _demonstrated(market: Client, seller: Meter, url: str, name: str, price: Money) -> Shown:
    rows = offer_at(url).rows
    units = price.units * rows
    payer: Payer
    match name:
        case "hashes":
            payer = ChainPayer(unit=price.units, length=min(LENGTH_MAX, rows))
        case "stops paying":
            payer = Stingy(units // 2)
        case "forges":
            payer = Forger()
        case _:
            payer = SigningPayer()
    asset = market.get_market().rules.assets[0]
    bea = market.join(name, deposit=asset.format(units))
    reader = _entered(bea.client, url, Money(units, price.asset), payer)
    end = ""
    try:
        for _ in reader.rows():
            pass
    except NotServed as error:
        end = str(error)
    reader.close()
    paid = seller.due[reader.channel]
    unpaid = seller.sent[reader.channel] - paid // price.units
    return Shown(name, reader.received, asset.format(paid), unpaid, end or reader.end)


def _entered(client: Client, url: str, deposit: Money, payer: Payer) -> Reader:
    """Open a channel to a meter's agent, and give its reader."""
    opened = client.open_channel(offer_at(url).payee, deposit, payer.means)
    id: str = opened.events[0].channel
    payer.enter(client.get_channel(id))
    return Reader(url, payer, id)


@contextmanager
def listening(seller: Meter) -> Iterator[str]:
    """Serve a meter in a thread, on a free port; give its URL."""
    socket = bind("127.0.0.1", 0)
    server = Listener(seller.app, proxies=(), on_exit=lambda: None)
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    try:
        yield url_of(socket)  # who comes early waits in the socket's queue
    finally:
        server.should_exit = True
        thread.join()


async def _sell(seller: Meter, host: str, port: int) -> None:
    """Listen until Ctrl-C or SIGTERM, ending meanwhile what must be ended in time."""
    socket = bind(host, port)
    server = Listener(seller.app, proxies=(), on_exit=lambda: None)
    on_signals(asyncio.get_running_loop(), server.stop)
    console.print(f"{seller.payee} sells at {url_of(socket)}", soft_wrap=True)
    serving = asyncio.create_task(server.serve([socket]))
    while not serving.done():
        await asyncio.wait((serving,), timeout=SETTLE_EVERY_S)
        await asyncio.to_thread(seller.settle_due)


def _need_agent(client: Client) -> None:
    me = client.who_am_i()
    if me.kind != "agent":
        raise Mistake(f"this key speaks as {me.actor or 'nobody'}; bring an agent's key")


def _amount(text: str, asset: Asset) -> Money:
    try:
        amount = asset.parse(text)
    except ValueError as error:
        raise Mistake(str(error)) from None
    if amount.units < 1:
        raise Mistake(f"{text} is nothing")
    return amount
