"""What `admin enroll` tells a person is what a producer understands."""

import os
import shlex
from pathlib import Path

import pytest

from admin.authority import der, make_authority
from admin.cameras import client_id
from admin.cli import build_parser
from admin.enrolment import ENV_FILE, Enrolment, parse_camera
from producer.__main__ import build_parser as producer_parser
from producer.settings import load_producer_settings
from runtime.errors import SettingsError
from runtime.settings import SECRETS_DIR, MqttSettings, load_settings, read_env_file
from tests.unit.test_admin_authority import NOW

WAY = Enrolment("shop-1/door", "s3cret_-", "shop.example", 8883, der(make_authority(NOW).certificate))


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a file adds to the environment is gone after the test."""
    for name in [*WAY.variables, SECRETS_DIR]:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)


def test_the_printed_line_starts_a_producer_with_the_printed_file(tmp_path: Path) -> None:
    folder = tmp_path / "with a space"
    folder.mkdir()
    (folder / ENV_FILE).write_text(WAY.env_file)
    lines = WAY.instructions(folder, Path("/secrets/ca.crt")).splitlines()
    words = shlex.split(next(line for line in lines if "-m producer" in line))
    flags = vars(producer_parser().parse_args(words[3:]))

    read_env_file(flags.pop("env_file"))
    settings, mqtt = load_producer_settings(flags), load_settings(MqttSettings)

    assert (settings.camera, settings.source) == ("shop-1/door", "0")
    assert (mqtt.host, mqtt.port, mqtt.tls) == ("shop.example", 8883, True)
    assert (mqtt.username, mqtt.password.get_secret_value()) == ("shop-1/door", "s3cret_-")
    assert mqtt.ca == WAY.variables["MOODLENS_MQTT_CA"]


def test_the_password_is_shown_only_where_it_is_not_written() -> None:
    assert WAY.password in WAY.instructions(None, Path("/secrets/ca.crt"))
    assert WAY.password not in WAY.instructions(Path("folder"), Path("/secrets/ca.crt"))


def test_a_set_variable_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ENV_FILE).write_text(WAY.env_file)
    monkeypatch.setenv("MOODLENS_MQTT_HOST", "10.0.0.1")
    read_env_file(tmp_path / ENV_FILE)
    assert os.environ["MOODLENS_MQTT_HOST"] == "10.0.0.1"


def test_a_file_that_is_not_there_ends_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"camera\.env: no such file"):
        read_env_file(tmp_path / ENV_FILE)


def test_settings_come_from_a_folder_too_but_the_environment_goes_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRETS_DIR, str(tmp_path))
    (tmp_path / "moodlens_mqtt_username").write_text("worker\n")
    (tmp_path / "moodlens_mqtt_host").write_text("there")
    (tmp_path / "moodlens_producer_camera").write_text("shop/door")
    monkeypatch.setenv("MOODLENS_MQTT_HOST", "here")
    mqtt = load_settings(MqttSettings)
    assert (mqtt.username, mqtt.host) == ("worker", "here")
    assert load_producer_settings({"source": "0"}).camera == "shop/door"
    monkeypatch.setenv(SECRETS_DIR, str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="MOODLENS_SECRETS_DIR: there is no folder"):
        load_settings(MqttSettings)


def test_an_authority_that_is_no_base64_is_told_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODLENS_MQTT_CA", "§§")
    with pytest.raises(SettingsError, match="MOODLENS_MQTT_CA: is no Base64") as refused:
        load_settings(MqttSettings)
    assert "§§" not in str(refused.value)


@pytest.mark.parametrize("name", ["door", "Shop/door", "shop/+", "shop/#", "a/b/c", "shop/d oor", ""])
def test_what_is_no_camera_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not site/camera"):
        parse_camera(name)


def test_two_cameras_never_share_a_client_id() -> None:
    assert client_id("a-b/c") != client_id("a/b-c")


def test_every_command_has_a_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("setup", "enroll", "rotate", "revoke", "list", "subscriber", "user"):
        with pytest.raises(SystemExit):
            build_parser().parse_args([command, "--help"])
        assert "usage: python -m admin" in capsys.readouterr().out
