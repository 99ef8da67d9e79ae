"""Micropayments: what a payee verifies, beside what the libraries do, and what it settles."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from souq.core.channel import OpenChannel
from souq.core.channel_batch import CLAIMS_MAX, Claim, SettleChannels
from souq.core.funds import ReportDeposit
from souq.core.mandate import GrantMandate, Limits, SecretLimits
from souq.core.money import Money
from souq.core.party import RegisterAgent, RegisterPrincipal
from souq.core.rules import OPERATOR, OpenMarket, Rules
from souq.core.seal import PublicText
from souq.core.voucher import LENGTH_MAX, Proof
from souq.engine import Engine
from souq.journal.memory import MemoryStore
from souq.operations.channel_queries import Channel
from souq.sdk.channels import ChainPayer, Payee, Payer, SigningPayer

Rate = Callable[[str, int, Callable[[], object]], None]
VERIFY, SHA256 = "   cryptography, Ed25519 verify", "   hashlib, SHA-256 of 32 bytes"
VOUCHERS = "f  vouchers verified by a payee"
WORDS = "f  PayWord payments verified, each by itself"
JUMPS = "f  PayWord payments verified, a proof for 100"
SETTLED_SIGNED = "f  channels settled, 1,000 signed in a command"
SETTLED_CHAINS = "f  channels settled, 1,000 chains of 10 in a command"
RATIOS = ((VOUCHERS, VERIFY), (WORDS, SHA256), (SETTLED_SIGNED, VERIFY))


def rates(rate: Rate, scale: float) -> None:
    """Measure every rate once, each beside its yardstick."""
    few, many = max(200, int(5_000 * scale)), max(1, int(61 * scale))
    key, message = Ed25519PrivateKey.generate(), b"x" * 60
    public, signature = key.public_key(), key.sign(message)
    rate(VERIFY, few, lambda: [public.verify(signature, message) for _ in range(few)])
    signed, payee = _pair(SigningPayer())
    vouchers: list[Proof] = [signed.pay(1) for _ in range(few)]
    rate(VOUCHERS, few, lambda: [payee.take(one) for one in vouchers])
    hashes = many * LENGTH_MAX
    rate(SHA256, hashes, lambda: _hash(hashes))
    pairs = [_pair(ChainPayer()) for _ in range(many)]
    words = [[payer.pay_word() for _ in range(LENGTH_MAX)] for payer, _ in pairs]
    streams = list(zip(words, (payee for _, payee in pairs), strict=True))
    rate(WORDS, hashes, lambda: [payee.take_words(stream) for stream, payee in streams])
    pairs = [_pair(ChainPayer()) for _ in range(many)]
    proofs = [[payer.pay(100) for _ in range(LENGTH_MAX // 100)] for payer, _ in pairs]
    jumps = list(zip(proofs, (payee for _, payee in pairs), strict=True))
    count = many * (LENGTH_MAX // 100) * 100
    rate(JUMPS, count, lambda: [payee.take(one) for some, payee in jumps for one in some])
    batches = max(1, int(4 * scale))
    for name, make in ((SETTLED_SIGNED, SigningPayer), (SETTLED_CHAINS, _short_chain)):
        engine, commands = _to_settle(make, batches)
        rate(name, batches * CLAIMS_MAX, lambda e=engine, c=commands: _settle(e, c))  # type: ignore[misc]


def _hash(times: int) -> None:
    word, sha256 = bytes(32), hashlib.sha256
    for _ in range(times):
        word = sha256(word).digest()


def _short_chain() -> ChainPayer:
    return ChainPayer(length=10)


def _pair(payer: Any) -> tuple[Any, Payee]:
    """Give a payer and a payee on one channel that no market has."""
    told = Channel("X1", "souq", "A1", "A2", Money(10**9, "USD"), payer.means, 1, 1, "open", 2)
    payer.enter(told)
    return payer, Payee(told)


def _to_settle(make: Callable[[], Payer], batches: int) -> tuple[Engine, list[SettleChannels]]:
    """Open channels on a market in memory, and pay on each; give the commands that end them."""
    engine = Engine(MemoryStore())
    limits = SecretLimits(Limits(lifetime_units=10**12, window_units=10**12))
    engine.submit(OPERATOR, "open", OpenMarket(Rules(fee_bps=100))).need()
    for n in (1, 2):
        engine.submit(OPERATOR, f"p{n}", RegisterPrincipal(PublicText("somebody"))).need()
        engine.submit(OPERATOR, f"a{n}", RegisterAgent(f"P{n}", PublicText("agent"))).need()
        engine.submit(f"P{n}", f"m{n}", GrantMandate(f"A{n}", limits)).need()
    engine.submit(OPERATOR, "d", ReportDeposit("P1", Money(10**12, "USD"))).need()
    claims: list[Claim] = []
    for n in range(batches * CLAIMS_MAX):
        payer = make()
        opening = OpenChannel("A2", Money(1_000, "USD"), payer.means)
        answer = engine.submit("A1", f"c{n}", opening).need()
        opened = answer.events[0]
        payer.enter(
            Channel(
                *(opened.channel, "souq", "A1", "A2", opened.deposit, opened.means),
                *(answer.at, opened.window_us, "open", opened.expires_at),
            )
        )
        claims.append(Claim(opened.channel, payer.pay(10)))
    starts = range(0, len(claims), CLAIMS_MAX)
    return engine, [SettleChannels(tuple(claims[n : n + CLAIMS_MAX])) for n in starts]


def _settle(engine: Engine, commands: list[SettleChannels]) -> None:
    for command in commands:
        answer = engine.submit("A2", secrets.token_hex(8), command).need()
        assert len(answer.events[0].channels) == CLAIMS_MAX
