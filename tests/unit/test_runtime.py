"""Settings, health, logs and connections, and how they fail: in one line."""

import json
import logging
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import trustme
from paho.mqtt.reasoncodes import ReasonCode

from contract import keys
from runtime.errors import (
    BrokerFailure,
    BrokerRefused,
    BrokerUnavailable,
    LayoutMismatch,
    MoodLensError,
    RedisUnavailable,
    SettingsError,
)
from runtime.health import Health, serve_health
from runtime.logs import configure_logs
from runtime.mqtt import Handlers, Session, Will, close_mqtt, open_mqtt
from runtime.process import run
from runtime.redis import open_redis
from runtime.retry import keep_trying
from runtime.settings import MqttSettings, ProcessSettings, RedisSettings, load_settings
from runtime.stop import stop_on_signals
from tests.support.mqtt import tapped
from tests.support.services import Mosquitto, RedisServer, eventually, free_port


def mqtt_settings(broker: Mosquitto, **others: object) -> MqttSettings:
    return MqttSettings(host=broker.host, port=broker.port, **others)  # type: ignore[arg-type]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODLENS_MQTT_HOST", "broker.example")
    monkeypatch.setenv("MOODLENS_MQTT_PASSWORD", "secret")
    settings = load_settings(MqttSettings)
    assert settings.host == "broker.example"
    assert "secret" not in repr(settings)


def test_every_bad_setting_is_named_in_one_line_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODLENS_MQTT_PORT", "secret")
    monkeypatch.setenv("MOODLENS_MQTT_KEEPALIVE_S", "1")
    with pytest.raises(SettingsError) as error:
        load_settings(MqttSettings)
    assert "MOODLENS_MQTT_PORT" in str(error.value)
    assert "MOODLENS_MQTT_KEEPALIVE_S" in str(error.value)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_an_expected_failure_ends_the_process_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise MoodLensError("the camera is asleep")

    with pytest.raises(SystemExit) as exit_:
        run(main, "producer")
    assert exit_.value.code == 1
    assert capsys.readouterr().err == "producer: the camera is asleep\n"


def test_the_first_signal_asks_to_stop_and_the_second_is_final() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = stop_on_signals()
        with stop._cond:  # type: ignore[attr-defined]  # a wait holds this lock for a moment: now, say
            signal.raise_signal(signal.SIGTERM)
        assert stop.wait(5)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_logs_are_plain_for_people_and_json_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logs(ProcessSettings(), "worker")
        logging.getLogger("x").warning("mind the %s", "gap")
        configure_logs(ProcessSettings(log_format="json"), "worker")
        logging.getLogger("x").warning("mind the %s", "gap")
    finally:
        root.handlers[:], root.level = handlers, level
    plain, structured = capsys.readouterr().err.splitlines()
    assert plain.endswith("worker WARNING mind the gap")
    record = json.loads(structured)
    assert (record["level"], record["program"], record["message"]) == ("WARNING", "worker", "mind the gap")


def test_a_part_is_well_until_it_says_otherwise_or_falls_silent() -> None:
    now_s = [0.0]
    health = Health({"broker": 10.0}, clock=lambda: now_s[0])
    assert health.faults() == {"broker": "starting"}
    health.well("broker")
    assert health.faults() == {}
    now_s[0] = 11.0
    assert health.faults() == {"broker": "silent for 11 s"}
    health.unwell("broker", "gone")
    assert health.faults() == {"broker": "gone"}


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_health_and_metrics_are_served() -> None:
    port = free_port()
    health = Health({"redis": 10.0})
    with serve_health(ProcessSettings(health_port=port), health):
        assert page(port, "/healthz") == (503, '{"well":false,"faults":{"redis":"starting"}}')
        health.well("redis")
        assert page(port, "/healthz") == (200, '{"well":true,"faults":{}}')
        status, metrics = page(port, "/metrics")
        assert status == 200
        assert "process_cpu_seconds_total" in metrics
        assert page(port, "/")[0] == 404


def test_a_taken_health_port_is_one_clear_error(redis_server: RedisServer) -> None:
    settings = ProcessSettings(health_port=redis_server.port)
    with (
        pytest.raises(MoodLensError, match=r"cannot serve health on .*: Address already in use"),
        serve_health(settings, Health({})),
    ):
        pass


def test_no_broker_is_one_clear_error() -> None:
    port = free_port()
    with pytest.raises(BrokerUnavailable, match=f"no broker at 127.0.0.1:{port}: Connection refused"):
        open_mqtt(MqttSettings(host="127.0.0.1", port=port), Session("x"))


def test_a_server_that_is_no_broker_is_one_clear_error(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.mqtt.CONNECT_TIMEOUT_S", 0.5)
    with pytest.raises(BrokerUnavailable, match="did not answer"):
        open_mqtt(MqttSettings(host="127.0.0.1", port=redis_server.port), Session("x"))


def test_tls_to_a_plain_port_is_one_clear_error(mosquitto: Mosquitto) -> None:
    with pytest.raises(BrokerUnavailable):
        open_mqtt(mqtt_settings(mosquitto, tls=True), Session("x"))


def test_a_missing_certificate_file_is_one_clear_error(mosquitto: Mosquitto) -> None:
    with pytest.raises(BrokerRefused, match="cannot use the TLS files"):
        open_mqtt(mqtt_settings(mosquitto, tls=True, ca_file=Path("/nowhere.pem")), Session("x"))


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def encrypted(authority: trustme.CA, tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that speaks TLS only, with a certificate of ``authority`` for 127.0.0.1."""
    broker = Mosquitto(tmp_path / "encrypted")
    certificate = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "server.pem", tmp_path / "server.key"
    certificate.cert_chain_pems[0].write_to_path(chain)
    certificate.private_key_pem.write_to_path(key)
    with broker.settings.open("a") as settings:
        settings.write(f"certfile {chain}\nkeyfile {key}\n")
    yield broker.start()
    broker.stop()


def test_a_broker_is_trusted_by_its_authority(
    encrypted: Mosquitto, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    settings = mqtt_settings(encrypted, tls=True, ca_file=tmp_path / "ca.pem")
    close_mqtt(open_mqtt(settings, Session("x")))


def test_a_broker_of_an_unknown_authority_is_one_clear_error(encrypted: Mosquitto, tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    settings = mqtt_settings(encrypted, tls=True, ca_file=tmp_path / "other.pem")
    with pytest.raises(BrokerUnavailable, match="TLS failed: unable to get local issuer certificate"):
        open_mqtt(settings, Session("x"))


def test_a_broker_under_another_name_is_one_clear_error(
    encrypted: Mosquitto, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    settings = MqttSettings(host="localhost", port=encrypted.port, tls=True, ca_file=tmp_path / "ca.pem")
    with pytest.raises(BrokerUnavailable, match="TLS failed: Hostname mismatch"):
        open_mqtt(settings, Session("x"))


def test_a_wrong_password_is_one_clear_error(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    broker.settings.write_text(
        broker.settings.read_text().replace("allow_anonymous true", "allow_anonymous false")
    )
    broker.start()
    try:
        with pytest.raises(BrokerRefused, match="refused the connection: Not authorized"):
            open_mqtt(mqtt_settings(broker, username="camera", password="wrong"), Session("x"))  # noqa: S106
    finally:
        broker.stop()


def test_attempts_go_on_until_the_broker_is_there(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    failures = []
    for attempt in keep_trying(threading.Event(), BrokerFailure):
        with attempt:
            try:
                client = open_mqtt(mqtt_settings(broker), Session("x"))
            except BrokerUnavailable as error:
                failures.append(error)
                broker.start()
                raise
    close_mqtt(client)
    broker.stop()
    assert len(failures) == 1


def test_a_stop_ends_the_attempts() -> None:
    stop = threading.Event()

    def connect() -> None:
        stop.set()
        raise BrokerUnavailable("away")

    with pytest.raises(BrokerUnavailable):
        keep_trying(stop, BrokerFailure)(connect)


def test_a_lost_connection_is_told_once_and_speaks_the_last_will(mosquitto: Mosquitto) -> None:
    ended: list[ReasonCode] = []
    with tapped(mosquitto, "status") as spoken:
        session = Session("camera", will=Will("status", b"offline"))
        client = open_mqtt(mqtt_settings(mosquitto), session, Handlers(disconnected=ended.append))
        usurper = open_mqtt(mqtt_settings(mosquitto), Session("camera"))
        eventually(lambda: ended, what="the disconnection")
        eventually(lambda: spoken == [b"offline"], what="the last will")
        close_mqtt(usurper)
        client.loop_stop()
    assert len(ended) == 1


def test_no_redis_is_one_clear_error() -> None:
    with pytest.raises(RedisUnavailable, match=r"Redis does not answer: .*Connection refused"):
        open_redis(RedisSettings(url=f"redis://127.0.0.1:{free_port()}/0"))


def test_a_url_that_is_none_is_one_clear_error() -> None:
    with pytest.raises(RedisUnavailable, match="MOODLENS_REDIS_URL is not usable"):
        open_redis(RedisSettings(url="localhost"))


def test_a_wrong_redis_password_is_one_clear_error(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    redis_client.config_set("requirepass", "right")
    with pytest.raises(RedisUnavailable, match="refuses the login"):
        open_redis(RedisSettings(url=redis_server.url.replace("//", "//:wrong@")))


def test_an_empty_redis_is_claimed_and_another_layout_refused(
    redis_server: RedisServer, redis_client: redis.Redis
) -> None:
    settings = RedisSettings(url=redis_server.url)
    open_redis(settings)
    open_redis(settings)
    assert redis_client.hgetall(keys.LAYOUT) == {b"partitions": b"16", b"version": b"1"}
    redis_client.hset(keys.LAYOUT, "partitions", 8)
    with pytest.raises(LayoutMismatch, match="partitions = 8, this program needs 16"):
        open_redis(settings)
