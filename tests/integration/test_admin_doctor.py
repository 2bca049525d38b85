"""The doctor before a whole, secured server, and before servers with real faults."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from admin import vault as names
from admin.authority import make_authority, make_server, server_names
from admin.cameras import TLS_PORT, client_id
from admin.demo import refuse_real_stores
from admin.doctor import gather
from admin.errors import Refused
from admin.facts import BrokerFacts, FlowFacts
from admin.finding import Finding, Level
from admin.findings import findings
from admin.probe_broker import probe_broker
from admin.probe_cameras import probe_cameras
from admin.probe_redis import probe_flow, probe_redis
from contract import keys
from contract.topics import Suffix, topic
from dashboard.settings import DashboardSettings
from runtime.mqtt import Session, close_mqtt, open_mqtt
from runtime.redis import Client
from tests.support.events import CAMERA, utc_ms
from tests.support.secured import SecuredServer, as_camera
from tests.support.services import Mosquitto, RedisServer, eventually, program, running
from tests.support.watched import well_watched

BROKEN = "shop-1/broken"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredServer]:
    """Broker, Redis, a worker, an aggregator, and a camera that looked."""
    yield from well_watched(tmp_path_factory.mktemp("server"))


@pytest.fixture
def as_admin(server: SecuredServer, monkeypatch: pytest.MonkeyPatch) -> SecuredServer:
    """The operator's environment."""
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    return server


def environment(server: SecuredServer) -> dict[str, str]:
    return {**server.of(names.ADMIN), "MOODLENS_ADMIN_SECRETS_DIR": str(server.secrets)}


def examine(tls_port: int = TLS_PORT) -> list[Finding]:
    return findings(gather(tls_port))


def said(found: list[Finding], level: Level, about: str) -> str:
    return "\n".join(one.says for one in found if one.level is level and one.about.startswith(about))


def grave(found: list[Finding]) -> list[tuple[str, str]]:
    """What must be acted on, but for the disk of the machine that tests run on."""
    return [(one.about, one.says) for one in found if one.level is Level.ACT and one.about != "disk"]


def test_a_server_that_is_well_is_found_so(as_admin: SecuredServer) -> None:
    def well() -> list[Finding]:
        """What is found as soon as the aggregator owns all partitions, and has counted what came."""
        found = examine(as_admin.tls_port)
        quiet = said(found, Level.OK, "queues") == "all that came is counted"
        return found if quiet and not grave(found) else []

    found = eventually(well, what="a moment in which nothing is to be done")
    assert "mosquitto version 2" in said(found, Level.OK, "broker")
    assert "connections" in said(found, Level.OK, "Redis")
    assert said(found, Level.LOOK, "Redis") == "has no bound of memory", "as tests start it"
    assert said(found, Level.OK, "workers") == "1 at work"
    assert said(found, Level.OK, "aggregators") == "1 at work"
    assert said(found, Level.OK, "clocks") == "this machine and Redis agree"
    assert said(found, Level.OK, "model").endswith(" in use")
    assert said(found, Level.OK, "cameras") == "1 of 1 as they should be"
    assert said(found, Level.OK, "certificate").count("is good for") == 3


def test_the_command_says_so_to_people_and_machines(server: SecuredServer) -> None:
    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "admin", "doctor", "--tls-port", str(server.tls_port), *words],
            env={**os.environ, **environment(server)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    for_machines, for_people = command("--json"), command()
    told = json.loads(for_machines.stdout)
    assert for_machines.returncode == (told["level"] == "act")
    assert {"level", "about", "says", "advice"} == set(told["findings"][0])
    assert "this machine and Redis agree" in for_people.stdout
    assert for_machines.stderr == for_people.stderr == ""


def test_wrong_passwords_are_named_and_not_told(
    as_admin: SecuredServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODLENS_MQTT_PASSWORD", "not-the-word")
    url = f"redis://admin:not-the-word@127.0.0.1:{as_admin.redis.port}/0"
    monkeypatch.setenv("MOODLENS_REDIS_URL", url)
    found = examine(as_admin.tls_port)
    assert "refused the connection: Not authorized" in said(found, Level.ACT, "broker")
    assert "Redis refuses the login" in said(found, Level.ACT, "Redis")
    assert "not-the-word" not in str(found)


def test_a_user_who_may_see_nothing_is_said(as_admin: SecuredServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODLENS_SECRETS_DIR", str(as_admin.secrets / names.WORKER))
    found = examine(as_admin.tls_port)
    assert said(found, Level.LOOK, "broker") == "answers, and tells nothing of itself"
    assert "no permissions" in said(found, Level.ACT, "Redis")


def test_certificates_that_end_or_are_for_others_are_said(
    as_admin: SecuredServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    authority = make_authority(now - timedelta(days=3452))
    for folder, days in ((names.BROKER, 387), (names.DASHBOARD, 400)):
        made = make_server(authority, server_names("till.example"), now - timedelta(days=days))
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "server.crt").write_bytes(made.certificate)
    (tmp_path / names.AUTHORITY).mkdir()
    (tmp_path / names.AUTHORITY / "ca.crt").write_bytes(authority.certificate)
    monkeypatch.setenv("MOODLENS_ADMIN_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("MOODLENS_ADMIN_SERVER_NAMES", "shop.example")
    found = examine(as_admin.tls_port)
    grave = said(found, Level.ACT, "certificate")
    assert "the broker's ends in 9 days" in grave
    assert "the broker's is not for shop.example" in grave
    assert "the broker's is not what the broker serves" in grave
    assert "the dashboard's has ended" in grave
    assert "the authority's ends in 199 days" in said(found, Level.LOOK, "certificate")
    (tmp_path / names.BROKER / "server.crt").write_text("no certificate")
    assert "cannot be read: it holds no certificate" in said(examine(), Level.LOOK, "certificate")


def test_without_secrets_and_tls_it_says_so(
    as_admin: SecuredServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "shows none at 127.0.0.1:1: connection refused" in said(examine(1), Level.LOOK, "certificate")
    monkeypatch.setenv("MOODLENS_ADMIN_SECRETS_DIR", str(tmp_path / "none"))
    assert "there is no folder" in said(examine(as_admin.tls_port), Level.LOOK, "certificate")


def test_a_refused_message_is_said_with_its_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = SecuredServer(tmp_path)  # of its own: to the others all is well
    for name, value in environment(server).items():
        monkeypatch.setenv(name, value)
    worker = program("classifier_worker", [], tmp_path / "worker.log", server.of(names.WORKER))

    def refused() -> list[Finding]:
        found = examine(server.tls_port)
        return found if said(found, Level.LOOK, "refused") else []

    try:
        server.start()
        with running(worker):
            eventually(lambda: "takes messages" in worker.output, what="the worker")
            client = open_mqtt(as_camera(server.enroll(BROKEN)), Session(client_id(BROKEN)))
            client.publish(topic(BROKEN, Suffix.REPORTS), b"{", qos=1)
            found = eventually(refused, what="the refusal")
            close_mqtt(client)
    finally:
        server.stop()
    assert said(found, Level.LOOK, "refused").endswith("malformed 1")
    assert "messages of it are refused, malformed" in said(found, Level.ACT, BROKEN)


def test_servers_that_are_gone_are_said_in_a_line_each(
    mosquitto: Mosquitto, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**mosquitto.environment, **redis_server.environment}.items():
        monkeypatch.setenv(name, value)
    before = dict(grave(examine()))
    assert set(before) == {"workers", "aggregators"}, "servers alone count nothing"
    mosquitto.stop()
    redis_server.stop()
    found = grave(examine())
    assert [about for about, _ in found] == ["broker", "Redis"]
    assert f"no broker at 127.0.0.1:{mosquitto.port}" in found[0][1]
    assert "Redis does not answer" in found[1][1]


def test_a_redis_that_may_lose_figures_is_said(
    redis_server: RedisServer,
    redis_client: redis.Redis,
    mosquitto: Mosquitto,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**mosquitto.environment, **redis_server.environment}.items():
        monkeypatch.setenv(name, value)
    used = int(redis_client.info()["used_memory"])
    for name, value in (
        ("maxmemory-policy", "allkeys-lru"),
        ("appendonly", "no"),
        ("maxmemory", str(used // 2)),
    ):
        redis_client.config_set(name, value)
    told = said(examine(), Level.ACT, "Redis")
    assert "may throw figures away" in told
    assert "keeps nothing on disk" in told
    assert "of its memory is in use" in told


def test_streams_that_nobody_counts_are_said(any_redis: Client) -> None:
    stream = keys.stream(3)
    with any_redis.pipeline(transaction=False) as pipe:
        for number in range(1_001):
            pipe.xadd(
                stream, {"report": b"{}"}, id=f"{utc_ms() - 300_000}-{number + 1}" if not number else "*"
            )
        pipe.execute()
    flow = probe_flow(any_redis, utc_ms())
    assert isinstance(flow, FlowFacts)
    assert (flow.partitions[3].entries, flow.partitions[3].unread) == (1_001, 1_001)
    any_redis.xgroup_create(stream, keys.GROUP, id="0")
    any_redis.xreadgroup(keys.GROUP, "owner", {stream: ">"}, count=1_000)
    assert probe_flow(any_redis, utc_ms()).partitions[3].unread == 1_001, "read is not counted"
    any_redis.set(keys.slot_session(2), "")
    any_redis.set(keys.slot_lease(1), "x")
    any_redis.set(keys.slot_session(1), "")
    flow = probe_flow(any_redis, utc_ms())
    assert (flow.workers, flow.orphans, flow.aggregators) == (1, 1, 0)
    assert abs(flow.clock_ms) < 1_000
    assert probe_flow(any_redis, utc_ms() + 60_000).clock_ms > 1_000
    assert len(probe_redis(any_redis)) in {1, 3}
    assert probe_cameras(any_redis, DashboardSettings(), utc_ms()) == ()


def test_a_scripted_store_is_not_laid_over_a_real_one(any_redis: Client) -> None:
    any_redis.sadd(keys.subjects(keys.partition_of(CAMERA)), CAMERA)
    site = CAMERA.partition("/")[0]
    refuse_real_stores(any_redis, {"downtown"})
    with pytest.raises(Refused, match=f"{site} has cameras of its own"):
        refuse_real_stores(any_redis, {"downtown", site})
    any_redis.hset(keys.site(site), "simulated", "1")
    refuse_real_stores(any_redis, {"downtown", site})


def test_what_the_broker_keeps_of_cameras_is_known(server: SecuredServer) -> None:
    def seen() -> BrokerFacts | None:
        facts = probe_broker(server.mqtt_of(names.ADMIN))
        assert isinstance(facts, BrokerFacts)
        return facts if facts.statuses else None

    assert eventually(seen, what="a status").statuses[CAMERA].online


def test_what_the_broker_counts_is_known(tmp_path: Path) -> None:
    server = SecuredServer(tmp_path)
    try:  # of one that has just started: what does not change, Mosquitto forgets after a minute
        facts = probe_broker(server.start().mqtt_of(names.ADMIN))
    finally:
        server.stop()
    assert isinstance(facts, BrokerFacts)
    assert facts.dropped is not None
    assert facts.heap_bytes is None or facts.heap_bytes > 0


def test_the_operators_own_user_may_do_all_that_the_commands_do(
    as_admin: SecuredServer, tmp_path: Path
) -> None:
    with as_admin.redis_of(names.ADMIN) as client:
        denied = len(client.acl_log())
        days = ("--from", "2026-01-01T10:00", "--to", "2026-01-03")
        assert "k 1" in as_admin.command("site", "shop-1", "--k", "1", "--hours", "mon-sun 00:00-24:00")
        assert "shop-1: time zone UTC, k 1" in as_admin.command("site", "--list")
        erased = as_admin.command("erase", "--camera", CAMERA, *days, "--yes", "--by", "ann")
        assert "Erased: 0 visits, 0 frames with faces, 0 past alerts." in erased
        assert "ann" in as_admin.command("erase", "--list")
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"
        file = str(tmp_path / "figures.parquet")
        as_admin.command("export", "--all", "--from", today, "--to", tomorrow, "--output", file)
        assert len(client.acl_log()) == denied
