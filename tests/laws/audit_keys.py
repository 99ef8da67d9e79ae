"""The auditor's own list of keys: who may add and end them, and that none is ever used twice."""

import hashlib
from base64 import urlsafe_b64encode

from tests.laws.audit_money import Json, need

KINDS = frozenset({"KeyAdded", "KeyRevoked"})
KEYS_MAX = 16


class Keys:
    """Sees whole records; `principals` is the auditor's list of agents, which it fills."""

    def __init__(self, principals: dict[str, str]) -> None:
        self.principals = principals
        self.live: dict[str, Json] = {}
        self.used: set[str] = set()
        self.count = 0

    def see(self, actor: str, command: Json, events: list[Json], at: int) -> None:
        """Read one accepted record."""
        told = {"AddKey": "KeyAdded", "RevokeKey": "KeyRevoked"}.get(command["type"])
        need(not told or told == events[-1]["type"], "keys", f"{command['type']} does nothing")
        for event in events:
            if event["type"] == "KeyAdded":
                self._added(actor, command, event, at)
            elif event["type"] == "KeyRevoked":
                self._revoked(actor, command, event["key"], at)
        if command["type"] == "AddKey":
            need(command.get("replaces") not in self.live, "keys", "what is replaced lives on")
        keyed = command["type"] in ("RegisterPrincipal", "RegisterAgent") and command.get("key")
        need(not keyed or events[-1]["type"] == "KeyAdded", "keys", "a key is lost at registering")

    def _added(self, actor: str, command: Json, event: Json, at: int) -> None:
        self.count += 1
        owner, material = event["owner"], event["material"]
        need(event["key"] == f"K{self.count}", "keys", f"{event['key']} is out of order")
        if command["type"] == "AddKey":
            may = actor in ("operator", self.principals.get(owner, owner))
            is_agent = actor in self.principals or actor[0] == "O"
            need(may and not is_agent, "authority", f"{actor} plants a key for {owner}")
            asked = (command["owner"], command["kind"], command["material"])
            need(asked == (owner, event["kind"], material), "keys", "another key than asked for")
            need(event.get("expires_at") == command.get("expires_at"), "keys", "another expiry")
        else:
            need(event["kind"] == "ed25519" and material == command["key"], "keys", "another key")
        need(event.get("expires_at", at + 1) > at, "keys", "a key is added that is over")
        need(material not in self.used, "keys", "a key comes twice")
        self.used.add(material)
        self._fingerprint(event)
        self.live[event["key"]] = event
        held = [key for key in self.live.values() if key["owner"] == owner]
        need(len(held) <= KEYS_MAX, "keys", f"{owner} holds {len(held)} keys")

    def _fingerprint(self, event: Json) -> None:
        expected = event["material"]
        if event["kind"] == "ed25519":
            x = _base64url(bytes.fromhex(expected))
            members = f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
            expected = _base64url(hashlib.sha256(members.encode()).digest())
        if event["kind"] != "es256":  # its y takes a curve to work out: see tests/core
            need(event["fingerprint"] == expected, "keys", f"another fingerprint: {event}")

    def _revoked(self, actor: str, command: Json, id: str, at: int) -> None:
        need(id in self.live, "keys", f"{id} ends, and was not live")
        key = self.live.pop(id)
        owner = key["owner"]
        if command["type"] == "RevokeKey":
            need(command["key"] == id, "keys", f"{id} ends, and {command['key']} was meant")
            may = actor in ("operator", owner, self.principals.get(owner))
            need(may, "authority", f"{actor} ends {owner}'s {id}")
        elif command["type"] == "ErasePrincipal":
            whose = self.principals.get(owner, owner)
            need(whose == command["principal"], "keys", f"{id} ends with {command['principal']}")
        else:
            need(owner == command["owner"], "authority", f"{owner}'s {id} is replaced")
            is_over = key.get("expires_at", at + 1) <= at
            need(command.get("replaces") == id or is_over, "keys", f"{id} ends for no reason")


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
