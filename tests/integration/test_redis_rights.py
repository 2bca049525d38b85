"""Redis as it is deployed: each service can do its work, and nothing else."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date
from pathlib import Path
from random import Random
from typing import Any

import pytest
import redis
import streamlit as st
from pydantic import SecretStr
from redis.exceptions import AuthenticationError, BusyLoadingError, NoPermissionError, ResponseError
from streamlit.testing.v1 import AppTest

from admin import vault as names
from admin.redis_rights import RIGHTS
from aggregator.sites import Site, Sites
from contract import keys
from contract.notes import NoteKind, SiteNote
from contract.retention import LEAST_MS, Retention
from contract.rules import Measure, ThresholdRule
from contract.windows import Resolution, chunk_at
from dashboard.alerts.overview import acknowledge, read_alerts
from dashboard.alerts.rules import remove_rule, save_rule
from dashboard.notes.kept import new_id, remove_note, save_note
from runtime.errors import RedisUnavailable
from runtime.expiry import expire_earlier
from runtime.redis import open_redis
from runtime.settings import RedisSettings
from tests.support.cameras import Flow, SimulatedCamera
from tests.support.events import utc_ms
from tests.support.secured import SecuredServer, as_camera
from tests.support.services import eventually, program, running

CAMERA = "shop-1/door"
RULE = ThresholdRule(measure=Measure.VISITS, below=1000.0, resolution=Resolution.TEN_SECONDS, windows=1)
ACKNOWLEDGED_WITHIN_S = 60.0
PAGE_WITHIN_S = 120
PAGES = ("now", "yesterday", "trends", "heatmap", "compare", "events", "alerts", "cameras", "live")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredServer]:
    server = SecuredServer(tmp_path_factory.mktemp("store"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def nothing_is_refused(server: SecuredServer) -> Iterator[None]:
    """Redis refuses nothing during the test."""
    with server.redis_of(names.ADMIN) as admin:
        admin.acl_log_reset()  # a full one does not grow
        yield
        assert admin.acl_log() == []


def page(name: str) -> None:
    from importlib import import_module  # noqa: PLC0415 - Streamlit runs the text of this function

    import_module(f"dashboard.pages.{name}").show()


def client_of(server: SecuredServer, service: str) -> Any:
    url = (server.secrets / service / "moodlens_redis_url").read_text()
    return open_redis(RedisSettings(url=SecretStr(url)))


@pytest.mark.usefixtures("nothing_is_refused")
def test_the_programs_need_no_more_than_they_may(
    server: SecuredServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dashboard = client_of(server, names.DASHBOARD)
    save_rule(dashboard, "quiet", RULE, [CAMERA])
    environment = {
        **server.of(names.AGGREGATOR),
        "MOODLENS_AGGREGATOR_SILENCE_S": "5",
        "MOODLENS_AGGREGATOR_K": "1",
        "MOODLENS_AGGREGATOR_PUBLISHED": "10s",
    }
    worker = program("classifier_worker", [], tmp_path / "worker.log", server.of(names.WORKER))
    aggregators = [program("aggregator", [], tmp_path / f"aggregator-{i}.log", environment) for i in range(2)]
    with running(worker, *aggregators):
        eventually(lambda: "takes messages" in worker.output, what="the worker")
        camera = SimulatedCamera(CAMERA, as_camera(server.enroll(CAMERA)), Random(8))  # noqa: S311
        flow = Flow([camera]).start()
        eventually(lambda: camera.published.shots, what="somebody before the camera")
        flow.goes_on(1)
        assert flow.ends(ACKNOWLEDGED_WITHIN_S) == 0
        opened = eventually(lambda: read_alerts(dashboard, [CAMERA]).open, what="an alert", every_s=0.2)
        assert acknowledge(dashboard, opened[0], utc_ms(), "ann")

    # the dashboard, all of it
    for name, value in {**server.of(names.DASHBOARD), "MOODLENS_DASHBOARD_K": "1"}.items():
        monkeypatch.setenv(name, value)
    st.cache_data.clear()
    st.cache_resource.clear()
    for name in PAGES:
        shown = AppTest.from_function(page, kwargs={"name": name}, default_timeout=PAGE_WITHIN_S).run()
        assert not shown.exception, f"{name}: {shown.exception}"
    st.cache_resource.clear()
    note = SiteNote(kind=NoteKind.PROMOTION, name="sale", first_day=date(2026, 3, 1))
    save_note(dashboard, "shop-1", note_id := new_id(), note)
    remove_note(dashboard, "shop-1", note_id)
    remove_rule(dashboard, "quiet", [CAMERA])


@pytest.mark.usefixtures("nothing_is_refused")
def test_a_site_may_keep_windows_shorter_and_both_sides_may_shorten_what_is_stored(
    server: SecuredServer,
) -> None:
    camera = "shop-9/door"
    admin, aggregator = client_of(server, names.ADMIN), client_of(server, names.AGGREGATOR)
    aggregator.sadd(keys.subjects(keys.partition_of(camera)), camera)
    now_ms = utc_ms()
    day = keys.window_chunk(camera, Resolution.DAY, chunk_at(Resolution.DAY, now_ms, UTC).name)
    admin.set(day, b"", px=5 * 365 * 86_400_000)
    assert "goes earlier, too (chunks: 1)" in server.command("site", "shop-9", "--keep", "1d=1y")
    kept = Sites(aggregator, Site(UTC, k=5)).of(camera).kept
    assert admin.pttl(day) <= kept.kept_ms(Resolution.DAY) + 86_400_000
    shorter = Retention({Resolution.DAY: LEAST_MS[Resolution.DAY]})
    assert expire_earlier(aggregator, [camera], [Resolution.DAY], shorter, UTC, now_ms) == 1
    assert "1d=5y" in server.command("site", "shop-9", "--keep", "1d=default")
    admin.delete(day, keys.subjects(keys.partition_of(camera)))


FORBIDDEN_TO_ALL = (
    "FLUSHALL",
    "FLUSHDB",
    "KEYS *",
    "CONFIG GET *",
    "CONFIG SET maxmemory 1",
    "SLOWLOG GET",
    "SCRIPT FLUSH",
    "ACL LIST",
    "ACL SETUSER worker on nopass ~* +@all",
    "CLIENT LIST",
    "CLIENT KILL TYPE normal",
    "MONITOR",
    "SHUTDOWN",
    "REPLICAOF NO ONE",
    "SAVE",
    "MODULE LIST",
    "SWAPDB 0 1",
    "RENAME moodlens:layout x",
    "SET other-key 1",
)

FORBIDDEN = {
    names.WORKER: (
        "HGET moodlens:site:shop-1 k",
        "HSET moodlens:site:shop-1 k 1",
        "GET moodlens:{3}:shop-1/door:1d:2026",
        "GET moodlens:{3}:lease",
        "XRANGE moodlens:{3}:emotions - +",
        "HSET moodlens:{3}:shop-1/door:rules x y",
        "DEL moodlens:{3}:shop-1/door:open",
        "SCAN 0",
    ),
    names.AGGREGATOR: (
        "HSET moodlens:site:shop-1 k 1",
        "HSET moodlens:site:shop-1:events x y",
        "HSET moodlens:{3}:shop-1/door:rules x y",
        "HSET moodlens:{3}:shop-1/door:alerts:acked x y",
        "SET moodlens:{workers}:0:lease me",
        "HSET moodlens:models x y",
        "SCAN 0",
    ),
    names.DASHBOARD: (
        "HSET moodlens:site:shop-1 k 1",
        "HSET moodlens:models x y",
        "HSET moodlens:{3}:shop-1/door:open x y",
        "DEL moodlens:{3}:shop-1/door:1d:2026",
        "SET moodlens:{3}:epoch 9",
        "XADD moodlens:{3}:emotions * x y",
        "SCAN 0",
    ),
    names.ADMIN: (),
    names.HEALTH: ("GET moodlens:layout", "HGET moodlens:layout version", "SCAN 0", "INFO"),
}


@pytest.mark.parametrize("service", FORBIDDEN)
def test_nobody_may_do_more(server: SecuredServer, service: str) -> None:
    password = server.redis_password(service)
    with redis.Redis(port=server.redis.port, username=service, password=password, driver_info=None) as client:
        assert client.ping()
        for command in (*FORBIDDEN_TO_ALL, *FORBIDDEN[service]):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command.split())


def test_a_script_reaches_no_other_key(server: SecuredServer) -> None:
    worker = client_of(server, names.WORKER)
    script = worker.register_script("return redis.call('HGET', 'moodlens:site:shop-1', 'k')")
    with pytest.raises(redis.exceptions.ResponseError, match=r"can't run this command|can't access"):
        script()


def test_whoever_has_no_password_is_told_so_in_one_line(server: SecuredServer) -> None:
    for url in (
        f"redis://127.0.0.1:{server.redis.port}",
        f"redis://worker:wrong@127.0.0.1:{server.redis.port}",
    ):
        with pytest.raises(RedisUnavailable, match="Redis refuses the login"):
            open_redis(RedisSettings(url=SecretStr(url)))


def test_the_forbidden_are_listed_for_every_user() -> None:
    assert set(FORBIDDEN) == set(RIGHTS)


def test_what_a_script_wrote_is_there_after_a_restart(server: SecuredServer) -> None:
    written = [keys.slot_lease(62), keys.slot_session(62)]
    script = "redis.call('SET', KEYS[1], 'a', 'PX', 600000); redis.call('SET', KEYS[2], 'b', 'PX', 600000)"
    with server.redis_of(names.WORKER) as worker:
        worker.register_script(script)(keys=written)
    server.redis.stop()
    server.redis.start()
    with server.redis_of(names.WORKER) as worker:

        def read() -> Any:
            with suppress(BusyLoadingError):  # it already listens, and still reads its file
                return worker.mget(written)

        assert eventually(read, what="Redis to have read its file") == [b"a", b"b"]


def test_nobody_comes_in_without_a_name(server: SecuredServer) -> None:
    with redis.Redis.from_url(server.redis.url, driver_info=None) as nobody:
        with pytest.raises(AuthenticationError):
            nobody.ping()
        for password in ("", "default"):
            with pytest.raises((AuthenticationError, ResponseError)):
                nobody.execute_command("AUTH", "default", password)
