"""Passkeys: whom they let in, and what they are good for once something about them is wrong."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from souq.app.settings import BadSettings, Settings, read
from souq.core.credential import Key
from souq.sdk.client import Client
from souq.sdk.signing import bearer_secret
from souq.surfaces.console import passkeys
from souq.surfaces.console.passkey_list import FILE, Passkey, PasskeyList
from souq.surfaces.console.passkeys import CHALLENGE_S, Challenges
from souq.surfaces.problems import Malformed
from tests.console.authenticator import PRESENT, Authenticator, Fields
from tests.console.visitor import Visitor, free_port
from tests.serving import ADMIN, Served, serving

NO = "This passkey is not good here. Sign in with a code."


class Person(NamedTuple):
    actor: str
    secret: str
    key: str


class House:
    """A market that takes passkeys, and people who speak with a key each."""

    def __init__(self, served: Served, url: str) -> None:
        self.served = served
        self.url = url  # by localhost: browsers make no passkey for a number

    def operator(self) -> Client:
        """Speak as the operator."""
        return Client(self.url, key=ADMIN)

    def person(self) -> Person:
        """Let somebody new in."""
        made = bearer_secret()
        with self.operator() as operator:
            actor = operator.register_principal(name="bea").events[0].principal
            answer = operator.add_key(owner=actor, kind="bearer", material=made.material)
        return Person(actor, made.secret, answer.events[0].key)

    def authenticator(self) -> Authenticator:
        """Take a new device out of its box."""
        return Authenticator(self.url, "localhost")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    port = free_port()
    url = f"http://localhost:{port}"
    folder = tmp_path_factory.mktemp("market") / "m"
    with serving(folder, port=port, public_url=url, console_passkeys=True) as served:
        yield House(served, url)


@pytest.fixture
def visitor(house: House) -> Iterator[Visitor]:
    found = Visitor(house.url)
    yield found
    found.close()


def post(visitor: Visitor, path: str, value: Any, **headers: str) -> Any:
    own = {"origin": visitor.url, "sec-fetch-site": "same-origin"}
    return visitor.http.post(path, json=value, headers={**own, **headers})


def offered(visitor: Visitor) -> Fields:
    found: Fields = post(visitor, "/sessions/passkey/options", {"csrf": visitor.csrf()}).json()
    return found


def add(visitor: Visitor, made: Fields, token: str, **more: str) -> Any:
    value = {"csrf": visitor.csrf(), "token": token, "credential": made, **more}
    return post(visitor, "/sessions/passkey", value)


def added(house: House, visitor: Visitor, key: str) -> Authenticator:
    """Sign in with a key, and add a passkey."""
    visitor.sign_in(key)
    device, offer = house.authenticator(), offered(visitor)
    answer = add(visitor, device.make(offer["options"]), offer["token"], name="my phone")
    assert answer.status_code == 200, answer.text
    return device


def asked(visitor: Visitor) -> Fields:
    found: Fields = post(visitor, "/sign-in/passkey/options", {}).json()["options"]
    return found


def enter(visitor: Visitor, credential: Any, **more: str) -> Any:
    return post(visitor, "/sign-in/passkey", {"credential": credential, **more})


def test_a_passkey_signs_in_without_a_code(house: House, visitor: Visitor) -> None:
    bea = house.person()
    device = added(house, visitor, bea.secret)
    assert "my phone signs you in from now on." in visitor.get("/sessions").text
    browser = Visitor(house.url)
    answer = enter(browser, device.answer(asked(browser)), back="/listings")
    assert answer.json() == {"to": "/listings"}
    assert browser.actor == bea.actor
    shown = browser.get("/sessions").text
    assert f'<bdi>my phone</bdi> <span class="tag ok">this browser</span><td>{bea.key}' in shown
    given = answer.headers["set-cookie"].lower()
    assert "httponly" in given
    assert "samesite=strict" in given
    browser.close()


def test_what_a_browser_is_asked_for_is_a_person_and_a_key_that_it_keeps(
    house: House, visitor: Visitor
) -> None:
    visitor.sign_in(house.person().secret)
    options = offered(visitor)["options"]
    assert options["rp"]["id"] == "localhost"
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    assert options["attestation"] == "none"
    wanted = asked(visitor)
    assert (wanted["rpId"], wanted["userVerification"]) == ("localhost", "required")
    assert not wanted["allowCredentials"]  # which would tell strangers who has one


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost"},
        {"type": "webauthn.get"},
        {"challenge": "AAAA"},
        {"flags": PRESENT},
        {"flags": 0},
    ],
    ids=str,
)
def test_a_passkey_that_was_made_wrong_is_not_kept(
    house: House, visitor: Visitor, lie: Any
) -> None:
    visitor.sign_in(house.person().secret)
    device, offer = house.authenticator(), offered(visitor)
    answer = add(visitor, device.make(offer["options"], **lie), offer["token"])
    assert (answer.status_code, answer.json()) == (403, {"why": NO})


def test_a_passkey_is_added_once_in_the_session_it_was_offered_in(
    house: House, visitor: Visitor
) -> None:
    other = Visitor(house.url)
    for one in (visitor, other):
        one.sign_in(house.person().secret)
    device, offer = house.authenticator(), offered(visitor)
    made = device.make(offer["options"])
    assert add(other, made, offer["token"]).status_code == 403
    assert add(visitor, made, offer["token"]).status_code == 200
    assert add(visitor, made, offer["token"]).status_code == 403  # the challenge is spent
    fresh = offered(visitor)
    known = add(visitor, device.make(fresh["options"]), fresh["token"])
    assert known.status_code == 409
    assert fresh["options"]["excludeCredentials"][0]["id"] == made["id"]
    other.close()


def test_adding_one_needs_the_token_of_the_session_and_our_own_page(
    house: House, visitor: Visitor
) -> None:
    path = "/sessions/passkey/options"
    assert post(visitor, path, {"csrf": ""}).headers["location"].startswith("/sign-in")
    visitor.sign_in(house.person().secret)
    csrf = visitor.csrf()
    assert post(visitor, path, {"csrf": "x"}).status_code == 403
    assert (
        post(visitor, path, {"csrf": csrf}, **{"sec-fetch-site": "cross-site"}).status_code == 403
    )
    assert post(visitor, path, {"csrf": csrf}, origin="https://evil.example").status_code == 403
    plain = visitor.http.post(path, content=b"{}", headers={"content-type": "text/plain"})
    assert plain.status_code == 415
    assert post(visitor, path, {"csrf": csrf}).status_code == 200


def test_a_browser_left_alone_is_given_no_passkey(
    house: House, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.sign_in(house.person().secret)
    device, offer = house.authenticator(), offered(visitor)
    made = device.make(offer["options"])
    monkeypatch.setattr(passkeys, "FRESH_S", 0.0)
    answer = add(visitor, made, offer["token"])
    assert answer.status_code == 403
    assert "Sign out and in again" in answer.json()["why"]
    assert "Sign out and in again" in offered(visitor)["why"]


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"type": "webauthn.create"},
        {"challenge": "AAAA"},
        {"flags": PRESENT},
    ],
    ids=str,
)
def test_an_answer_for_another_place_or_without_a_person_lets_nobody_in(
    house: House, visitor: Visitor, lie: Any
) -> None:
    device = added(house, visitor, house.person().secret)
    browser = Visitor(house.url)
    answer = enter(browser, device.answer(asked(browser), **lie))
    assert (answer.status_code, answer.json()) == (403, {"why": NO})
    assert enter(browser, device.answer(asked(browser))).status_code == 200
    browser.close()


def test_an_answer_is_good_once_and_in_the_browser_that_was_asked(
    house: House, visitor: Visitor
) -> None:
    device = added(house, visitor, house.person().secret)
    browser, thief = Visitor(house.url), Visitor(house.url)
    device.count = -1  # those that are kept in several devices count nothing: always 0
    credential = device.answer(asked(browser))
    token = browser.cookies["souq-challenge"]
    assert enter(thief, credential).status_code == 403  # was asked nothing
    asked(thief)
    assert enter(thief, credential).status_code == 403  # was asked something else
    assert enter(browser, credential).status_code == 200
    thief.http.cookies.clear()
    thief.http.cookies.set("souq-challenge", token)
    assert enter(thief, credential).status_code == 403  # it is spent
    assert (browser.actor != "", thief.actor) == (True, "")
    browser.close()
    thief.close()


def test_a_counter_that_went_back_is_a_copy_and_lets_nobody_in(
    house: House, visitor: Visitor
) -> None:
    device = added(house, visitor, house.person().secret)
    browser = Visitor(house.url)
    device.count = 40
    assert enter(browser, device.answer(asked(browser))).status_code == 200
    for count in (10, 40):
        device.count = count
        assert enter(browser, device.answer(asked(browser))).status_code == 403
    device.count = 41
    assert enter(browser, device.answer(asked(browser))).status_code == 200
    browser.close()


def test_nobody_comes_in_under_another_name_or_by_another_key(
    house: House, visitor: Visitor
) -> None:
    sol = house.person()
    beas = added(house, visitor, house.person().secret)
    sols = added(house, visitor, sol.secret)
    browser = Visitor(house.url)
    ours = sols.handle
    sols.handle = beas.handle
    assert enter(browser, sols.answer(asked(browser))).status_code == 403
    sols.handle = b""
    assert enter(browser, sols.answer(asked(browser))).status_code == 403
    sols.handle, ids = ours, sols.id
    sols.id = beas.id  # and signs with its own key
    assert enter(browser, sols.answer(asked(browser))).status_code == 403
    sols.handle = beas.handle
    assert enter(browser, sols.answer(asked(browser))).status_code == 403
    sols.id, sols.handle = ids, ours
    assert enter(browser, sols.answer(asked(browser))).status_code == 200
    assert browser.actor == sol.actor
    browser.close()


def test_a_passkey_and_its_sessions_end_with_the_key_it_stands_under(
    house: House, visitor: Visitor
) -> None:
    bea, more = house.person(), bearer_secret()
    device = added(house, visitor, bea.secret)
    browser = Visitor(house.url)
    assert enter(browser, device.answer(asked(browser))).status_code == 200
    with house.operator() as operator:
        operator.add_key(owner=bea.actor, kind="bearer", material=more.material)
        operator.revoke_key(bea.key)
    assert (visitor.actor, browser.actor) == ("", "")
    assert enter(browser, device.answer(asked(browser))).json() == {"why": NO}
    visitor.sign_in(more.secret)  # another key of hers does not bring it back
    assert enter(browser, device.answer(asked(browser))).status_code == 403
    browser.close()


def test_a_passkey_ends_when_its_owner_is_erased(house: House, visitor: Visitor) -> None:
    ida = house.person()
    device = added(house, visitor, ida.secret)
    with house.operator() as operator:
        operator.erase_principal(ida.actor)
    assert enter(visitor, device.answer(asked(visitor))).status_code == 403
    assert visitor.actor == ""


def test_a_removed_passkey_ends_and_so_do_the_sessions_it_began(
    house: House, visitor: Visitor
) -> None:
    bea, sol = house.person(), house.person()
    device = added(house, visitor, sol.secret)
    stolen, other = Visitor(house.url), Visitor(house.url)
    enter(stolen, device.answer(asked(stolen)))
    other.sign_in(bea.secret)
    id = re.findall(r'name="passkey" value="([^"]+)"', visitor.get("/sessions").text)[-1]
    other.post("/sessions/passkey/remove", csrf=other.csrf(), passkey=id)  # not hers
    assert stolen.actor == sol.actor
    visitor.post("/sessions/passkey/remove", csrf="x", passkey=id)
    assert stolen.actor == sol.actor
    visitor.post("/sessions/passkey/remove", csrf=visitor.csrf(), passkey=id)
    assert (stolen.actor, visitor.actor, other.actor) == ("", sol.actor, bea.actor)
    assert enter(stolen, device.answer(asked(stolen))).status_code == 403
    stolen.close()
    other.close()


def test_no_bytes_make_it_stumble(house: House, visitor: Visitor) -> None:
    device = added(house, visitor, house.person().secret)
    random = Random(8)
    offer = offered(visitor)
    for _ in range(60):
        answer = add(visitor, broken(device.make(offer["options"]), random), offer["token"])
        assert answer.status_code in (403, 409), answer.text  # 409: what nothing proves is sound
    for _ in range(60):
        browser = Visitor(house.url)  # from another address each time, or it would have to wait
        answer = enter(browser, broken(device.answer(asked(browser)), random))
        assert (answer.status_code, answer.json()) == (403, {"why": NO}), answer.text
        browser.close()
    bad: list[Any] = [{}, [], "x", {"credential": 5}, {"credential": {}}, {"credential": {"id": 1}}]
    for value in bad:
        assert post(visitor, "/sign-in/passkey", value).status_code in (400, 403)


def broken(credential: Fields, random: Random) -> Fields:
    """Spoil one part of a credential."""
    response = dict(credential["response"])
    name = random.choice(sorted(response))
    spoil: list[Callable[[str], Any]] = [
        lambda text: text[: random.randrange(len(text))],
        lambda text: text[:-9] + "AAAAAAAAA",
        lambda text: "AAAA" + text,
        lambda text: {"a": [text]},
        lambda text: None,
        lambda text: "é" * 9,
    ]
    response[name] = random.choice(spoil)(response[name])
    if random.random() < 0.2:
        return {**credential, "rawId": "AA"}
    return {**credential, "response": response}


def test_without_the_setting_there_are_none(tmp_path: Path) -> None:
    with serving(tmp_path / "m") as served:
        visitor = Visitor(served.url)
        assert post(visitor, "/sign-in/passkey/options", {}).status_code == 404
        assert "passkey" not in visitor.get("/sign-in").text
        assert not (tmp_path / "m" / FILE).exists()
        visitor.close()


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({}, "public_url"),
        ({"public_url": "http://market.example"}, "public_url"),
        ({"public_url": "https://10.0.0.7"}, "public_url"),
        ({"public_url": "http://127.0.0.1:8000"}, "public_url"),
        ({"public_url": "https://market.example", "console": "false"}, "console = true"),
    ],
)
def test_a_setting_that_browsers_would_not_take_is_refused_at_start(
    tmp_path: Path, more: dict[str, str], word: str
) -> None:
    variables = {f"SOUQ_{name.upper()}": value for name, value in more.items()}
    with pytest.raises(BadSettings, match=word):
        read({}, {"SOUQ_CONSOLE_PASSKEYS": "true", **variables}, tmp_path)


@pytest.mark.parametrize("url", ["https://market.example", "http://localhost:8000"])
def test_a_setting_that_browsers_take_is_taken(tmp_path: Path, url: str) -> None:
    variables = {"SOUQ_CONSOLE_PASSKEYS": "true", "SOUQ_PUBLIC_URL": url}
    found = read({}, variables, tmp_path)
    assert isinstance(found, Settings)
    assert found.console_passkeys


def test_passkeys_outlast_a_restart_and_their_file_is_the_owners_alone(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://localhost:{port}"
    more: Any = {"port": port, "public_url": url, "console_passkeys": True}
    with serving(tmp_path / "m", **more) as served:
        visitor = Visitor(url)
        device = added(House(served, url), visitor, ADMIN)
        visitor.close()
    path = tmp_path / "m" / FILE
    assert path.stat().st_mode & 0o777 == 0o600
    with serving(tmp_path / "m", **more):
        visitor = Visitor(url)
        assert enter(visitor, device.answer(asked(visitor))).status_code == 200
        assert visitor.actor == "operator"
        visitor.close()


def test_a_spoilt_file_is_told_at_start_and_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / FILE).write_bytes(b"no database, that is plain to see" * 50)
    more: Any = {"public_url": "http://localhost:1", "console_passkeys": True}
    with pytest.raises(BadSettings, match="move it away"), serving(folder, **more):
        pass


def test_those_whose_key_has_ended_are_forgotten_for_good(tmp_path: Path) -> None:
    live = {"f1"}

    def key_of(owner: str, fingerprint: str) -> Key | None:
        found = Key("K1", owner, "bearer", "", fingerprint)
        return found if fingerprint in live else None

    def one(id: str, fingerprint: str) -> Passkey:
        return Passkey(id, "P1", fingerprint, b"public", 0, "my phone", 1)

    path = tmp_path / FILE
    kept = PasskeyList(path, key_of)
    assert kept.add(one("a", "f1"))
    assert kept.add(one("b", "f2"))
    assert not kept.add(one("a", "f3"))
    assert [found.id for found in kept.of("P1")] == ["a"]
    live.clear()
    kept.close()
    PasskeyList(path, key_of).close()
    rows = sqlite3.connect(path).execute("SELECT count(*) FROM passkeys").fetchone()
    assert rows == (0,)
    assert b"my phone" not in path.read_bytes()


def test_a_challenge_is_good_for_its_purpose_in_its_time_and_once() -> None:
    now_s = 50.0
    found = Challenges(lambda: now_s)
    one = found.new("sign in")
    assert found.of(one.token, "sign in") == one.raw
    assert found.of(one.token, "add") != one.raw
    assert Challenges(lambda: now_s).of(one.token, "sign in") != one.raw
    longer = f"9{one.token}"
    assert found.of(longer, "sign in") != one.raw
    found.spend(one.token)
    for token in (one.token, "", "x", ".", "-1.x", "²3.x"):
        with pytest.raises(Malformed):
            found.of(token, "sign in")
    two = found.new("sign in")
    now_s += CHALLENGE_S
    with pytest.raises(Malformed):
        found.of(two.token, "sign in")
