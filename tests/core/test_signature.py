"""Public keys and what is signed with them, against the examples of the standards."""

from base64 import b64decode
from typing import Any, NamedTuple

import pytest
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver, algorithms

from souq.core.credential import Kind
from souq.core.signature import is_signed, jwk, public_key, thumbprint


# Of RFC 9421, Appendix B: B.2.6 for Ed25519, B.2.4 for ES256.
class Example(NamedTuple):
    kind: Kind
    keyid: str
    material: str
    message: Any
    base: str
    signature_input: str
    signature: str


class _Request(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]


class _Response(NamedTuple):
    status_code: int
    headers: dict[str, str]


def _hex(base64url: str) -> str:
    return b64decode(base64url + "=", altchars=b"-_").hex()


_JSON = {"Content-Type": "application/json"}
_SHA512 = (
    "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgf"
    "LQ==:"
)
_CREATED = "created=1618884473"
EXAMPLES = [
    Example(
        "ed25519",
        "test-key-ed25519",
        _hex("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"),
        _Request(
            "POST",
            "https://example.com/foo?param=Value&Pet=dog",
            {"Date": "Tue, 20 Apr 2021 02:07:55 GMT", **_JSON, "Content-Length": "18"},
        ),
        '"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n'
        '"@authority": example.com\n"content-type": application/json\n"content-length": 18\n',
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        f';{_CREATED};keyid="test-key-ed25519"',
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    ),
    Example(
        "es256",
        "test-key-ecc-p256",
        "03" + _hex("qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA"),
        _Response(200, {**_JSON, "Content-Digest": _SHA512, "Content-Length": "23"}),
        f'"@status": 200\n"content-type": application/json\n"content-digest": {_SHA512}\n'
        '"content-length": 23\n',
        '("@status" "content-type" "content-digest" "content-length")'
        f';{_CREATED};keyid="test-key-ecc-p256"',
        "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
    ),
]
_LIBRARY = {"ed25519": algorithms.ED25519, "es256": algorithms.ECDSA_P256_SHA256}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.kind)
def test_the_standard_s_own_signatures_hold(example: Example) -> None:
    base = f'{example.base}"@signature-params": {example.signature_input}'.encode()
    signature = b64decode(example.signature)
    assert is_signed(example.kind, example.material, signature, base)
    assert not is_signed(example.kind, example.material, signature, base + b" ")
    assert not is_signed(example.kind, example.material, signature[:-1], base)
    assert not is_signed(example.kind, example.material, signature + b"\0", base)
    assert not is_signed(example.kind, example.material, bytes(64), base)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one.kind)
def test_the_library_judges_the_standard_s_own_messages_as_it_must(example: Example) -> None:
    key = public_key(example.kind, example.material)
    verifier = HTTPMessageVerifier(
        signature_algorithm=_LIBRARY[example.kind],
        key_resolver=MappingKeyResolver(public_keys={example.keyid: key}, private_keys={}),
    )
    headers = {
        **example.message.headers,
        "Signature-Input": f"sig={example.signature_input}",
        "Signature": f"sig=:{example.signature}:",
    }
    found = verifier.verify(example.message._replace(headers=headers), max_age=None)
    assert found[0].parameters["keyid"] == example.keyid


def test_a_public_key_is_named_as_rfc_8037_names_it() -> None:
    material = _hex("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    assert thumbprint("ed25519", material) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_p_256_key_s_two_numbers_are_those_of_its_point() -> None:
    told = jwk("es256", EXAMPLES[1].material)
    assert told["x"] == "qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA"
    assert told["y"] == "Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0"
