"""The page on which zones are drawn, in a real Chromium, and the badge as it is printed."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from producer.badge_card import badge_svg
from producer.badges import DICTIONARY
from producer.zones_file import read_zones
from tests.support.services import Process, eventually, program, running

TILL = (
    '[[zone]]\nname = "till"\nkind = "staff"\npoints = [[0.6, 0.5], [0.95, 0.5], [0.95, 0.9], [0.6, 0.9]]\n'
)
PICTURES = os.environ.get("MOODLENS_SCREENSHOTS")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "zones.toml"


@pytest.fixture
def address(file: Path, tmp_path: Path) -> Iterator[str]:
    """Of the page of a camera of the scripted store."""
    file.write_text(TILL)
    command = _command(tmp_path, "store:entrance", file)
    with running(command):
        found = eventually(
            lambda: re.search(r"http://127\.0\.0\.1:\d+/\S+/", command.output), 120, "the page"
        )
        yield found[0]
    assert "Traceback" not in command.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.log", "zones.toml"]  # and no picture


def _command(folder: Path, source: str, file: Path) -> Process:
    return program("producer", ["zones", "--source", source, "--zones", str(file)], folder / "page.log")


def click(page: Page, *points: tuple[float, float]) -> None:
    box = page.locator("#frame").bounding_box()
    assert box
    for x, y in points:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_a_zone_is_drawn_named_and_saved(
    width: int, scheme: Literal["light", "dark"], page: Page, address: str, file: Path
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    expect(page.get_by_label("Name")).to_have_value("till")
    click(page, (0.1, 0.2), (0.4, 0.2), (0.4, 0.8), (0.1, 0.8))
    page.get_by_label("close the zone").click()
    page.get_by_label("Name").nth(1).fill("window")
    expect(page.get_by_label("Kind of zone-1")).to_have_value("watch")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/zones-{width}-{scheme}.png", full_page=True)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text(f"saved to {file}")
    till, window = read_zones(file)
    assert (till.name, till.kind) == ("till", "staff")
    assert (window.name, window.kind) == ("window", "watch")
    drawn = np.array([(0.1, 0.2), (0.4, 0.2), (0.4, 0.8), (0.1, 0.8)])
    np.testing.assert_allclose(window.points, drawn, atol=0.005)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults == []


def test_zones_are_changed_and_deleted_and_what_is_wrong_is_said(
    page: Page, address: str, file: Path
) -> None:
    page.goto(address)
    page.get_by_label("Name").fill("The Till")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text('its name "The Till" is not of a-z, 0-9 and -')
    assert [zone.name for zone in read_zones(file)] == ["till"]
    page.get_by_label("Name").fill("counter")
    page.get_by_label("Kind of till").select_option("masked")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("saved")
    [zone] = read_zones(file)
    assert (zone.name, zone.kind) == ("counter", "masked")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Save").click()
    eventually(lambda: not read_zones(file), what="an empty file")


def test_without_its_token_nothing_is_shown_and_nothing_is_saved(
    page: Page, address: str, file: Path
) -> None:
    root = address[: address.rindex("/", 0, -1) + 1]
    for path in ("", "picture.jpg", "zones"):
        reply = page.request.get(f"{root}{path}")
        assert (reply.status, reply.text()[:21]) == (404, "there is nothing here")
    assert page.request.post(f"{root}zones", data='{"zone": []}').status == 404
    assert file.read_text() == TILL


def test_a_source_that_is_not_there_is_told_in_one_line(tmp_path: Path, file: Path) -> None:
    command = _command(tmp_path, "nowhere.mp4", file).start()
    assert command.wait() == 1
    assert command.output.splitlines()[-1].endswith("no such file, folder or webcam: nowhere.mp4")
    assert "Traceback" not in command.output


def test_a_printed_badge_has_its_size_and_is_the_marker_of_its_number(page: Page) -> None:
    page.set_content(f'<body style="margin:60px;background:#333">{badge_svg(7, 80)}')
    box = page.locator("path").bounding_box()
    assert box
    assert (box["width"] / 96 * 25.4, box["height"] / 96 * 25.4) == pytest.approx((80, 80), abs=0.5)
    picture = cv2.imdecode(np.frombuffer(page.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    _, numbers, _ = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(DICTIONARY)).detectMarkers(
        picture
    )
    assert numbers.ravel().tolist() == [7]
