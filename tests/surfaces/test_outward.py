"""Where a webhook may go: the public internet, by the address that was judged, and nowhere else."""

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import Sequence
from pathlib import Path
from random import Random

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from souq.core.webhook import _URL
from souq.surfaces.outward import Outward, Unreachable, is_public, parsed
from tests.surfaces.listener import listening

OURS = """
127.0.0.1 127.8.8.8 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1
169.254.169.254 169.254.1.1 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192 192.0.0.8
192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1 239.1.1.1 240.0.0.1
255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::ffff:10.0.0.1
::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::169.254.169.254 64:ff9b:1::1 100::1
2001::1 2001:0:7f00:1:: 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe:: 3fff::1 5f00::1
fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
"""
PUBLIC = ("1.1.1.1", "8.8.8.8", "93.184.215.14", "::ffff:8.8.8.8", "2606:4700::1111", "2a00::1")

# Ways to write an address of ours that the system's resolver understands, or that nobody does.
SPELLINGS = """
127.0.0.1 localhost localhost. 2130706433 0x7f000001 0x7f.1 127.1 127.0.1 0 0x0 017700000001
0177.0.0.1 127.0.0.1. [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:0:0:1]
"""


@pytest.mark.parametrize("address", OURS.split())
def test_what_is_not_public_is_not_called(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_called(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "2130706433", "127.1", "8.8.8.8/32"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


def post(url: str, outward: Outward) -> int:
    async def scene() -> int:
        try:
            async with asyncio.timeout(60):  # a name server that is away takes long
                return await outward.post(parsed(url), {}, b"{}")
        finally:
            await outward.close()

    return asyncio.run(scene())


@pytest.mark.parametrize("host", SPELLINGS.split())
def test_no_spelling_of_an_address_of_ours_gets_in(host: str) -> None:
    with listening() as listener:
        with pytest.raises(Unreachable):
            post(f"https://{host}:{listener.port}/", Outward())
        assert listener.got == []
        assert not listener.connections


class Careless(Outward):
    """A caller that judges no address."""

    async def _judged(self, url: httpx2.URL) -> list[str]:
        return list(await self._resolve(url.host, url.port or 443))


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]"])
def test_without_judgement_these_spellings_would_get_in(host: str) -> None:
    """The bug that the test above is there to catch, planted."""
    with listening() as listener:
        with pytest.raises(Unreachable):  # it speaks no TLS
            post(f"https://{host}:{listener.port}/", Careless())
        assert listener.connections


def test_without_tls_nobody_is_called_but_by_leave() -> None:
    with listening() as listener:
        with pytest.raises(Unreachable, match="https"):
            post(listener.url, Outward())
        assert post(listener.url, Outward(allow_private=True)) == 200


class Names:
    """A name server that answers as it is told, one answer a question."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0)


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["8.8.8.8", "::1"], ["::ffff:10.0.0.1"], []])
def test_a_name_with_any_address_of_ours_is_refused(answer: list[str]) -> None:
    names = Names(answer)
    with pytest.raises(Unreachable, match="address"):
        post("https://rebind.example/", Outward(resolve=names))


def test_a_name_is_asked_once_and_the_judged_address_is_called() -> None:
    """A name that would say another address the second time is never asked a second time."""
    with listening() as listener:
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        outward = Outward(allow_private=True, resolve=names)
        assert post(f"http://no.such.example:{listener.port}/in", outward) == 200
        (got,) = listener.got
        assert got.headers["host"] == f"no.such.example:{listener.port}"
        assert names.asked == 1


def test_the_next_address_is_tried_where_nobody_listens() -> None:
    with listening() as listener:
        names = Names(["::1", "127.0.0.1"])
        outward = Outward(allow_private=True, resolve=names)
        assert post(f"http://two.example:{listener.port}/in", outward) == 200
        assert len(listener.got) == 1


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for a name; give a server's context and that of who trusts it."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = folder / "listener.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    trust = ssl.create_default_context(cadata=made.public_bytes(Encoding.PEM).decode())
    return server, trust


def test_tls_asks_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    server, trust = _certificate(tmp_path, "agent.example")
    with listening(server) as listener:

        def ask(name: str, trusted: ssl.SSLContext | None) -> int:
            names = Names(["127.0.0.1"])
            outward = Outward(allow_private=True, resolve=names, trust=trusted)
            return post(f"https://{name}:{listener.port}/in", outward)

        assert ask("agent.example", trust) == 200
        assert listener.names == ["agent.example"]
        for name, trusted in (("other.example", trust), ("agent.example", None)):
            with pytest.raises(Unreachable):
                ask(name, trusted)
        assert len(listener.got) == 1


@pytest.mark.parametrize("seed", range(24))
def test_whatever_address_the_market_takes_the_caller_survives_it(seed: int) -> None:
    chance = Random(seed)
    letters = "aZ09.-" if seed % 3 else "a."
    host = "a" + "".join(chance.choices(letters, k=chance.choice((3, 9, 70, 200)))) + "z"
    path = "".join(chance.choices("/?:@!$&'()*+,;=._~%-a0", k=12))
    with listening() as listener:
        for scheme in ("http", "https"):
            url = f"{scheme}://{host}:{listener.port}/{path}"
            assert _URL.fullmatch(url)
            names = Names(["127.0.0.1"])
            with contextlib.suppress(Unreachable):
                assert post(url, Outward(allow_private=True, resolve=names)) == 200
            with contextlib.suppress(Unreachable):
                post(url, Outward())


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "https:///x", "//a.example/", "https://[::1/", "file:///etc/passwd"]
)
def test_what_is_no_address_of_the_web_is_malformed(url: str) -> None:
    with pytest.raises(Unreachable, match="malformed"):
        parsed(url)
