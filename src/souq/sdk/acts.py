"""Commands signed by whoever gives them, so that a receipt proves them to a stranger.

    bea = Client(url, key=Path("bea.key"), signs=True)      # every command carries her signature

What is signed says the market, the actor, the command's id and the command, words as their salted
digests: see `core.act`. The salt goes with the signature, for the market to seal the words with.
"""

import secrets
from typing import Any

from souq.core import base64url
from souq.core.act import TYPE, Header, signing_input
from souq.core.credential import BEARER
from souq.core.seal import SALT_BYTES, canonical
from souq.core.signature import thumbprint
from souq.journal.admission import FIELDS
from souq.journal.sealing import salts_of, seal
from souq.sdk.signing import KeyFile, signature_of

HEADER = "Souq-Act"
_ALGORITHMS = {"ed25519": "EdDSA", "es256": "ES256"}


class Acts:
    """Signs what one actor asks of one market."""

    def __init__(self, key: KeyFile, *, market: str, actor: str) -> None:
        """Take one of the actor's keys. Raises ValueError for a bearer secret, which cannot sign.

        `market` is the market's name, as its rules say it.
        """
        if key.kind == BEARER:
            raise ValueError("a bearer secret cannot sign; make a key with: souq keys new me.key")
        self._key = key
        self._market = market
        self._actor = actor
        header = Header(_ALGORITHMS[key.kind], thumbprint(key.kind, key.material), TYPE)
        self._protected = base64url.encoded(canonical.encode(header))

    def sign(self, command: Any, id: str) -> str:
        """Give what goes with a command that is sent under this id; another id needs another."""
        secret = ""
        if type(command) in FIELDS:
            secret = secrets.token_hex(SALT_BYTES)
            command, _ = seal(command, salts_of(secret, self._actor, id))
        message = signing_input(
            self._protected, market=self._market, actor=self._actor, id=id, command=command
        )
        jws = f"{self._protected}..{base64url.encoded(signature_of(self._key, message))}"
        return f"{jws};{secret}" if secret else jws
