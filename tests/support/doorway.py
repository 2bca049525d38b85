"""A dashboard with a sign-in: who may come in, and how they do."""

import re
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import redis
import trustme
from playwright.sync_api import Page, expect

from contract import keys
from dashboard.access.passwords import hash_password
from dashboard.access.users import User, Users, write_users
from tests.support.services import Mosquitto, Process, RedisServer, program

ANSWERS_WITHIN_S = 60.0
PASSWORDS = {"ann": "four white clouds", "ben": "three quiet rivers"}
CAMERAS = ("shop-1/entrance", "shop-2/entrance")
ASKED_TO_SIGN_IN: Final = re.compile(r"/sign-in(\?|$)")


def people_of(path: Path, client: redis.Redis) -> dict[str, str]:
    """The environment of a dashboard with two sites, a manager who sees both, and two people who see one.

    Args:
        path: of the users file, which is written.
        client: of the dashboard's Redis, to which the cameras of the sites become known.
    """
    for camera in CAMERAS:
        client.sadd(keys.subjects(keys.partition_of(camera)), camera)
    everybody = Users()
    for user in (
        User("ann", None, hash_password(PASSWORDS["ann"])),
        User("ben", frozenset(("shop-1",)), hash_password(PASSWORDS["ben"])),
        User("cho@shop.example", frozenset(("shop-2",))),
    ):
        everybody = everybody.with_user(user)
    write_users(path, everybody)
    return {"MOODLENS_DASHBOARD_USERS_FILE": str(path), "HOME": str(path.parent)}


@pytest.fixture
def environment_with_people(
    mosquitto: Mosquitto, redis_server: RedisServer, redis_client: redis.Redis, tmp_path: Path
) -> dict[str, str]:
    """The environment of a dashboard with people, and servers of its own."""
    people = people_of(tmp_path / "users.json", redis_client)
    return {**mosquitto.environment, **redis_server.environment, **people}


def dashboard(environment: dict[str, str], folder: Path, port: int, *arguments: str) -> Process:
    return program("dashboard", ["--port", str(port), *arguments], folder / "dashboard.log", environment)


def certify(authority: trustme.CA, folder: Path) -> tuple[str, ...]:
    """Arguments of a dashboard that the authority has given a certificate, of 127.0.0.1."""
    issued = authority.issue_cert("127.0.0.1")
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key_file)
    return "--tls-cert", str(cert_file), "--tls-key", str(key_file)


def sign_in(page: Page, name: str, password: str = "") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password or PASSWORDS[name])
    page.get_by_role("button", name="Sign in").click()


def expect_dashboard(page: Page, *sites: str) -> None:
    """All of these sites are shown, and no others."""
    cameras = {site: page.get_by_text(f"{site}/entrance") for site in ("shop-1", "shop-2")}
    for site in sites:
        expect(cameras[site].first).to_be_visible()
    for site in cameras.keys() - set(sites):
        expect(cameras[site]).to_have_count(0)


def status_of(address: str, method: str = "GET") -> int:
    try:
        with urlopen(Request(address, method=method), timeout=ANSWERS_WITHIN_S) as answer:  # noqa: S310
            status: int = answer.status
            return status
    except HTTPError as error:
        with error:
            return error.code
