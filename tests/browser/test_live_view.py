"""The live view as a person sees it: a real camera, worker and Chromium; and nothing is left of it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import Page, expect

from contract import keys
from dashboard.charts.style import COLOURS
from tests.support.services import Mosquitto, Process, RedisServer, eventually, program, running

SHOWN_WITHIN_S = 120.0
HAPPY = f"rgb({', '.join(str(part) for part in bytes.fromhex(COLOURS['happy'][1:]))})"
JPEG = b"\xff\xd8\xff"
JPEG_AS_TEXT = b"/9j/"
CAMERA, OTHER = "demo/entrance", "demo/till"

LOOK = """(camera) => {
  const picture = document.querySelector(`img[alt^="${camera}: "]`);
  const label = picture && picture.parentElement.querySelector("span");
  if (!label || !picture.complete) return null;
  const edges = (element) => {
    const {left, top, right, bottom} = element.getBoundingClientRect();
    return [left, top, right, bottom];
  };
  return {
    said: label.textContent,
    colour: getComputedStyle(label).backgroundColor,
    label: edges(label),
    box: edges(label.parentElement),
    picture: edges(picture),
    source: picture.src,
    opacity: getComputedStyle(picture.closest(".stElementContainer")).opacity,
  };
}"""
"""All of it at once: twice a second, there is another picture."""


@pytest.fixture(scope="module")
def environment(environment: dict[str, str], folder: Path, shared: Path) -> dict[str, str]:
    """Of all programs: whatever they would keep lies in the folder."""
    home = folder / "home"
    home.mkdir()
    return {
        **environment,
        "HOME": str(home),
        "TMPDIR": str(home),
        "MOODLENS_LOG_LEVEL": "DEBUG",
        "MOODLENS_PRODUCER_YUNET_FILE": str(shared / "models/face_detection_yunet_2023mar.onnx"),
    }


@pytest.fixture(autouse=True)
def nothing_was_ever_seen(redis_client: redis.Redis) -> None:
    redis_client.flushall()


@pytest.fixture
def system(environment: dict[str, str], folder: Path) -> Iterator[None]:
    rooms = ("classifier_worker", "aggregator")
    with running(*(program(room, [], folder / f"{room}.log", environment) for room in rooms)):
        yield


@pytest.fixture
def page(page: Page, address: str) -> Page:
    page.goto(f"{address}/live")
    expect(page.get_by_role("heading", name="Live view")).to_be_visible()
    return page


def camera(name: str, environment: dict[str, str], shared: Path, folder: Path, *arguments: str) -> Process:
    clip = shared / "data/videos/head-pose-face-detection-male.gif"
    log = folder / f"{name.replace('/', '-')}.log"
    given = ["--camera", name, "--source", str(clip), "--loop", *arguments]
    return program("producer", given, log, environment)


def look(page: Page) -> dict[str, Any] | None:
    """The picture on the page and its first label, or None where there are none."""
    seen: dict[str, Any] | None = page.evaluate(LOOK, CAMERA)
    return seen


def look_at_a_happy_face(page: Page) -> dict[str, Any] | None:
    """Likewise, or None where the label says something else."""
    seen = look(page)
    return seen if seen and seen["said"].startswith("happy") else None


def lies_in(inner: list[float], outer: list[float]) -> bool:
    return all(inner[i] >= outer[i] and inner[i + 2] <= outer[i + 2] for i in (0, 1))


def test_without_a_camera_the_page_says_which_command_shows_one(page: Page) -> None:
    expect(page.get_by_text("No camera has been seen yet")).to_be_visible()
    command = page.get_by_text("python -m producer --camera shop-1/entrance --source 0 --preview")
    expect(command).to_be_visible()
    expect(page.get_by_text("can be turned on only at the camera")).to_be_visible()
    expect(page.get_by_text("ends by itself 10 minutes later. Nothing of it is stored")).to_be_visible()


@pytest.mark.usefixtures("system")
def test_a_face_is_boxed_and_labelled_over_the_picture_and_no_picture_is_left_anywhere(
    page: Page,
    mosquitto: Mosquitto,
    redis_server: RedisServer,
    redis_client: redis.Redis,
    environment: dict[str, str],
    shared: Path,
    folder: Path,
) -> None:
    redis_client.hset(keys.site("demo"), "k", 1)
    entrance = camera(CAMERA, environment, shared, folder, "--preview")
    with running(camera(OTHER, environment, shared, folder), entrance):
        expect(page.get_by_text(re.compile(r"^happy (9\d|100)%$"))).to_be_visible()
        seen = eventually(lambda: look_at_a_happy_face(page), SHOWN_WITHIN_S, "a labelled picture")
        assert seen["colour"] == HAPPY
        assert lies_in(seen["box"], seen["picture"])
        assert lies_in(seen["label"], seen["picture"])
        expect(page.get_by_text(re.compile(f"{CAMERA} at .*Nothing of it is stored"))).to_be_visible()

        picture = page.locator(f'img[alt^="{CAMERA}: "]')
        sources: set[str] = set()

        def changes() -> bool:
            seen = look(page)
            if seen:
                assert seen["opacity"] == "1"  # Streamlit fades what it is about to draw anew
                sources.add(seen["source"])
            return len(sources) >= 4

        eventually(changes, SHOWN_WITHIN_S, "four pictures", every_s=0.1)
        assert all(source.startswith("data:image/jpeg;base64,/9j/") for source in sources)

        whole_site = page.url
        page.goto(f"{whole_site.partition('?')[0]}?site=demo&camera=till")
        expect(page.get_by_text(f"{OTHER} does not show its picture now")).to_be_visible()
        expect(page.get_by_text(f"--camera {OTHER} --source 0 --preview")).to_be_visible()
        expect(picture).to_have_count(0)
        page.goto(whole_site)
        expect(picture).to_be_visible()

        entrance.stop()
        expect(page.get_by_text("No camera of demo shows its picture now")).to_be_visible()
        expect(picture).to_have_count(0)
    page.goto("about:blank")
    for server in (mosquitto, redis_server):
        server.stop()  # they save what they keep
    kept = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    for server in (mosquitto, redis_server):
        server.start()
    assert {"mosquitto.db", "dashboard.log", "demo-entrance.log"} <= {file.name for file in kept}
    assert any(file.suffix == ".aof" and CAMERA.encode() in content for file, content in kept.items())
    assert [file for file, content in kept.items() if JPEG in content or JPEG_AS_TEXT in content] == []
