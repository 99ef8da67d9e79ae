"""Settings: what is set counts, what cannot be is told with its place, and no secret is shown."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from souq.app.settings import KNOWN, PREFIX, BadSettings, Settings, read, shown
from souq.core.money import Asset
from souq.core.procedure import Procedure
from souq.core.rules import Rules
from souq.surfaces.limits import Rates

SECRET = "s3cr3t"


def written(folder: Path, text: str, name: str = "souq.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, flags: dict[str, Any] | None = None, **environment: str) -> str:
    with pytest.raises(BadSettings) as bad:
        read(flags or {}, environment, folder)
    return str(bad.value)


def test_without_a_word_it_serves_the_folder_next_to_it(tmp_path: Path) -> None:
    found = read({}, {"PATH": "/bin", "LANG": "C"}, tmp_path)
    assert (found.host, found.port, found.store) == ("127.0.0.1", 8_000, "./souq-data")
    assert found.rules == Rules()
    assert found.limits == Rates()
    assert found.body_bytes_max == 256 * 1024


def test_a_flag_outdoes_a_variable_and_a_variable_the_file(tmp_path: Path) -> None:
    written(tmp_path, 'port = 1\nhost = "file"\nholder = "file"\n')
    environment = {"SOUQ_HOST": "variable", "SOUQ_HOLDER": "variable"}
    found = read({"holder": "flag", "port": None}, environment, tmp_path)
    assert (found.port, found.host, found.holder) == (1, "variable", "flag")
    assert found.sources["port"] == str(tmp_path / "souq.toml")
    assert found.sources["host"] == "SOUQ_HOST"
    assert found.sources["holder"] == "--holder"


def test_the_file_is_the_flags_or_the_variables_or_the_folders(tmp_path: Path) -> None:
    for port, name in enumerate(("souq.toml", "variable.toml", "flag.toml")):
        written(tmp_path, f"port = {port}", name)
    by_variable = {"SOUQ_CONFIG": "variable.toml"}
    assert read({}, {}, tmp_path).port == 0
    assert read({}, by_variable, tmp_path).port == 1
    assert read({"config": str(tmp_path / "flag.toml")}, by_variable, tmp_path).port == 2


def test_house_rules_limits_and_rails_have_tables(tmp_path: Path) -> None:
    written(
        tmp_path,
        """
        [rules]
        name = "bazaar"
        fee_bps = 25
        four_eyes_units = 1000
        rails = ["credits", "sandbox"]
        assets = [{code = "EUR", exponent = 2}, {code = "USD", exponent = 6}]
        [rules.categories.books]
        pages = "int"
        cover = ["hard", "soft"]
        [limits]
        burst = 5000
        [rails.sandbox]
        url = "http://127.0.0.1:9000"
        timeout_s = 2.5
        """,
    )
    found = read({}, {}, tmp_path)
    assert found.rules == Rules(
        name="bazaar",
        fee_bps=25,
        four_eyes_units=1_000,
        rails=("credits", "sandbox"),
        assets=(Asset("EUR", 2), Asset("USD", 6)),
        categories={"books": {"pages": "int", "cover": ("hard", "soft")}},
    )
    assert found.limits == Rates(burst=5_000)
    assert found.rails == {"sandbox": {"url": "http://127.0.0.1:9000", "timeout_s": "2.5"}}


def test_variables_say_all_that_the_file_can(tmp_path: Path) -> None:
    environment = {
        "SOUQ_PORT": "81",
        "SOUQ_WEBHOOKS_PRIVATE": "true",
        "SOUQ_TICK_S": "0.25",
        "SOUQ_AUTHORITIES": "one.example, two.example:8443",
        "SOUQ_RULES__FEE_BPS": "25",
        "SOUQ_RULES__RAILS": '["credits", "manual"]',
        "SOUQ_RULES__ASSETS": '[{code = "EUR", exponent = 2}]',
        "SOUQ_LIMITS__BURST": "7",
        "SOUQ_RAILS__SANDBOX__URL": "http://127.0.0.1:9000",
    }
    found = read({}, environment, tmp_path)
    assert (found.port, found.webhooks_private, found.tick_s) == (81, True, 0.25)
    assert found.authorities == ("one.example", "two.example:8443")
    assert found.rules.fee_bps == 25
    assert found.rules.rails == ("credits", "manual")
    assert found.rules.assets == (Asset("EUR", 2),)
    assert found.limits.burst == 7
    assert found.rails["sandbox"]["url"] == "http://127.0.0.1:9000"
    assert set(found.sources.values()) - {"where the store is"} == set(environment)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_setting_can_be_a_variable_with_its_default(name: str, tmp_path: Path) -> None:
    default = msgspec.to_builtins(KNOWN[name].default)
    text = default if isinstance(default, str) else as_toml(default)
    variable = PREFIX + name.upper().replace(".", "__")
    found = read({}, {variable: text}, tmp_path)
    assert msgspec.structs.replace(found, sources={}) == Settings()


def as_toml(value: Any) -> str:
    return msgspec.json.encode(value).decode().replace('":', '"=')


def test_a_misspelt_name_is_an_error_with_the_right_one(tmp_path: Path) -> None:
    assert "did you mean SOUQ_PORT?" in complaint(tmp_path, SOUQ_PROT="1")
    assert "did you mean SOUQ_RULES__FEE_BPS?" in complaint(tmp_path, SOUQ_RULES_FEE_BPS="1")
    assert "did you mean SOUQ_RULES__FEE_BPS?" in complaint(tmp_path, SOUQ_FEE_BPS="1")
    assert "did you mean --public-url?" in complaint(tmp_path, {"public_uri": "x"})
    path = written(tmp_path, "[limits]\nbrust = 3\n")
    assert complaint(tmp_path) == (
        f"{path}: limits.brust is no setting; did you mean limits.burst?"
    )


def test_a_variable_of_the_tests_is_none_of_ours(tmp_path: Path) -> None:
    read({}, {"SOUQ_FULL": "1", "SOUQ_POSTGRES": "required"}, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('port = "eighty"', "port should be a whole number from 0 to 65535, not 'eighty'"),
        ("port = 65536", "port should be a whole number from 0 to 65535, not '65536'"),
        ("standby = 1", "standby should be true or false"),
        ('log_level = "loud"', "log_level should be one of debug, info, warning, error"),
        ("heartbeat_s = 0", "heartbeat_s should be a number above 0 and up to 300"),
        ('authorities = "one"', 'authorities should be a list such as ["one", "two"]'),
        ("body_bytes_max = 1", "from 1024 to 16777216"),
        ("limits = 5", "limits is a table; write [limits]"),
        ("rails = 5", "rails is a table"),
        ('rails.sandbox = "x"', "rails.sandbox is a table"),
        ("rails.sandbox.url = []", "rails.sandbox.url should be text or a number"),
        ("rules.fee_bps = 1.5", "rules.fee_bps should be a whole number, not '1.5'"),
        ('rules.assets = ["USD"]', "rules.assets should be a list such as [{code"),
        ('rules.assets = [{code = "USD", exponent = 6, x = 1}]', "rules.assets should be a list"),
        ("sources = {}", "sources is no setting"),
        ("settings.port = 1", "settings is no setting"),
    ],
)
def test_a_wrong_value_is_told_with_its_place_and_what_would_be_right(
    tmp_path: Path, text: str, said: str
) -> None:
    path = written(tmp_path, text)
    told = complaint(tmp_path)
    assert told.startswith(f"{path}: ")
    assert said in told


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SOUQ_STORE", "", "a folder, or a URL such as postgresql://host/database"),
        ("SOUQ_STORE", "mysql://host/db", "a folder, or a URL such as postgresql://"),
        ("SOUQ_STANDBY", "true", "standby needs a store that two servers can reach"),
        ("SOUQ_DATA", "postgresql://h/d", "data should be a folder"),
        ("SOUQ_HOST", " ", "host should be an address"),
        ("SOUQ_PUBLIC_URL", "market.example", "https://market.example"),
        ("SOUQ_PUBLIC_URL", "https://market.example/souq", "without a path"),
        ("SOUQ_AUTHORITIES", "https://market.example", "authorities should be hosts"),
        ("SOUQ_PROXIES", "10.0.0.1, *", "addresses or networks such as 10.0.0.0/8"),
        ("SOUQ_RULES__FEE_BPS", "10001", "rules.fee_bps stands between 0 and 10000"),
        ("SOUQ_RULES__OFFER_US", "0", "rules.offer_us must be above 0"),
        ("SOUQ_RULES__ASSETS", "[]", "rules.assets name at least one asset"),
        ("SOUQ_RULES__RAILS", "credits,cards", "not 'cards'"),
        ("SOUQ_RAILS__SANDBOX__URL", "ftp://bank", "should be a URL such as http://"),
        ("SOUQ_RAILS__SANDBOKS__URL", "http://bank", "there is no rail 'sandboks'"),
        ("SOUQ_PORT", "", "port should be a whole number"),
        ("SOUQ_RULES__ASSETS", "USD", "rules.assets should be a list such as"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_variable(
    tmp_path: Path, variable: str, value: str, said: str
) -> None:
    told = complaint(tmp_path, None, **{variable: value})
    assert told.splitlines()[0].startswith(f"{variable}: ")
    assert said in told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, "prot = 1\nhost = 5\n")
    told = complaint(tmp_path, {"port": 70_000}, SOUQ_LOGLEVEL="info").splitlines()
    assert len(told) == 4


def test_a_file_that_is_named_must_be_there_and_be_toml(tmp_path: Path) -> None:
    assert "No such file" in complaint(tmp_path, {"config": "gone.toml"})
    assert "SOUQ_CONFIG names it" in complaint(tmp_path, SOUQ_CONFIG="gone.toml")
    assert "is no TOML" in complaint(tmp_path, {"config": written(tmp_path, "port 1").name})
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    assert "is no TOML" in complaint(tmp_path, {"config": "bytes.toml"})


def test_keys_lie_where_the_store_is_unless_that_is_a_database(tmp_path: Path) -> None:
    assert read({"store": "/srv/market"}, {}, tmp_path).data == "/srv/market"
    assert read({"store": "/srv/market", "data": "/srv/keys"}, {}, tmp_path).data == "/srv/keys"
    assert read({"store": "postgresql://h/d"}, {}, tmp_path).data == "./souq-data"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("https://Market.Example/", "https://market.example"),
        ("https://market.example:443", "https://market.example"),
        ("http://market.example:80/", "http://market.example"),
        ("https://market.example:80", "https://market.example:80"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("", ""),
    ],
)
def test_a_public_url_is_written_as_signatures_name_it(
    tmp_path: Path, asked: str, found: str
) -> None:
    assert read({"public_url": asked}, {}, tmp_path).public_url == found


STORES = [
    f"postgresql://souq:{SECRET}@db/market",
    f"postgresql://souq:{SECRET}@db1:5432,db2:5432/market",
    f"postgresql://db/market?user=souq&password={SECRET}",
    f"postgresql://db/market?sslpassword={SECRET}&sslmode=require",
]
UNQUOTED = [
    f"postgresql://souq:{SECRET}/x@db/market",
    f"postgresql://souq:x/{SECRET}@db/market",
    f"postgresql://souq:x?{SECRET}@db/market",
    f"postgresql://souq:x#{SECRET}@db/market",
    f"postgresql://souq:x@{SECRET}@db/market",
    f"postgresql://souq:[{SECRET}@db/market",
    f"postgresql://souq:{SECRET}",
    f"host=db password={SECRET}",
    f"host = db password = '{SECRET}'",
    f"mysql://souq:{SECRET}@db/market",
]


@pytest.mark.parametrize("store", STORES)
def test_a_stores_password_is_not_shown(tmp_path: Path, store: str) -> None:
    found = read({}, {"SOUQ_STORE": store}, tmp_path)
    assert found.store == store
    for text in (shown(found), repr(found), str(found), f"{found}"):
        assert SECRET not in text
        assert "db" in text


@pytest.mark.parametrize("store", UNQUOTED)
def test_what_may_hold_a_password_is_not_shown_when_it_is_wrong(tmp_path: Path, store: str) -> None:
    for flags, environment in (({"store": store}, {}), ({}, {"SOUQ_STORE": store})):
        with pytest.raises(BadSettings) as bad:
            read(flags, environment, tmp_path)
        assert SECRET not in str(bad.value)
        assert bad.value.__cause__ is None
    assert SECRET not in repr(Settings(store=store))
    assert SECRET not in shown(Settings(store=store))


def test_a_wrong_store_is_not_shown_whatever_its_type(tmp_path: Path) -> None:
    written(tmp_path, f'store = ["{SECRET}"]\n[rails.sandbox]\nkey = ["{SECRET}"]')
    assert SECRET not in complaint(tmp_path)


def test_a_secret_that_stands_in_no_setting_is_not_shown_either(tmp_path: Path) -> None:
    assert SECRET not in complaint(tmp_path, SOUQ_RAILS__SANDBOX=SECRET, SOUQ_PASSWORD=SECRET)


def test_a_rails_key_is_not_shown(tmp_path: Path) -> None:
    written(
        tmp_path,
        f"""
        [rails.sandbox]
        url = "http://souq:{SECRET}@bank.example/?token={SECRET}"
        key = "{SECRET}"
        whatever_a_later_rail_needs = "{SECRET}"
        timeout_s = 3
        """,
    )
    found = read({}, {}, tmp_path)
    assert found.rails["sandbox"]["key"] == SECRET
    for text in (shown(found), repr(found)):
        assert SECRET not in text
        assert "bank.example" in text
    assert tomllib.loads(shown(found))["rails"]["sandbox"]["timeout_s"] == "3"


def test_what_is_shown_says_where_each_value_came_from(tmp_path: Path) -> None:
    path = written(tmp_path, "[rules]\nfee_bps = 25\n")
    lines = shown(read({"port": 81}, {"SOUQ_HOST": "0.0.0.0"}, tmp_path)).splitlines()
    assert "port = 81  # --port" in lines
    assert 'host = "0.0.0.0"  # SOUQ_HOST' in lines
    assert f"fee_bps = 25  # {path}" in lines
    assert 'log_level = "info"  # default' in lines


def test_what_is_shown_can_be_read_again(tmp_path: Path) -> None:
    found = read(
        {"holder": 'a "quoted" \\ name\n\x7fü', "authorities": ("one.example",)},
        {
            "SOUQ_RULES__CATEGORIES": '{"old books" = {pages = "int", cover = ["hard", "soft"]}}',
            "SOUQ_RAILS__SANDBOX__URL": "http://127.0.0.1:9000",
        },
        tmp_path,
    )
    again = read({"config": written(tmp_path, shown(found)).name}, {}, tmp_path)
    assert msgspec.structs.replace(again, sources={}) == msgspec.structs.replace(found, sources={})


def test_a_procedure_of_disputes_is_a_table_of_the_rules(tmp_path: Path) -> None:
    text = "[rules]\nfee_bps = 10\n[rules.procedure]\njury = 5\nfiling_bps = 500\n"
    (tmp_path / "souq.toml").write_text(text)
    found = read({}, {}, tmp_path)
    assert found.rules.procedure == Procedure(jury=5, filing_bps=500)
    told = shown(found)
    (tmp_path / "souq.toml").write_text(told)
    assert read({}, {}, tmp_path).rules == found.rules
    said = {"SOUQ_RULES__PROCEDURE": "{jury = 0}"}
    assert read({}, said, tmp_path / "none").rules.procedure == Procedure(jury=0)
    with pytest.raises(BadSettings, match=r"such as \{jury = 3"):
        read({}, {"SOUQ_RULES__PROCEDURE": "{jurors = 0}"}, tmp_path / "none")
