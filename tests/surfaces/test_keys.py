"""Keys at rest: made once, read by their owner alone, told to others by their public half."""

import re
import threading
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from souq.core.credential import Kind
from souq.core.signature import thumbprint
from souq.sdk.signing import KeyFile, load_key, new_key_file
from souq.surfaces.auth import Unauthenticated
from souq.surfaces.signatures import MarketKey, jwks
from tests.surfaces.requests import (
    BODY,
    HOST,
    PATH,
    SIGNED,
    Door,
    Sent,
)


@pytest.fixture
def door() -> Door:
    return Door()


def _raw(base64url: str) -> bytes:
    return b64decode(base64url + "=", altchars=b"-_")


def unproven(door: Door, sent: Sent, why: str | None = None) -> None:
    with pytest.raises(Unauthenticated, match=why):
        door.ask(sent)


# The market's own key.


def test_the_market_s_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "market.pem"
    made = MarketKey.load_or_make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert MarketKey.load_or_make(path).jwk == made.jwk
    assert [one.name for one in tmp_path.iterdir()] == ["market.pem"]


def test_starts_at_the_same_time_agree_on_the_market_s_key(tmp_path: Path) -> None:
    path, found, gate = tmp_path / "market.pem", list[str](), threading.Barrier(8)

    def start() -> None:
        gate.wait()
        found.append(MarketKey.load_or_make(path).fingerprint)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["market.pem"]


def test_a_file_that_holds_no_ed25519_key_is_refused_and_left_alone(tmp_path: Path) -> None:
    other = generate_private_key(SECP256R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for text in (pem, b"", b"no key"):
        path = tmp_path / "market.pem"
        path.write_bytes(text)
        with pytest.raises(ValueError, match=r"Ed25519|PEM"):
            MarketKey.load_or_make(path)
        assert path.read_bytes() == text


def test_the_market_s_public_keys_are_a_json_web_key_set(tmp_path: Path) -> None:
    path = tmp_path / "market.pem"
    key = MarketKey.load_or_make(path)
    private: Any = load_pem_private_key(path.read_bytes(), None)
    public = private.public_key().public_bytes_raw()
    (told,) = jwks(key)["keys"]
    assert told == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": told["x"],
        "kid": key.fingerprint,
        "use": "sig",
        "alg": "EdDSA",
    }
    assert re.fullmatch("[A-Za-z0-9_-]{43}", told["x"])
    assert _raw(told["x"]).hex() == public.hex()
    assert key.fingerprint == thumbprint("ed25519", public.hex())
    assert jwks() == {"keys": []}
    assert "private" not in repr(key).lower()


def test_what_the_market_sends_is_signed_for_its_receivers_and_for_nobody_s_door(
    tmp_path: Path, door: Door
) -> None:
    path = tmp_path / "market.pem"
    key = MarketKey.load_or_make(path)
    told = key.sign_headers("POST", f"https://{HOST}{PATH}", BODY, "i-1", door.now_s)
    (public,) = jwks(key)["keys"]
    # A foolish owner gives the market's public key as its own: its webhooks still command nothing.
    door.add(KeyFile("ed25519", "", _raw(public["x"]).hex(), "A1"))
    headers = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    unproven(door, Sent([*headers, (b"host", HOST.encode())]), "not made for this use")


# The client's key files.


@pytest.mark.parametrize("kind", ["bearer", *SIGNED])
def test_a_key_file_is_read_by_its_owner_alone_and_never_overwritten(
    tmp_path: Path, kind: Kind
) -> None:
    path = tmp_path / "bea.key"
    made = new_key_file(path, kind, "A1")
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path) == made
    assert made.secret not in repr(made)
    with pytest.raises(FileExistsError):
        new_key_file(path, kind, "A1")
    assert load_key(path) == made


@pytest.mark.parametrize("text", [b"", b"{}", b'{"kind":"rsa","secret":"","material":""}', b"\xff"])
def test_a_file_that_holds_no_key_is_told_so(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "bea.key"
    path.write_bytes(text)
    with pytest.raises(ValueError, match="no key file"):
        load_key(path)
