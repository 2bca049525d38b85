"""Zones: what their file may say, what faces in them mean, and that no pixel of a hidden one gets out."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producer.detection import Detection
from producer.framing import crop_face
from producer.whereabouts import SETTLE_MS, Whereabouts
from producer.zones import Kind, Layout, Point, Zone
from producer.zones_file import POINTS_MAX, ZONES_MAX, ZonesUnusable, read_zones, write_zones
from tests.support.services import program

WIDTH, HEIGHT = 80, 60
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
LOWER_HALF = ((0.0, 0.5), (1.0, 0.5), (1.0, 1.0), (0.0, 1.0))

kinds = st.sampled_from(["staff", "masked"])


@st.composite
def outlines(draw: st.DrawFn) -> tuple[Point, ...]:
    """A random outline that does not cross itself: corners around a middle."""
    turns = sorted(draw(st.lists(st.floats(0, 6.28), min_size=3, max_size=12, unique=True)))
    x, y = draw(st.floats(0.1, 0.9)), draw(st.floats(0.1, 0.9))
    radii = draw(st.lists(st.floats(0.05, 0.6), min_size=len(turns), max_size=len(turns)))
    return tuple(
        (min(1.0, max(0.0, x + radius * np.cos(turn))), min(1.0, max(0.0, y + radius * np.sin(turn))))
        for turn, radius in zip(turns, radii, strict=True)
    )


def zone(kind: Kind, points: tuple[Point, ...], name: str = "till") -> Zone:
    return Zone(name, kind, points)


def layout(*zones: Zone) -> Layout:
    return Layout(zones, WIDTH, HEIGHT)


def inside(points: tuple[Point, ...]) -> np.ndarray:
    """Which pixels have their middle within an outline, each asked one by one: bool (HEIGHT, WIDTH)."""
    corners = (np.array(points) * (WIDTH, HEIGHT) - 0.5).astype(np.float32)
    return np.array(
        [[cv2.pointPolygonTest(corners, (x, y), False) > 0 for x in range(WIDTH)] for y in range(HEIGHT)]
    )


def test_a_face_is_in_the_zone_where_its_middle_is() -> None:
    there = layout(zone("watch", LEFT_HALF, "window"))
    assert [there.watched_at(x, 30.0) for x in (-5.0, 0.0, 39.9, 42.0, 300.0)] == [
        "window", "window", "window", "", ""
    ]  # fmt: skip


def test_where_watch_zones_overlap_the_first_in_the_file_has_the_face() -> None:
    window, till = zone("watch", LEFT_HALF, "window"), zone("watch", LOWER_HALF, "till")
    assert layout(window, till).watched_at(10, 50) == "window"
    assert layout(till, window).watched_at(10, 50) == "till"


def test_a_face_in_a_staff_or_masked_zone_is_in_no_watch_zone() -> None:
    assert layout(zone("staff", LEFT_HALF)).watched_at(10, 30) == ""


@pytest.mark.parametrize("kind", ["staff", "masked"])
def test_how_much_of_a_face_is_hidden_is_the_share_of_what_is_in_the_frame(kind: Kind) -> None:
    there = layout(zone(kind, LEFT_HALF))
    assert there.hidden_share((0.0, 10.0, 20.0, 20.0)) == 1.0
    assert there.hidden_share((50.0, 10.0, 20.0, 20.0)) == 0.0
    assert there.hidden_share((30.0, 10.0, 20.0, 20.0)) == pytest.approx(0.55)  # with a pixel of border
    assert there.hidden_share((-10.0, -10.0, 20.0, 20.0)) == 1.0
    assert there.hidden_share((-30.0, 10.0, 20.0, 20.0)) == 0.0


def test_watch_zones_hide_nothing() -> None:
    there, image = layout(zone("watch", LEFT_HALF)), np.full((HEIGHT, WIDTH, 3), 9, np.uint8)
    assert there.hidden_share((0.0, 0.0, 20.0, 20.0)) == 0.0
    assert (there.black_out(image) == 9).all()


@settings(max_examples=40)
@given(points=outlines(), kind=kinds)
def test_every_pixel_of_a_hidden_zone_is_black_and_others_are_as_they_were(
    points: tuple[Point, ...], kind: Kind
) -> None:
    image = np.full((HEIGHT, WIDTH, 3), 200, np.uint8)
    seen = layout(zone(kind, points)).black_out(image)
    zone_pixels = inside(points)
    assert not seen[zone_pixels].any()
    beyond = ~cv2.dilate(zone_pixels.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert (seen[beyond] == 200).all()
    assert (image == 200).all()


@settings(max_examples=60)
@given(
    points=outlines(),
    kind=kinds,
    box=st.tuples(st.floats(-20, 80), st.floats(-20, 60), st.floats(8, 60), st.floats(8, 60)),
)
def test_no_pixel_of_a_hidden_zone_is_in_any_crop(
    points: tuple[Point, ...], kind: Kind, box: tuple[float, float, float, float]
) -> None:
    there = layout(zone(kind, points))
    face = Detection(box, 0.9, None)
    hidden = inside(points)
    dark, bright = np.full((HEIGHT, WIDTH), 90, np.uint8), np.full((HEIGHT, WIDTH), 90, np.uint8)
    dark[hidden], bright[hidden] = 1, 255
    assert crop_face(there.black_out(dark), face) == crop_face(there.black_out(bright), face)


def test_a_track_changes_its_zone_after_a_second_in_the_other_one() -> None:
    whereabouts = Whereabouts()
    assert whereabouts.zone(1, "window", 0) == "window"
    assert whereabouts.zone(1, "till", 200) == "window"
    assert whereabouts.zone(1, "window", 400) == "window"
    said = [whereabouts.zone(1, "till", 600 + at_ms) for at_ms in (0, 400, SETTLE_MS - 1, SETTLE_MS)]
    assert said == ["window", "window", "window", "till"]


def test_who_flickers_at_a_border_stays_and_another_track_is_where_it_begins() -> None:
    whereabouts = Whereabouts()
    said = {whereabouts.zone(1, "till" if at_ms % 400 else "", at_ms) for at_ms in range(0, 10_000, 200)}
    assert said == {""}
    assert whereabouts.zone(2, "till", 10_000) == "till"


def test_a_file_of_zones_is_read_as_it_was_written(tmp_path: Path) -> None:
    file, zones = tmp_path / "zones.toml", (zone("watch", LEFT_HALF, "window"), zone("staff", LOWER_HALF))
    write_zones(file, zones)
    assert read_zones(file) == zones
    assert list(tmp_path.iterdir()) == [file]


def table(name: str = '"till"', kind: str = '"staff"', points: str = "[[0, 0], [1, 0], [1, 1]]") -> str:
    return f"[[zone]]\nname = {name}\nkind = {kind}\npoints = {points}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zone = 1", "each zone begins with [[zone]]"),
        ("[[zones]]\nname = 'a'", "zones is nothing that zones have: each begins with [[zone]]"),
        ("[[zone", "is no TOML"),
        (table(name='"The Till"'), 'zone 1: its name "The Till" is not of a-z, 0-9 and -, as till is'),
        (table(name='""'), 'zone 1: its name "" is not'),
        (table(kind='"hidden"'), "zone till: its kind is none of watch, staff, masked"),
        (table(points="[[0, 0], [1, 0]]"), "zone till: 2 points, it takes 3 to 32"),
        (table(points=str([[0.5, 0.5]] * (POINTS_MAX + 1))), "zone till: 33 points, it takes 3 to 32"),
        (table(points="[[0, 0], [1, 0], [1, 1.5]]"), "zone till: its points are not pairs [x, y] of"),
        (table(points="[[0, 0], [1, 0], [1, nan]]"), "zone till: its points are not pairs"),
        (table(points='"here"'), "zone till: its points are not pairs"),
        (table(points="[[0, 0], [1, 1], [1, 0], [0, 1]]"), "zone till: its outline crosses itself"),
        (table(points="[[0, 0], [0.5, 0.5], [1, 1]]"), "zone till: it has no area"),
        (table() + "colour = 'red'", "zone till: colour is nothing that a zone has (name, kind, points)"),
        (table() + table(), "zone till: there are two of this name"),
        ("".join(table(f'"z{i}"') for i in range(ZONES_MAX + 1)), "33 zones, at most 32"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_told_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "zones.toml"
    file.write_text(text)
    with pytest.raises(ZonesUnusable, match=re.escape(said)) as told:
        read_zones(file)
    assert str(told.value).startswith(str(file))
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(ZonesUnusable, match=r"nowhere/zones\.toml cannot be read: no such file"):
        read_zones(Path("nowhere/zones.toml"))


def test_a_camera_with_a_faulty_file_says_so_and_does_not_run_without_its_masks(tmp_path: Path) -> None:
    file = tmp_path / "zones.toml"
    file.write_text(table(points="[[0, 0], [1, 1]]"))
    arguments = ["--camera", "shop-1/entrance", "--source", "store:entrance", "--zones", str(file)]
    camera = program("producer", arguments, tmp_path / "producer.log").start()
    assert camera.wait() == 1
    assert camera.output.splitlines()[-1].endswith("zone till: 2 points, it takes 3 to 32")
    assert "Traceback" not in camera.output
