"""``docker compose up`` on a real engine: healthy, right to the frame, closed to strangers, gone in order."""

import re
import time
import urllib.error
from pathlib import Path

import pytest

from tests.compose.stack import MALE, YUNET, Stack, docker, service, summary
from tests.support.services import eventually

SERVICES = {"mosquitto", "redis", "classifier_worker", "aggregator", "dashboard"}
ONE_SHOT = {"setup"}
PUBLISHED = {"mosquitto": {"8883/tcp"}, "dashboard": {"8501/tcp"}}

# the first test builds the images, and a first build fetches what they install
pytestmark = [pytest.mark.compose, pytest.mark.timeout(1800)]


def test_all_is_healthy_soon_and_nothing_is_open_but_the_dashboard_and_the_brokers_tls_port(
    stack: Stack,
) -> None:
    started_s = time.monotonic()
    stack.up()
    assert time.monotonic() - started_s < 90
    containers = stack.containers()
    assert {service(container) for container in containers} == SERVICES | ONE_SHOT
    for container in containers:
        name, host = service(container), container["HostConfig"]
        state = container["State"]
        assert state["ExitCode"] == 0 if name in ONE_SHOT else state["Health"]["Status"] == "healthy", name
        assert re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", container["Config"]["User"]), name
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["Memory"] > 0
        assert host["NanoCpus"] > 0
        assert host["PidsLimit"] > 0
        assert set(host["PortBindings"] or {}) == PUBLISHED.get(name, set()), name


def test_the_managers_password_is_told_once_and_opens_the_dashboard(stack: Stack) -> None:
    stack.up()
    password = stack.password()
    assert stack.page_after_sign_in(password) == (200, "/")
    with pytest.raises(urllib.error.HTTPError) as refused:
        stack.page_after_sign_in(password[:-1])
    assert refused.value.code in {401, 403}
    stack.compose("run", "--rm", "-T", "setup", "setup")
    assert stack.page_after_sign_in(password) == (200, "/")


@pytest.mark.parametrize("workers", [1, 3])
def test_a_smiling_man_is_counted_to_the_frame(
    stack: Stack, shared: Path, tmp_path: Path, workers: int
) -> None:
    stack.up(workers=workers)
    eventually(lambda: stack.workers() == workers, 15, f"{workers} workers", every_s=0.5)
    name = f"shop-{workers}/entrance"
    said = stack.film(name, shared, tmp_path)
    counts = stack.settled(name)
    assert counts["frames"] == counts["published"] == said["frames_published"]
    assert counts["face_frames"] == said["faces_published"]
    assert counts["visits"] == 1
    assert counts["shed"] == counts["dropped"] == counts["refused"] == counts["late"] == 0


@pytest.mark.parametrize("kind", ["producer", "producer-classify"])
def test_a_camera_in_a_container_counts_the_same(stack: Stack, shared: Path, kind: str) -> None:
    stack.up()
    name, tag = f"shop-{len(kind)}/till", f"{stack.name}-{kind}"
    docker("build", "--quiet", "--target", kind, "--tag", tag, ".")
    try:
        said = summary(
            docker(
                *("run", "--rm", "--network", "host", "--env-file", str(stack.enroll(name))),
                *("--read-only", "--cap-drop", "ALL", "--volume", f"{shared}:/clips:ro"),
                *("--env", f"MOODLENS_PRODUCER_YUNET_FILE=/clips/{YUNET}"),
                *(tag, "--source", f"/clips/{MALE}", "--once"),
            )
        )
    finally:
        docker("image", "rm", "--force", tag)
    counts = stack.settled(name)
    assert counts["frames"] == counts["published"] == said["frames_published"]
    assert counts["face_frames"] == said["faces_published"]
    assert counts["visits"] == 1


def test_a_revoked_camera_comes_in_no_more_and_others_do_not_notice(
    stack: Stack, shared: Path, tmp_path: Path
) -> None:
    stack.up()
    stack.enroll("shop-6/left")
    stack.enroll("shop-6/stays")
    stack.admin("revoke", "shop-6/left")
    left = stack.camera("shop-6/left", shared, tmp_path / "left.log")
    said = stack.film("shop-6/stays", shared, tmp_path)
    assert left.wait(120) == 1
    assert "refused" in left.output
    assert "Traceback" not in left.output
    assert stack.settled("shop-6/stays")["frames"] == said["frames_published"]
    assert not stack.counts("shop-6/left").total()


def test_a_killed_broker_keeps_what_waits_for_a_worker(stack: Stack, shared: Path, tmp_path: Path) -> None:
    stack.up()
    name = "shop-7/entrance"
    stack.enroll(name)
    stack.compose("kill", "classifier_worker")
    said = stack.film(name, shared, tmp_path)
    eventually(lambda: stack.crops_kept(name) == said["frames_published"], 15, "a save of the store")
    stack.in_broker("kill -9 $(grep -lx mosquitto /proc/[0-9]*/comm | cut -d/ -f3)")
    eventually(lambda: "the broker ended" in stack.compose("logs", "mosquitto"), 10, "the end of the broker")
    stack.compose("start", "classifier_worker")

    def arrived() -> bool:
        counts = stack.counts(name)
        return counts["frames"] + counts["shed"] == int(said["frames_published"])

    eventually(arrived, 30, "what waited, classified or counted as too old")


def test_no_crop_stays_when_no_worker_comes_back(stack: Stack, shared: Path, tmp_path: Path) -> None:
    stack.up()
    name = "shop-8/entrance"
    stack.enroll(name)
    stack.compose("kill", "classifier_worker")
    started_s = time.monotonic()
    stack.film(name, shared, tmp_path)
    eventually(lambda: stack.crops_kept(name), 15, "a save of the store")
    eventually(lambda: not stack.crops_kept(name), 90, "the store to forget")
    assert time.monotonic() - started_s < 90


def test_after_down_and_up_data_users_and_cameras_are_there(
    stack: Stack, shared: Path, tmp_path: Path
) -> None:
    stack.up()
    name = "shop-9/entrance"
    first = stack.film(name, shared, tmp_path)
    before, password = stack.settled(name), stack.password()
    stack.compose("down")
    assert not stack.containers()
    stack.up()
    assert stack.counts(name) == before
    assert stack.page_after_sign_in(password) == (200, "/")
    second = stack.film(name, shared, tmp_path)
    frames = first["frames_published"] + second["frames_published"]
    eventually(lambda: stack.counts(name)["frames"] == frames, 30, "the second run", every_s=0.5)


def test_the_demo_shows_faces_of_nobody_as_groups_of_one(stack: Stack) -> None:
    stack.compose("--profile", "demo", "up", "--wait")
    assert re.search(r"\bk\b\W+1\b", stack.admin("site", "downtown"))
    eventually(lambda: stack.counts("downtown/queue")["face_frames"] > 10, 60, "synthetic faces", every_s=0.5)


def test_everything_ends_in_order_within_ten_seconds(stack: Stack) -> None:
    stack.up(workers=3)
    started_s = time.monotonic()
    stack.compose("--profile", "demo", "stop")
    assert time.monotonic() - started_s < 10
    ended = {container["Name"]: container["State"]["ExitCode"] for container in stack.containers()}
    assert len(ended) >= len(SERVICES) + 2
    assert set(ended.values()) == {0}, ended
