"""A record taken along says what happened, for one key, for a time; or it is refused."""

import gzip
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from souq.sdk import integrity, statement
from souq.sdk.integrity import Unproven
from souq.sdk.signing import KeyFile, new_key
from souq.views.track_record import Evidence, merkle_root

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
LIST = "https://north.example/revoked"
SUBJECT = new_key("ed25519").material


def made(key: KeyFile, **other: Any) -> integrity.Json:
    evidence = Evidence(
        market="ab" * 32, outcomes={"fulfilled": 3}, until_at=10**15, leaves=("cd" * 32,)
    )
    options = {"good_milli": 3_000, "bad_milli": 500, "subject": SUBJECT, "at": AT, **other}
    return statement.issue(evidence, key=key, **options)


def check(document: integrity.Json, key: KeyFile, **other: Any) -> statement.Told:
    options: dict[str, Any] = {"at": AT, "issuers": {integrity.did_key(key.material)}, **other}
    return statement.check(document, **options)


def test_it_tells_what_was_signed() -> None:
    key = new_key("ed25519")
    document = made(key)
    told = check(document, key)
    assert (told.good_milli, told.bad_milli, told.subject_key) == (3_000, 500, SUBJECT)
    assert told.evidence_root == merkle_root(("cd" * 32,))
    assert told.digest == integrity.digest(document)
    assert told.is_status_known
    assert document["credentialSubject"]["tradingRecord"]["outcomes"] == {"fulfilled": 3}


@pytest.mark.parametrize(
    ("after", "why"),
    [(timedelta(days=180), "expired"), (timedelta(days=-1), "not valid yet")],
)
def test_out_of_its_time_it_is_refused(after: timedelta, why: str) -> None:
    key = new_key("ed25519")
    with pytest.raises(Unproven, match=why):
        check(made(key), key, at=AT + after)


def test_an_issuer_that_nobody_named_is_not_believed() -> None:
    key = new_key("ed25519")
    with pytest.raises(Unproven, match="none that is believed"):
        check(made(key), key, issuers={"did:key:z6Mk"})


def test_what_was_made_up_by_another_key_is_refused() -> None:
    key, thief = new_key("ed25519"), new_key("ed25519")
    forged = {**made(thief), "issuer": integrity.did_key(key.material)}
    with pytest.raises(Unproven):
        check(forged, key)


def test_a_better_record_under_the_same_proof_is_refused() -> None:
    key = new_key("ed25519")
    document = made(key)
    document["credentialSubject"]["tradingRecord"]["goodMilli"] = 10**6
    with pytest.raises(Unproven, match="forged, or the document changed"):
        check(document, key)


def test_one_that_is_on_the_list_of_the_revoked_is_refused() -> None:
    key = new_key("ed25519")
    document = made(key, status_list=LIST)
    assert not check(document, key).is_status_known
    index = int(document["credentialStatus"]["statusListIndex"])
    clean = statement.status_list(LIST, [(index + 1) % 1_000], key=key, at=AT)
    assert check(document, key, status=clean).is_status_known
    revoked = statement.status_list(LIST, [7, index], key=key, at=AT)
    with pytest.raises(Unproven, match="revoked"):
        check(document, key, status=revoked)


def test_a_list_by_somebody_else_or_of_something_else_is_refused() -> None:
    key, thief = new_key("ed25519"), new_key("ed25519")
    document = made(key, status_list=LIST)
    other = statement.status_list("https://else.example/", [], key=key, at=AT)
    forged = {
        **statement.status_list(LIST, [], key=thief, at=AT),
        "issuer": integrity.did_key(key.material),
    }
    for status in (other, forged, statement.status_list(LIST, [], key=thief, at=AT), {}):
        with pytest.raises(Unproven):
            check(document, key, status=status)


def test_a_list_that_unpacks_without_end_is_refused() -> None:
    key = new_key("ed25519")
    document = made(key, status_list=LIST)
    status = statement.status_list(LIST, [], key=key, at=AT)
    bomb = urlsafe_b64encode(gzip.compress(bytes(10**7))).rstrip(b"=").decode()
    subject = {**status["credentialSubject"], "encodedList": f"u{bomb}"}
    rest = {k: v for k, v in status.items() if k != "proof"}
    again = integrity.sign(
        {**rest, "credentialSubject": subject}, key.secret, issuer=status["issuer"], at=AT
    )
    with pytest.raises(Unproven, match="cannot be read"):
        check(document, key, status=again)


@pytest.mark.parametrize(
    "change",
    [
        {"type": ["VerifiableCredential"]},
        {"@context": ["https://www.w3.org/2018/credentials/v1"]},
        {"@context": []},
        {"@context": "x"},
        {"validUntil": "2027-01-01T00:00:00"},
        {"validUntil": "soon"},
        {"validFrom": 5},
        {"credentialSubject": []},
        {"credentialSubject": {"id": "did:key:z6Mk", "tradingRecord": {}}},
        {"credentialStatus": "no"},
    ],
)
def test_a_signed_document_that_is_no_statement_is_refused_in_one_line(
    change: dict[str, Any],
) -> None:
    key = new_key("ed25519")
    rest = {name: value for name, value in made(key).items() if name != "proof"}
    by = integrity.did_key(key.material)
    document = integrity.sign({**rest, **change}, key.secret, issuer=by, at=AT)
    status = statement.status_list(LIST, [], key=key, at=AT)
    with pytest.raises(Unproven) as refused:
        check(document, key, status=status)
    assert "\n" not in str(refused.value)


def test_an_empty_record_has_the_root_of_nothing_and_each_leaf_changes_it() -> None:
    roots = {merkle_root(tuple(f"{n:064x}" for n in range(count))) for count in range(20)}
    assert len(roots) == 20
