"""Settings, health, logs and signals of a process, and how they fail: in one line."""

import json
import logging
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from producer.settings import load_producer_settings
from runtime.errors import MoodLensError, SettingsError
from runtime.health import Health, serve_health
from runtime.logs import configure_logs
from runtime.process import run
from runtime.settings import MqttSettings, ProcessSettings, load_settings
from runtime.stop import stop_on_signals
from tests.support.services import RedisServer, eventually, free_port


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


def test_a_file_that_is_not_there_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "client.key").write_text("a key")
    monkeypatch.setenv("MOODLENS_MQTT_CA_FILE", str(tmp_path / "no.crt"))
    monkeypatch.setenv("MOODLENS_MQTT_KEY_FILE", str(tmp_path / "client.key"))
    with pytest.raises(SettingsError) as error:
        load_settings(MqttSettings)
    assert str(error.value).split("; ") == [
        "MOODLENS_MQTT_CA_FILE: Path does not point to a file",
        "MOODLENS_MQTT_KEY_FILE: a key without its certificate (cert_file)",
    ]


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("moodlens_mqtt_password", lambda: load_settings(MqttSettings)),
        ("moodlens_producer_source", lambda: load_producer_settings({"camera": "shop-1/door"})),
    ],
)
def test_a_secret_that_cannot_be_read_is_told_in_one_line(
    name: str, load: Callable[[], object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe secret")
    monkeypatch.setenv("MOODLENS_SECRETS_DIR", str(tmp_path))
    with pytest.raises(SettingsError, match=r"^MOODLENS_SECRETS_DIR: ") as error:
        load()
    assert "secret" not in str(error.value).removeprefix("MOODLENS_SECRETS_DIR")
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


def test_health_is_served_no_longer_than_what_it_tells_of_lasts_also_where_that_fails() -> None:
    with (
        pytest.raises(MoodLensError, match="it failed"),
        serve_health(ProcessSettings(health_port=free_port()), Health({})),
    ):
        raise MoodLensError("it failed")
    eventually(lambda: "health" not in {thread.name for thread in threading.enumerate()}, 10, "its end")


def test_a_taken_health_port_is_one_clear_error(redis_server: RedisServer) -> None:
    settings = ProcessSettings(health_port=redis_server.port)
    with (
        pytest.raises(MoodLensError, match=r"cannot serve health on .*: address already in use"),
        serve_health(settings, Health({})),
    ):
        pass
