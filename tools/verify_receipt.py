"""Verify a market's receipt offline:  python verify_receipt.py FILE [PUBLIC_KEY_IN_HEX]
It needs Python 3.11 and the package `cryptography`, and shares no code with the market."""
import hashlib, json, sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
def sha(data): return hashlib.sha256(data).digest()
def base64(raw): return urlsafe_b64encode(raw).rstrip(b"=").decode()
def unbase64(text): return urlsafe_b64decode(text + "=" * (-len(text) % 4))
def need(holds, why):
    if not holds: raise ValueError(why)
def dump(value, sort=True):  # the bytes that are signed and hashed: sorted keys, no white space
    return json.dumps(value, sort_keys=sort, separators=(",", ":"), ensure_ascii=False).encode()
def jcs(value):  # in the order of RFC 8785: keys by their UTF-16 units
    if not isinstance(value, dict):
        return [jcs(one) for one in value] if isinstance(value, list) else value
    return {name: jcs(value[name]) for name in sorted(value, key=lambda k: k.encode("utf-16-be"))}
def check_signed(said, key):  # Ed25519, over everything but the signature itself
    rest = dump({name: value for name, value in said.items() if name != "signature"})
    need(said["signature"] == said["signature"].lower(), "a signature is not in lower-case hex")
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    public.verify(bytes.fromhex(said["signature"]), rest)
def root(leaf, index, size, path):  # where a path leads to, by RFC 9162, 2.1.3.2
    need(0 <= index <= (last := size - 1), "a proof is for a place outside its tree")
    for one in map(bytes.fromhex, path):
        need(last > 0, "a proof is too long")
        if index & 1 or index == last:
            leaf = sha(b"\1" + one + leaf)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            leaf = sha(b"\1" + leaf + one)
        index, last = index >> 1, last >> 1
    return need(last == 0, "a proof is too short") or leaf
def check_act(market, parts, keys):  # a detached JWS over who asked what, of which market
    protected, signature = parts["act"].split("..")
    header, signature = json.loads(unbase64(protected)), unbase64(signature)
    key, caller, id = keys[header["kid"]], parts["caller"], parts["caller"]["command_id"]
    said = dict(actor=caller["actor"], command=parts["command"], command_id=id, market=market)
    message = f"{protected}.{base64(dump(jcs(said), False))}".encode()
    raw = bytes.fromhex(key["material"])
    need(key["owner"] == caller["actor"] and header["typ"] == "souq-act", "an act is another's")
    if key["kind"] == "ed25519":
        return Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), raw)
    public.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
def verify(data, key):
    said, events, hashes, records = json.loads(data), {}, {}, {}
    need(dump(said) + b"\n" == data and said["type"] == "souq-receipt/1", "not a receipt's bytes")
    head = said["head"]
    need(key in ("", head["key"]), "signed with another key than the one given")
    for one in (head, said): check_signed(one, head["key"])
    for record in said["records"]:  # each part leads to its record's root, that to the head's
        roots, parts, seq = set(), {}, record["seq"]
        for one in record["opened"]:
            place, part = (seq, one["number"]), one["part"]
            leaf = sha(b"\0" + bytes.fromhex(one["blinding"]) + dump(part))
            roots.add(root(leaf, one["number"], record["parts"], one["path"]))
            parts, hashes[place] = parts | part, leaf.hex()
            events |= {place: part["event"]} if "event" in part else {}
        need(len(roots) == 1 and parts["header"]["seq"] == seq, f"record {seq} is not of one piece")
        records[seq], leaf = parts, sha(b"\0" + roots.pop())
        top = root(leaf, seq - 1, head["size"], record["path"])
        need(top.hex() == head["root"], f"record {seq} does not stand in the signed tree")
    told = dump([*events.values()])
    for word in said["words"]:
        digest = "s1:" + sha(bytes.fromhex(word["salt"]) + dump(word["text"])).hex()
        need(digest == word["digest"] and digest.encode() in told, "no record vouches for a text")
    places, before = [(one["seq"], one["number"]) for one in said["steps"]], []
    need(sorted(places) == sorted(events), "steps and events differ")
    for place, one in zip(places, said["steps"], strict=True):
        need((hashes[place] == one["digest"]) & (one["parents"] in ([], before)), "a loose step")
        before = [one["digest"]] if one["parents"] else [*before, one["digest"]]
    keys = {one["fingerprint"]: one for one in events.values() if one["type"] == "KeyAdded"}
    acts = [check_act(head["market"], one, keys) for one in records.values() if "act" in one]
    (agreed,) = (one for one in events.values() if one["type"] == "AgreementReached")
    need(agreed["contract"] == said["contract"], "it shows another agreement")
    return head, said, agreed["agreement"]["legs"], records, len(acts)
def tell(head, said, legs, records, acts):
    yield f"PROVEN: deal {said['contract']} of market {head['market']}, by key {head['key']}"
    for leg in legs:
        units, what = leg.get("amount") or (leg["quantity"], leg["listing"])
        much = f"{Decimal(units).scaleb(-said['assets'].get(what, 0)):f} {what}"
        yield f"  {leg['giver']} gives {much} to {leg['taker']}"
    for one in said["steps"]:
        at = datetime.fromtimestamp(records[one["seq"]]["header"]["at"] // 10**6, UTC)
        yield f"  {at:%Y-%m-%d %H:%M:%S}  {one['step']}, in record {one['seq']}"
    yield f"{len(records)} of {head['size']} records shown; {acts} commands signed by their givers"
if __name__ == "__main__":
    try:
        print("\n".join(tell(*verify(Path(sys.argv[1]).read_bytes(), "".join(sys.argv[2:3])))))
    except Exception as error:  # whatever is wrong with it, it is no receipt
        sys.exit(f"NOT PROVEN: {error or 'a signature does not hold'}")
