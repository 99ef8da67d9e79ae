"""Criteria say how a delivery can be checked, in types and digests; the content stays outside.

    content     what is delivered has a known SHA-256, or one that its giver commits to before
    encrypted   the giver commits to a ciphertext and a key, and shows the key as it delivers
    rows        a table keeps a schema, with so many rows, of which some drawn by lot are looked at
    suite       a program passes a suite of tests, which is named by its digest before work starts
    probe       a service answers so many calls in time

The core checks what digests alone can tell. The rest is checked by whom the conditions name as
verifier: it reports to the market whether a delivery keeps its criteria.
"""

import hashlib

from msgspec import Struct

from souq.core.digest import check_digest
from souq.core.money import BPS
from souq.core.refusal import invalid
from souq.core.seal import canonical

CRITERIA_MAX = 8
ROWS_MAX = 1_000_000_000
SAMPLED_MAX = 10_000
CALLS_MAX = 1_000
WITHIN_MS_MAX = 60_000
SECONDS_MAX = 600
MEMORY_MIB_MAX = 8_192
CODE_MIN, CODE_MAX = 16, 128


class Content(Struct, frozen=True, tag="content", omit_defaults=True, forbid_unknown_fields=True):
    """`digest` is the SHA-256 of what is delivered; "": its giver commits to one beforehand."""

    digest: str = ""


class Encrypted(
    Struct, frozen=True, tag="encrypted", omit_defaults=True, forbid_unknown_fields=True
):
    """What is delivered is a key to a ciphertext; the giver has committed to both beforehand.

    `plaintext` is the SHA-256 of what the key opens, or "" where that is not known in advance.
    """

    plaintext: str = ""


class Rows(Struct, frozen=True, tag="rows", omit_defaults=True, forbid_unknown_fields=True):
    """`schema` is the SHA-256 of the JSON Schema that each row keeps; `rows_max` 0 is any number.

    `seed` commits the taker to what the sample is drawn with (see `of_code`); without one, the
    verifier draws it, and shows with what in its report.
    """

    schema: str
    rows_min: int = 1
    rows_max: int = 0
    sampled: int = 0
    seed: str = ""


class Suite(Struct, frozen=True, tag="suite", omit_defaults=True, forbid_unknown_fields=True):
    """`suite` is the SHA-256 of the tests; each of two runs has so much time and memory."""

    suite: str
    seconds: int = 10
    memory_mib: int = 512


class Probe(Struct, frozen=True, tag="probe", omit_defaults=True, forbid_unknown_fields=True):
    """Of `calls` to a service, this share is answered well and within so many milliseconds."""

    within_ms: int
    calls: int = 20
    share_bps: int = BPS


Criterion = Content | Encrypted | Rows | Suite | Probe


def check(criteria: tuple[Criterion, ...]) -> None:
    """Raise Refused(invalid) for criteria that nothing could be checked by."""
    if len(criteria) > CRITERIA_MAX or len({type(one) for one in criteria}) < len(criteria):
        raise invalid("conditions.criteria", "one of each kind at most")
    for one in criteria:
        match one:
            case Content(digest) | Encrypted(digest):
                _need_digest(digest, is_needed=False)
            case Rows(schema, rows_min, rows_max, sampled, seed):
                _need_digest(schema)
                _need_digest(seed, is_needed=False)
                _need("rows_min", rows_min, 0, ROWS_MAX)
                _need("rows_max", rows_max or ROWS_MAX, rows_min, ROWS_MAX)
                _need("sampled", sampled, 0, SAMPLED_MAX)
            case Suite(suite, seconds, memory_mib):
                _need_digest(suite)
                _need("seconds", seconds, 1, SECONDS_MAX)
                _need("memory_mib", memory_mib, 16, MEMORY_MIB_MAX)
            case Probe(within_ms, calls, share_bps):
                _need("within_ms", within_ms, 1, WITHIN_MS_MAX)
                _need("calls", calls, 1, CALLS_MAX)
                _need("share_bps", share_bps, 1, BPS)


def needs_artefact(criteria: tuple[Criterion, ...]) -> bool:
    """Tell whether there must be something to check, named by its digest."""
    return any(not isinstance(one, Probe) for one in criteria)


def needs_key(criteria: tuple[Criterion, ...]) -> bool:
    """Tell whether a key is shown with the delivery."""
    return any(isinstance(one, Encrypted) for one in criteria)


def known_digest(criteria: tuple[Criterion, ...]) -> str:
    """Give the digest that a delivery must have, where the conditions say it already."""
    if needs_key(criteria):
        return ""
    return next((one.digest for one in criteria if isinstance(one, Content)), "")


def needs_commitment(criteria: tuple[Criterion, ...]) -> bool:
    """Tell whether the giver must commit to what it will deliver before it does."""
    is_asked = any(isinstance(one, Content | Encrypted) for one in criteria)
    return is_asked and not known_digest(criteria)


def of_code(contract: str, code: str) -> str:
    """Give the digest that commits to a code, a key or a seed: SHA-256 over canonical JSON.

    `contract` is inside, so that one deal's is none of another's; "" for a seed, which is chosen
    before there is a contract.
    """
    return hashlib.sha256(canonical.encode(["souq.code.v1", contract, code])).hexdigest()


def check_code(field: str, code: str) -> None:
    """Raise Refused(invalid) for a code that could be guessed, or could not be read aloud."""
    is_written = code.isascii() and code.isalnum() and code == code.lower()
    if not (CODE_MIN <= len(code) <= CODE_MAX and is_written):
        raise invalid(field, f"{CODE_MIN} to {CODE_MAX} small letters and digits")


def _need_digest(text: str, *, is_needed: bool = True) -> None:
    if text or is_needed:
        check_digest("conditions.criteria", text)


def _need(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise invalid("conditions.criteria", f"{name} must be from {least} to {most}")
