"""Signing in with a code: who gets in, who does not, and what a thief makes of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from souq.core.refusal import Refused
from souq.sdk.client import Client, new_id, signer_of
from souq.sdk.signing import KeyFile, bearer_secret, new_key
from souq.surfaces.console.acting import back
from souq.surfaces.console.codes import TRIES
from souq.surfaces.limits import Rates
from tests.console.visitor import Visitor, free_port
from tests.serving import ADMIN, Served, granted_by_the_hour, serving

COOKIE = "souq-session"
BEA = new_key("ed25519")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("market") / "m") as found:
        with Client(found.url, key=ADMIN) as operator:
            operator.register_principal(name="bea")
            operator.add_key(owner="P1", kind=BEA.kind, material=BEA.material)
        yield found


@pytest.fixture
def visitor(served: Served) -> Iterator[Visitor]:
    found = Visitor(served.url)
    yield found
    found.close()


@pytest.fixture
def other(served: Served) -> Iterator[Visitor]:
    found = Visitor(served.url)
    yield found
    found.close()


def _new_key(served: Served) -> tuple[str, str]:
    """Give bea one more bearer key: its secret, and its id."""
    made = bearer_secret()
    with Client(served.url, key=ADMIN) as operator:
        answer = operator.add_key(owner="P1", kind="bearer", material=made.material)
    return made.secret, answer.events[0].key


def _revoke(served: Served, key: str) -> None:
    with Client(served.url, key=ADMIN) as operator:
        operator.revoke_key(key)


@pytest.mark.parametrize(("key", "actor"), [(ADMIN, "operator"), (BEA, "P1")])
def test_a_bearer_key_and_a_signing_key_both_sign_in(
    visitor: Visitor, key: KeyFile | str, actor: str
) -> None:
    assert visitor.actor == ""
    assert visitor.sign_in(key, "/listings").headers["location"] == "/listings"
    assert visitor.actor == actor


def test_the_cookie_is_for_this_site_and_no_script(visitor: Visitor) -> None:
    given = visitor.sign_in(BEA).headers["set-cookie"].lower()
    for word in ("httponly", "samesite=strict", "path=/", "max-age="):
        assert word in given
    assert "domain" not in given


def test_no_code_is_given_without_a_good_key(served: Served, visitor: Visitor) -> None:
    secret, key = _new_key(served)
    _revoke(served, key)
    stranger = new_key("ed25519")
    for one in ("", "souq_made-up", secret, stranger):
        answer = visitor.code(one)
        assert answer.status_code == 401, one
        assert answer.headers["www-authenticate"]
        assert "code" not in answer.json()


def test_a_signed_request_is_good_for_one_code(visitor: Visitor) -> None:
    signer = signer_of(BEA)
    assert signer is not None
    proof = signer.headers_for("POST", f"{visitor.url}/sign-in/code", b"", new_id())
    answers = [visitor.http.post("/sign-in/code", headers=proof) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 401]
    elsewhere = signer.headers_for("POST", f"{visitor.url}/v1/commands", b"", new_id())
    assert visitor.http.post("/sign-in/code", headers=elsewhere).status_code == 401


def test_a_long_body_and_a_question_are_not_read(visitor: Visitor) -> None:
    proof = {"authorization": f"Bearer {ADMIN}"}
    large = visitor.http.post("/sign-in/code", headers=proof, content=b"x" * 2_000)
    assert large.status_code == 413


def test_a_code_is_good_once_and_only_the_newest_of_a_key(visitor: Visitor, other: Visitor) -> None:
    first, second = (visitor.code(BEA).json()["code"] for _ in range(2))
    assert other.post("/sign-in", code=first, back="/").status_code == 403
    assert visitor.post("/sign-in", code=second.lower().replace("-", " ")).status_code == 303
    assert other.post("/sign-in", code=second, back="/").status_code == 403
    assert (visitor.actor, other.actor) == ("P1", "")


def test_wrong_used_and_revoked_codes_are_told_the_same(served: Served, visitor: Visitor) -> None:
    secret, key = _new_key(served)
    revoked = visitor.code(secret).json()["code"]
    _revoke(served, key)
    used = visitor.code(BEA).json()["code"]
    visitor.post("/sign-in", code=used)
    pages = set()
    for code in ("", "AAAAA-AAAAA", "\udcff\u2028", used, revoked):
        guest = Visitor(visitor.url)
        answer = guest.http.post("/sign-in", data={"code": code.encode(errors="replace").decode()})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        pages.add(answer.text)
        guest.close()
    assert len(pages) == 1


def test_ten_thousand_wrong_codes_lead_nowhere_and_lock_nobody_else_out(tmp_path: Path) -> None:
    with granted_by_the_hour(), serving(tmp_path / "m") as served:
        thief, visitor = Visitor(served.url), Visitor(served.url)
        code = visitor.code(ADMIN).json()["code"]
        answers = [thief.post("/sign-in", code=f"{n:010}").status_code for n in range(300)]
        assert answers == [403] * TRIES + [429] * (300 - TRIES)
        # Even the right one is not found out now.
        assert thief.post("/sign-in", code=code).status_code == 429
        assert visitor.post("/sign-in", code=code).status_code == 303
        assert (thief.actor, visitor.actor) == ("", "operator")
        thief.close()
        visitor.close()


def test_who_types_it_right_is_never_too_fast(visitor: Visitor) -> None:
    assert {visitor.sign_in(BEA).status_code for _ in range(3 * TRIES)} == {303}


def test_who_asks_for_codes_too_fast_waits(tmp_path: Path) -> None:
    rates = Rates(commands_per_s=1, burst=5, anonymous_per_s=1, anonymous_burst=3)
    with granted_by_the_hour(), serving(tmp_path / "m", limits=rates) as slow:
        made = bearer_secret()
        with Client(slow.url, key=ADMIN) as operator:
            operator.register_principal(name="bea")
            operator.add_key(owner="P1", kind="bearer", material=made.material)
        visitor = Visitor(slow.url)
        answers = [visitor.code(made.secret).status_code for _ in range(8)]
        assert answers[:5] == [200] * 5
        assert answers[-1] == 429
        answers = [visitor.code("souq_wrong").status_code for _ in range(6)]
        assert (answers[0], answers[-1]) == (401, 429)
        visitor.close()


def test_a_planted_cookie_is_worth_nothing_after_signing_in(
    visitor: Visitor, other: Visitor
) -> None:
    other.sign_in(BEA)
    theirs = other.cookies[COOKIE]
    visitor.http.cookies.set(COOKIE, theirs)
    fresh = visitor.sign_in(ADMIN).headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert fresh != theirs
    # The session that was planted ended where it stood; a made-up secret begins none.
    assert other.actor == ""
    guest = Visitor(visitor.url, cookies={COOKIE: "made-up"})
    assert guest.actor == ""
    assert "made-up" not in guest.sign_in(BEA).headers["set-cookie"]
    guest.close()


def test_two_cookies_of_our_name_are_none(visitor: Visitor) -> None:
    visitor.sign_in(BEA)
    ours = visitor.cookies[COOKIE]
    visitor.http.cookies.clear()
    for line in (f"{COOKIE}={ours}; {COOKIE}=x", f"{COOKIE}=x; {COOKIE}={ours}"):
        assert "signed in as" not in visitor.get("/", cookie=line).text
    assert "signed in as P1" in visitor.get("/", cookie=f"a=b; {COOKIE}={ours}").text


def test_signing_out_ends_the_session_wherever_its_cookie_is(visitor: Visitor) -> None:
    visitor.sign_in(BEA)
    copied = Visitor(visitor.url, cookies=visitor.cookies)
    assert copied.actor == "P1"
    assert visitor.post("/sign-out", csrf=visitor.csrf()).headers["location"] == "/sign-in"
    assert (visitor.actor, copied.actor, visitor.cookies) == ("", "", {})
    copied.close()


def test_one_sees_and_ends_ones_own_sessions_and_nobody_elses(
    visitor: Visitor, other: Visitor, served: Served
) -> None:
    visitor.sign_in(BEA)
    other.sign_in(BEA)
    operator = Visitor(visitor.url)
    operator.sign_in(ADMIN)
    shown = visitor.get("/sessions").text
    names = re.findall(r'name="session" value="(\w+)"', shown)
    assert len(names) >= 2
    assert "this browser" in shown
    theirs = re.findall(r'name="session" value="(\w+)"', operator.get("/sessions").text)
    assert not set(theirs) & set(names)
    visitor.post("/sessions/end", csrf=visitor.csrf(), session=theirs[0])
    assert operator.actor == "operator"
    visitor.post("/sessions/end", csrf=visitor.csrf(), session=names[1])
    assert [visitor.actor, other.actor].count("P1") == 1
    other.sign_in(BEA)
    visitor.sign_in(BEA)
    assert visitor.post("/sessions/end", csrf=visitor.csrf()).headers["location"] == "/sign-in"
    assert (visitor.actor, other.actor, operator.actor) == ("", "", "operator")
    operator.close()


def test_a_guest_has_no_sessions_page(visitor: Visitor) -> None:
    assert visitor.get("/sessions").headers["location"].startswith("/sign-in?to=")


@pytest.mark.parametrize("how", ["key revoked", "signed out"])
def test_an_open_stream_ends_at_once_with_its_session(
    served: Served, visitor: Visitor, how: str
) -> None:
    secret, key = _new_key(served)
    visitor.sign_in(secret)
    csrf = visitor.csrf()
    with visitor.http.stream("GET", "/live", timeout=12) as stream:
        lines = stream.iter_lines()
        next(lines)
        if how == "key revoked":
            _revoke(served, key)
        else:
            Visitor(visitor.url, cookies=visitor.cookies).post("/sign-out", csrf=csrf)
        assert "changed" not in "".join(lines)  # and ends, or the time limit raises
    assert visitor.actor == ""


def test_every_form_needs_the_token_of_its_own_session(visitor: Visitor, other: Visitor) -> None:
    visitor.sign_in(BEA)
    other.sign_in(ADMIN)
    for path in ("/do/revoke_key", "/sign-out", "/sessions/end"):
        for csrf in ({}, {"csrf": ""}, {"csrf": other.csrf()}, {"csrf": "ü"}):
            assert visitor.post(path, key="K1", **csrf).status_code == 403, (path, csrf)
    assert visitor.actor == "P1"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1.evil.example"},
        {"origin": "http://localhost@evil.example"},
        {"sec-fetch-site": "cross-site", "origin": "null"},
    ],
)
def test_no_other_site_can_send_a_form_or_sign_a_browser_in(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    code = visitor.code(BEA).json()["code"]
    assert visitor.post("/sign-in", headers=headers, code=code).status_code == 403
    assert visitor.cookies == {}
    visitor.sign_in(BEA)
    csrf = visitor.csrf()
    assert visitor.post("/sign-out", headers=headers, csrf=csrf).status_code == 403
    assert visitor.actor == "P1"


def test_pages_let_browsers_name_our_origin_and_be_in_no_frame(visitor: Visitor) -> None:
    # With no-referrer browsers write `Origin: null` into our own forms, too.
    headers = visitor.get("/sign-in").headers
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "127.0.0.1/sign-in", "a]b"],
)
def test_a_name_that_somebody_pointed_at_us_reads_nothing(visitor: Visitor, host: str) -> None:
    assert visitor.get("/", host=host).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "[::1]:80", "10.0.0.7"])
def test_bare_addresses_and_localhost_will_do(visitor: Visitor, host: str) -> None:
    assert visitor.get("/sign-in", host=host).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/\\evil.example",
        "/x\\..\\\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\r\nset-cookie: a=b",
        "/\u2028",
        "evil.example",
        "",
        "/" + "x" * 3_000,
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(visitor: Visitor, path: str) -> None:
    assert back({"back": path}) == "/"
    assert visitor.sign_in(BEA, path).headers["location"] == "/"


def test_a_huge_form_and_one_of_many_fields_are_turned_away(visitor: Visitor) -> None:
    assert visitor.post("/sign-in", code="x" * 70_000).status_code == 413
    many = {f"f{n}": "x" for n in range(100)}
    assert visitor.post("/sign-in", code="x", **many).status_code == 400
    raw: Any = b"code=%ff%fe"
    answer = visitor.http.post(
        "/sign-in", content=raw, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.status_code == 400


def test_over_https_the_cookie_is_bound_to_this_host(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path / "m", port=port, public_url="https://market.example"):
        visitor = Visitor(f"http://127.0.0.1:{port}")
        given = visitor.sign_in(ADMIN).headers["set-cookie"]
        assert given.startswith("__Host-souq-session=")
        assert "; secure" in given.lower()
        page = {"host": "market.example", "cookie": given.partition(";")[0]}
        assert "signed in as operator" in visitor.get("/", **page).text
        proxied = {"host": "market.example", "origin": "https://market.example"}
        assert visitor.post("/sign-in", headers=proxied, code="x").status_code == 403
        plain = page["cookie"].removeprefix("__Host-")
        assert "signed in as" not in visitor.get("/", **{**page, "cookie": plain}).text
        visitor.close()


def test_what_a_signed_in_agent_may_not_do_the_core_still_refuses(
    served: Served, visitor: Visitor
) -> None:
    visitor.sign_in(BEA)
    csrf = visitor.csrf()
    visitor.post("/do/revoke_key", csrf=csrf, id=new_id(), key="K1", back="/sessions")
    assert 'class="told bad"' in visitor.get("/sessions").text
    with Client(served.url, key=ADMIN) as operator:
        assert operator.who_am_i().actor == "operator"
        with pytest.raises(Refused):
            operator.revoke_key("K999")
