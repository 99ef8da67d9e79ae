"""A record to take along: a W3C Verifiable Credential 2.0 that says how a principal has traded.

    signed = issue(evidence, good_milli=…, bad_milli=…, subject=…, key=…, issuer=…, at=…)
    told = check(signed, at=…, issuers={…})         # what another market may import

It names the subject by its key, the period, how contracts ended and of what size they were, and the
root of the evidence. What it is worth elsewhere is for the other market to say.
"""

import gzip
import hashlib
from base64 import urlsafe_b64decode
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from io import BytesIO

from msgspec import Struct

from souq.core import base64url
from souq.sdk import integrity
from souq.sdk.integrity import Json, Resolve, Unproven
from souq.sdk.signing import KeyFile
from souq.views.track_record import Evidence

CONTEXT = "https://www.w3.org/ns/credentials/v2"
TYPE = "TradingRecordCredential"
METHOD = "souq-beta-sqrt"
VERSION = 1
VALID_DAYS = 180
STATUS_BITS = 131_072  # the least that a status list may have
_MOST = 10**12


class Told(Struct, frozen=True):
    """What a checked statement says, as `ImportReputation` wants it."""

    issuer: str
    source: str
    subject_key: str
    digest: str
    evidence_root: str
    from_at: int
    until_at: int
    valid_until: int
    good_milli: int
    bad_milli: int
    is_status_known: bool


def issue(
    evidence: Evidence,
    *,
    good_milli: int,
    bad_milli: int,
    subject: str,
    key: KeyFile,
    at: datetime,
    issuer: str = "",
    valid_days: int = VALID_DAYS,
    status_list: str = "",
) -> Json:
    """Write and sign a statement. `subject` is a key in hex, `issuer` a did:web or left out."""
    if key.kind != "ed25519":
        raise Unproven("a statement is signed with an Ed25519 key")
    by = issuer or integrity.did_key(key.material)
    record = {
        "market": evidence.market,
        "from": evidence.from_at,
        "until": evidence.until_at,
        "outcomes": evidence.outcomes,
        "valueBands": evidence.bands,
        "disputes": evidence.disputes,
        "counterparties": evidence.counterparties,
        "goodMilli": good_milli,
        "badMilli": bad_milli,
        "method": {"id": METHOD, "version": VERSION},
        "evidenceRoot": evidence.root,
    }
    name = hashlib.sha256(f"{by} {evidence.root} {subject} {at.isoformat()}".encode()).hexdigest()
    document: Json = {
        "@context": [CONTEXT, {"@vocab": "urn:souq:terms#"}],
        "id": f"urn:souq:statement:{name}",
        "type": ["VerifiableCredential", TYPE],
        "issuer": by,
        "validFrom": _stamp(at),
        "validUntil": _stamp(at + timedelta(days=valid_days)),
        "credentialSubject": {"id": integrity.did_key(subject), "tradingRecord": record},
    }
    if status_list:
        index = int(name[:8], 16) % STATUS_BITS
        document["credentialStatus"] = {
            "id": f"{status_list}#{index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(index),
            "statusListCredential": status_list,
        }
    return integrity.sign(document, key.secret, issuer=by, at=at)


def check(
    document: Json,
    *,
    at: datetime,
    issuers: Collection[str],
    resolve: Resolve | None = None,
    status: Json | None = None,
) -> Told:
    """Give what a statement says, once it is proven. Raises Unproven for anything else.

    `issuers` are those that are believed at all; `status` is the issuer's list of what it has
    revoked.
    """
    issuer = document.get("issuer")
    if not isinstance(issuer, str) or issuer not in issuers:
        raise Unproven("the issuer is none that is believed here")
    integrity.check(document, issuer=issuer, resolve=resolve)
    kinds = document.get("type")
    if not isinstance(kinds, list) or TYPE not in kinds or "VerifiableCredential" not in kinds:
        raise Unproven("not a statement of a trading record")
    contexts = document.get("@context")
    if not isinstance(contexts, list) or contexts[:1] != [CONTEXT]:
        raise Unproven("not a Verifiable Credential 2.0")
    begins, ends = _instant(document, "validFrom"), _instant(document, "validUntil")
    if at < begins:
        raise Unproven("the statement is not valid yet")
    if at >= ends:
        raise Unproven("the statement has expired")
    subject = document.get("credentialSubject")
    record = subject.get("tradingRecord") if isinstance(subject, dict) else None
    if not isinstance(subject, dict) or not isinstance(record, dict):
        raise Unproven("the statement says nothing of anybody's trading")
    if record.get("method") != {"id": METHOD, "version": VERSION}:
        raise Unproven("the record was worked out by a method that is not known here")
    return Told(
        issuer=issuer,
        source=_text(record, "market"),
        subject_key=integrity.material_of(_text(subject, "id")),
        digest=integrity.digest(document),
        evidence_root=_text(record, "evidenceRoot"),
        from_at=_number(record, "from", 2**53),
        until_at=_number(record, "until", 2**53),
        valid_until=int(ends.timestamp()) * 1_000_000,
        good_milli=_number(record, "goodMilli", _MOST),
        bad_milli=_number(record, "badMilli", _MOST),
        is_status_known=_is_standing(document, issuer, resolve, status),
    )


def status_list(
    url: str, revoked: Collection[int], *, key: KeyFile, at: datetime, issuer: str = ""
) -> Json:
    """Write and sign the list of what an issuer has revoked, as a Bitstring Status List."""
    bits = bytearray(STATUS_BITS // 8)
    for index in sorted(revoked):
        if not 0 <= index < STATUS_BITS:
            raise Unproven(f"a place in the list stands between 0 and {STATUS_BITS - 1}")
        bits[index // 8] |= 128 >> index % 8
    by = issuer or integrity.did_key(key.material)
    packed = base64url.encoded(gzip.compress(bytes(bits), mtime=0))
    document: Json = {
        "@context": [CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": by,
        "validFrom": _stamp(at),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": f"u{packed}",
        },
    }
    return integrity.sign(document, key.secret, issuer=by, at=at)


def _is_standing(document: Json, issuer: str, resolve: Resolve | None, status: Json | None) -> bool:
    """Tell whether a statement is known to stand. Raises Unproven where it was revoked."""
    entry = document.get("credentialStatus")
    if entry is None:
        return True  # it cannot be revoked before it expires
    if status is None:
        return False
    if not isinstance(entry, dict) or entry.get("statusListCredential") != status.get("id"):
        raise Unproven("not the list that the statement says its status stands in")
    if status.get("issuer") != issuer:
        raise Unproven("the list of what is revoked is by another issuer")
    integrity.check(status, issuer=issuer, resolve=resolve)
    subject = status.get("credentialSubject")
    bits = _unpacked(_text(subject if isinstance(subject, dict) else {}, "encodedList"))
    index = _text(entry, "statusListIndex")
    if not index.isascii() or not index.isdigit() or int(index) >= len(bits) * 8:
        raise Unproven("the statement has no place in the list")
    place = int(index)
    if bits[place // 8] & 128 >> place % 8:
        raise Unproven("the statement was revoked")
    return True


def _unpacked(text: str) -> bytes:
    try:
        raw = urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))
        with gzip.GzipFile(fileobj=BytesIO(raw)) as file:
            bits = file.read(STATUS_BITS + 1)
    except (ValueError, OSError, EOFError):
        raise Unproven("the list of what is revoked cannot be read") from None
    if text[:1] != "u" or not STATUS_BITS // 8 <= len(bits) <= STATUS_BITS:
        raise Unproven("the list of what is revoked cannot be read")
    return bits


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(document: Json, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(_text(document, name))
    except ValueError:
        raise Unproven(f"{name} is no instant") from None
    if found.tzinfo is None:
        raise Unproven(f"{name} names no time zone")
    return found


def _text(of: Json, name: str) -> str:
    found = of.get(name)
    if not isinstance(found, str):
        raise Unproven(f"{name} is missing")
    return found


def _number(of: Json, name: str, most: int) -> int:
    found = of.get(name)
    if type(found) is not int or not 0 <= found <= most:
        raise Unproven(f"{name} is no whole number between 0 and {most}")
    return found
