"""Passwords, the users file, sign-ins and the brake for those who guess."""

import hashlib
import json
import re
import stat
from base64 import b64decode, b64encode
from pathlib import Path
from types import MappingProxyType

import pytest

from dashboard.access.door import Door, is_loopback, open_door, refuse_open_door
from dashboard.access.passwords import (
    N,
    P,
    R,
    hash_password,
    is_hash,
    is_password_of,
    nobodys_hash,
    random_password,
)
from dashboard.access.sessions import HOUR_MS, Sessions
from dashboard.access.users import BadUsersFile, User, Users, UsersFile, read_users, write_users
from dashboard.settings import DashboardSettings
from runtime.errors import SettingsError
from tests.support.clock import Clock

ANN = User("Ann", None, nobodys_hash())
BEN = User("ben", frozenset(("shop-1", "shop-2")), nobodys_hash())
CHO = User("cho@shop.example", frozenset(("shop-3",)))
HOURS = 12
EVERYWHERE = "0.0.0.0"  # noqa: S104


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(HOURS, clock.now_ms)


@pytest.fixture
def users() -> Users:
    return Users().with_user(ANN).with_user(BEN).with_user(CHO)


def test_a_hash_is_that_of_scrypt_with_the_named_parameters() -> None:
    kind, *parameters, salt, key = hash_password("correct horse battery").split("$")
    assert (kind, parameters) == ("scrypt", [str(N), str(R), str(P)])
    derived = hashlib.scrypt(
        b"correct horse battery", salt=b64decode(salt), n=N, r=R, p=P, dklen=32, maxmem=2**27
    )
    assert b64decode(key) == derived


def test_the_right_password_is_recognised_and_no_other() -> None:
    stored = hash_password("grün wie Gräser")
    assert is_password_of("grün wie Gräser", stored)
    assert is_password_of("gru\u0308n wie Gra\u0308ser", stored), (
        "another keyboard writes ü as two characters"
    )
    assert not is_password_of("grün wie Graser", stored)
    assert not is_password_of("", stored)
    assert stored != hash_password("grün wie Gräser"), "each has a salt of its own"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "scrypt$32768$8$3$AAAA",
        nobodys_hash().replace("scrypt", "md5"),
        nobodys_hash().replace("$32768$", "$32767$"),
        nobodys_hash().replace("$32768$", "$1073741824$"),
        nobodys_hash().replace("$8$3$", "$8$99$"),
        nobodys_hash()[:-4],
    ],
    ids=["empty", "a password", "no key", "another kind", "odd cost", "memory", "time", "cut off"],
)
def test_what_is_no_hash_or_costs_too_much_is_none(text: str) -> None:
    assert not is_hash(text)


def test_a_made_password_is_long_random_and_can_be_read_out() -> None:
    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"([a-km-z2-9]{5}-){3}[a-km-z2-9]{5}", password) for password in made)
    assert not any(set(password) & set("l01") for password in made)


def test_the_users_file_comes_back_as_written_and_is_its_owners_alone(tmp_path: Path, users: Users) -> None:
    path = tmp_path / "users.json"
    write_users(path, users)
    assert read_users(path) == users
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_rights_that_were_given_are_kept(tmp_path: Path, users: Users) -> None:
    path = tmp_path / "users.json"
    write_users(path, users)
    path.chmod(0o640)
    write_users(path, users.without("BEN"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert set(read_users(path).by_name) == {"ann", "cho@shop.example"}


def test_names_are_found_in_any_case(users: Users) -> None:
    assert users.find("ANN") == ANN
    assert users.find("Cho@Shop.Example") == CHO
    assert users.find("nobody") is None


KEY = b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("users: ben", "JSON is malformed"),
        ("{", "truncated"),
        ('{"users": {}}', "missing required field `cookie_key`"),
        (json.dumps({"cookie_key": "c2hvcnQ=", "users": {}}), "cookie_key must be 32 bytes"),
        (json.dumps({"cookie_key": "§", "users": {}}), "ASCII"),
        (json.dumps({"cookie_key": KEY, "users": {"a b": {"sites": ["*"]}}}), "user a b: 'a b' is no name"),
        (json.dumps({"cookie_key": KEY, "users": {"a": {"sites": ["Shop"]}}}), "user a: 'Shop' is no site"),
        (json.dumps({"cookie_key": KEY, "users": {"a": {"sites": ["*", "b"]}}}), "user a: '*' is no site"),
        (
            json.dumps({"cookie_key": KEY, "users": {"a": {"sites": ["*"], "password": "pass"}}}),
            "user a: the password is no hash",
        ),
        (json.dumps({"cookie_key": KEY, "users": {"a": {"site": ["*"]}}}), "unknown field `site`"),
        (
            json.dumps({"cookie_key": KEY, "users": {"a": {"sites": []}, "A": {"sites": []}}}),
            "two names differ in upper and lower case only",
        ),
    ],
)
def test_a_bad_users_file_is_told_in_one_line(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "users.json"
    path.write_text(content)
    with pytest.raises(BadUsersFile) as raised:
        read_users(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_change_of_the_users_file_holds_at_once(tmp_path: Path, users: Users) -> None:
    path = tmp_path / "users.json"
    write_users(path, users)
    file = UsersFile(path)
    assert file.users().find("ben")
    assert file.users() is file.users(), "it is not read again without need"
    write_users(path, users.without("ben"))
    assert not file.users().find("ben")
    path.unlink()
    with pytest.raises(BadUsersFile, match="no such file"):
        file.users()


def test_a_cookie_names_its_user_until_it_expires(sessions: Sessions, users: Users, clock: Clock) -> None:
    cookie = sessions.begin(users, BEN)
    visitor = sessions.recognise(users, cookie)
    assert visitor
    assert (visitor.name, visitor.sites) == ("ben", BEN.sites)
    clock.s += HOURS * HOUR_MS / 1000 - 1
    assert sessions.recognise(users, cookie) == visitor
    clock.s += 1
    assert sessions.recognise(users, cookie) is None


def test_a_cookie_that_was_tampered_with_is_nobodys(sessions: Sessions, users: Users) -> None:
    cookie = sessions.begin(users, BEN)
    others = Users().with_user(BEN)
    assert sessions.recognise(others, cookie) is None, "another key"
    for place in range(0, len(cookie), 5):
        changed = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        # the last characters hold unused bits: the same signature may be written in two ways
        if place < len(cookie) - 2:
            assert sessions.recognise(users, changed) is None
    payload, signature = cookie.rsplit(".", 1)
    anns_payload = sessions.begin(users, ANN).rsplit(".", 1)[0]
    assert sessions.recognise(users, f"{anns_payload}.{signature}") is None
    for nonsense in ("", ".", payload, f"{payload}.", f"..{signature}", "ä", "a" * 10_000):
        assert sessions.recognise(users, nonsense) is None


def test_a_cookie_follows_the_users_file(sessions: Sessions, users: Users) -> None:
    cookie = sessions.begin(users, BEN)
    narrowed = users.with_user(User("ben", frozenset(("shop-1",)), BEN.password))
    visitor = sessions.recognise(narrowed, cookie)
    assert visitor
    assert visitor.sites == frozenset(("shop-1",))
    assert sessions.recognise(users.with_user(User("ben", BEN.sites, nobodys_hash())), cookie) is None
    assert sessions.recognise(users.without("ben"), cookie) is None


def test_a_sign_in_that_was_ended_is_over_and_others_go_on(
    sessions: Sessions, users: Users, clock: Clock
) -> None:
    here, there = sessions.begin(users, BEN), sessions.begin(users, BEN)
    visitor = sessions.recognise(users, here)
    assert visitor
    sessions.end(visitor)
    assert sessions.recognise(users, here) is None
    other = sessions.recognise(users, there)
    assert other
    clock.s += HOURS * HOUR_MS / 1000
    sessions.end(other)
    assert sessions.recognise(users, here) is None, "expired, though not remembered any more"


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.0.0.53", True),
        ("::1", True),
        ("localhost", True),
        (EVERYWHERE, False),
        ("::", False),
        ("192.168.1.20", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_what_is_this_machine(host: str, is_here: bool) -> None:
    assert is_loopback(host) == is_here


def test_an_open_door_is_refused_where_others_could_come_in(sessions: Sessions, tmp_path: Path) -> None:
    everybody = Door(None, (), sessions)
    with pytest.raises(SettingsError, match=r"python -m dashboard.access add .* MOODLENS_DASHBOARD_OPEN=1"):
        refuse_open_door(everybody, DashboardSettings(), EVERYWHERE)
    refuse_open_door(everybody, DashboardSettings(), "127.0.0.1")
    refuse_open_door(everybody, DashboardSettings(open=True), EVERYWHERE)
    refuse_open_door(Door(UsersFile(tmp_path), (), sessions), DashboardSettings(), EVERYWHERE)


def test_a_users_file_with_which_nobody_could_sign_in_is_refused(sessions: Sessions, tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    write_users(path, Users(by_name=MappingProxyType({"cho@shop.example": CHO})))
    with pytest.raises(SettingsError, match="lists no user with a password"):
        open_door(DashboardSettings(users_file=path), sessions)
