"""The files that join a store's broker to AWS IoT Core."""

import json
import sys
from pathlib import Path, PurePosixPath

import pytest

from contract.events import CROP_BYTES, FACES_MAX
from contract.topics import FROM_CAMERA, Suffix
from edge.errors import EdgeRefused
from edge.iot_core import __main__ as command
from edge.iot_core.bridge import Bridge, bridge_conf, cameras_max
from edge.iot_core.names import CARRIED, client_id, thing_name
from edge.iot_core.policy import POLICY_MAX, Account, bridge_policy, camera_policy
from tests.support.events import CAMERA

ACCOUNT = Account("eu-central-1", "123456789012")
BRIDGE = Bridge(
    "store-1", "x-ats.iot.example", 8883, ("shop-1",), *map(PurePosixPath, ("/s/ca", "/s/crt", "/s/key"))
)
GOOD = {
    "--name": "store-1",
    "--endpoint": "x-ats.iot.eu-central-1.amazonaws.com",
    "--region": "eu-central-1",
    "--account": "123456789012",
}


def test_no_picture_of_a_face_crosses() -> None:
    assert set(FROM_CAMERA) - set(CARRIED) == {Suffix.FACES, Suffix.PREVIEW}
    for text in (
        bridge_conf(BRIDGE),
        str(camera_policy(ACCOUNT)),
        str(bridge_policy(ACCOUNT, "store-1", ("+",))),
    ):
        assert "/faces" not in text
        assert "/preview" not in text
    assert FACES_MAX * CROP_BYTES < 128 * 1024, "directly, over MQTT 5, IoT Core takes the largest message"


def test_the_bridge_speaks_as_iot_core_asks() -> None:
    lines = bridge_conf(BRIDGE).splitlines()
    for line in (
        "address x-ats.iot.example:8883",
        "bridge_protocol_version mqttv311",
        "cleansession false",
        "notifications false",
        "try_private false",
        "remote_clientid moodlens-bridge-store-1",
        "topic moodlens/v1/shop-1/+/emotions in 1",
    ):
        assert line in lines
    assert not [line for line in lines if " out " in line or " both " in line]


def test_a_thing_is_called_what_aws_allows_and_connects_under_the_producers_name() -> None:
    assert thing_name(CAMERA) == "shop-1_entrance"
    assert client_id(CAMERA) == "camera.shop-1.entrance"


def test_a_camera_may_retain_its_status_alone() -> None:
    retained = next(s for s in camera_policy(ACCOUNT)["Statement"] if s["Action"] == "iot:RetainPublish")
    assert [name.rsplit("/", 1)[1] for name in retained["Resource"]] == ["status"]


def test_nineteen_busy_cameras_fill_a_bridge() -> None:
    assert cameras_max(5.0) == 19


def run(monkeypatch: pytest.MonkeyPatch, out: Path, **changed: str) -> None:
    given = {**GOOD, "--out": str(out), **{f"--{name}": value for name, value in changed.items()}}
    monkeypatch.setattr(sys, "argv", ["edge.iot_core", *(word for pair in given.items() for word in pair)])
    command.main()


def test_the_command_writes_the_bridge_and_the_policies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, tmp_path, sites="shop-1,shop-2")
    assert "topic moodlens/v1/shop-2/+/status in 1" in (tmp_path / "bridge.conf").read_text()
    assert json.loads((tmp_path / "camera-policy.json").read_text()) == camera_policy(ACCOUNT)
    assert json.loads((tmp_path / "bridge-policy.json").read_text())["Version"] == "2012-10-17"
    assert "moodlens-bridge-store-1" in capsys.readouterr().out


def test_a_policy_that_aws_would_not_take_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run(monkeypatch, tmp_path, sites="shop-1,shop-2,shop-3")
    policy = json.loads((tmp_path / "bridge-policy.json").read_text())
    assert len("".join(json.dumps(policy).split())) <= POLICY_MAX
    with pytest.raises(EdgeRefused, match="--sites: a policy of AWS IoT has room for 3 of these 4 sites"):
        run(monkeypatch, tmp_path / "other", sites="shop-1,shop-2,shop-3,shop-4")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")])
def test_a_region_of_another_partition_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, region: str, partition: str
) -> None:
    run(monkeypatch, tmp_path, region=region)
    assert f"arn:{partition}:iot:{region}:" in (tmp_path / "camera-policy.json").read_text()


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("name", "Store 1"),
        ("endpoint", "x\nallow_anonymous true"),
        ("region", "here"),
        ("account", "1"),
        ("sites", "shop-1,#"),
        ("secrets", "relative"),
    ],
)
def test_what_would_end_up_in_a_brokers_settings_is_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flag: str, value: str
) -> None:
    with pytest.raises(EdgeRefused, match=f"--{flag}: "):
        run(monkeypatch, tmp_path, **{flag: value})
    assert not list(tmp_path.iterdir())
