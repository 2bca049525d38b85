"""Faces that are nobody's visit: in staff and masked zones, with a badge, and of posters."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from contract.events import CameraReport, FrameFaces
from producer.badges import DICTIONARY, BadgeReader
from producer.camera import Camera, Event
from producer.detection import Detection
from producer.frames import Frame, Image
from producer.posters import Posters, Stillness
from producer.preview import shown
from producer.reporter import Reporter
from producer.zones import Box, Kind, Zone, Zones

START_MS = 1_700_000_000_000
NAME, SESSION = "shop-1/entrance", "00112233aabbccdd"
WIDTH, HEIGHT, FACE = 640, 300, 60.0
STEP_MS = 200
POSTER_S = 10.0
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))

GRAIN = np.random.default_rng(0).normal(9, 3, (HEIGHT, WIDTH, 3)).clip(0, 18).astype(np.uint8)
"""What the noise of cameras adds, around 9."""

Place = Callable[[int], tuple[float, float] | None]
"""Number of the frame → where a face's middle is, or None."""


def noise(seed: int, size: tuple[int, int]) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3)).astype(np.uint8)


class Shop:
    """A camera before a scene in which boxes of noise are the faces.

    Args:
        faces: where they are.
        badge: of the first face.
        badge_from: first frame in which it is seen.
        alive: whether the faces change their expression.
    """

    def __init__(
        self, *faces: Place, badge: int | None = None, badge_from: int = 0, alive: bool = True
    ) -> None:
        self.name = "scripted"
        self.number = 0
        self._faces, self._badge, self._badge_from, self._alive = faces, badge, badge_from, alive

    def boxes(self) -> list[Box]:
        middles = [at for face in self._faces if (at := face(self.number))]
        return [(x - FACE / 2, y - FACE / 2, FACE, FACE) for x, y in middles]

    def detect(self, _: Image) -> list[Detection]:
        return [Detection(box, 0.9, None) for box in self.boxes()]

    def picture(self) -> Image:
        picture = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
        for number, (x, y, _, _) in enumerate(self.boxes()):
            expression = self.number if self._alive else 0
            small = noise(1000 * number + expression, (8, 8))
            side = int(FACE)
            face = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
            paste(picture, np.asarray(face, np.uint8), x, y)
        if self._badge is not None and self.number >= self._badge_from and self.boxes():
            x, y, _, _ = self.boxes()[0]
            paste(picture, badge_of(self._badge, 32), x + FACE / 2 - 16, y + 1.8 * FACE)
        return np.asarray(cv2.add(picture, np.roll(GRAIN, 1000 * self.number)), np.uint8)


def paste(picture: Image, what: Image, x: float, y: float) -> None:
    left, top = round(x), round(y)
    picture[max(0, top) : top + len(what), max(0, left) : left + what.shape[1]] = what[
        max(0, -top) : max(0, HEIGHT - top), max(0, -left) : max(0, WIDTH - left)
    ]


def badge_of(number: int, side: int) -> Image:
    marker = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(DICTIONARY), number, 120)
    card = cv2.copyMakeBorder(marker, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=(255,))
    card = cv2.resize(card, (side * 4 // 3, side * 4 // 3), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(card, cv2.COLOR_GRAY2BGR), np.uint8)


def still(x: float, y: float = 100.0) -> Place:
    return lambda _: (x, y)


class Seen:
    """What a camera says of a shop.

    Attributes:
        faces: (number of the frame, track) of all that was published.
        reports: in order.
        events: all of it.
    """

    def __init__(self, shop: Shop, frames: int, *zones: Zone, badges: bool = True) -> None:
        reporter = Reporter(NAME, SESSION, 5.0, shop.name, START_MS)
        reader = BadgeReader() if badges else None
        self.camera = Camera(
            NAME, SESSION, shop, reporter, (12, 500), START_MS, Zones(zones), reader, POSTER_S
        )
        self.events: list[Event] = []
        for number in range(frames):
            shop.number = number
            self.events += self.camera.see(Frame(shop.picture(), START_MS + number * STEP_MS))
        self.hidden = self.camera.hidden
        self.events += self.camera.finish()
        published = [event for event in self.events if isinstance(event, FrameFaces)]
        self.faces = [(event.frame, face.track) for event in published for face in event.faces]
        self.zones = [face.zone for event in published for face in event.faces]
        self.crops = [face.crop for event in published for face in event.faces]
        self.reports = [event for event in self.events if isinstance(event, CameraReport)]

    @property
    def excluded(self) -> int:
        return sum(report.excluded for report in self.reports)

    @property
    def taken_back(self) -> list[int]:
        return [track for report in self.reports for track in report.excluded_tracks]


@pytest.mark.parametrize("kind", ["staff", "masked"])
def test_a_face_in_a_staff_or_masked_zone_is_excluded_and_counted(kind: Kind) -> None:
    seen = Seen(Shop(still(100), still(500)), 5, Zone("till", kind, LEFT_HALF))
    assert len(seen.faces) == 5
    assert {track for _, track in seen.faces} == {0}
    assert seen.excluded == 5
    assert seen.taken_back == []
    assert sum(report.faces_published for report in seen.reports) == 5


@pytest.mark.parametrize(("x", "excluded"), [(320 + 20, 0), (320 + 8, 3)])
def test_a_face_at_the_border_is_excluded_from_a_quarter_of_its_box_on(x: float, excluded: int) -> None:
    assert Seen(Shop(still(x)), 3, Zone("till", "masked", LEFT_HALF)).excluded == excluded


def test_what_a_crop_at_the_border_shows_of_a_masked_zone_is_black() -> None:
    seen = Seen(Shop(still(320 + 20)), 1, Zone("till", "masked", LEFT_HALF))
    crop = np.frombuffer(seen.crops[0], np.uint8).reshape(48, 48)
    assert not crop[:, :7].any()
    assert crop[:, 12:].any(axis=0).all()


def test_a_face_in_a_watch_zone_carries_its_name() -> None:
    seen = Seen(Shop(still(100), still(500)), 2, Zone("window", "watch", LEFT_HALF))
    assert sorted(seen.zones) == ["", "", "window", "window"]
    assert seen.excluded == 0


def test_who_walks_into_a_watch_zone_is_there_after_a_second() -> None:
    seen = Seen(Shop(lambda number: (500.0 - 20 * number, 100.0)), 21, Zone("window", "watch", LEFT_HALF))
    assert seen.zones == [""] * 15 + ["window"] * 6  # in the zone from frame 10 on


def test_who_wears_a_badge_is_excluded_from_the_first_frame_on() -> None:
    seen = Seen(Shop(still(200), still(450), badge=7), 5)
    assert {track for _, track in seen.faces} == {1}
    assert seen.excluded == 5
    assert seen.taken_back == []


def test_who_turns_out_to_wear_a_badge_is_taken_back_at_once() -> None:
    seen = Seen(Shop(still(200), badge=7, badge_from=4), 12)
    assert seen.faces == [(number, 0) for number in range(4)]
    assert seen.excluded == 8
    assert seen.taken_back == [0]
    [first, *_] = seen.reports
    assert first.excluded_tracks == (0,)
    assert first.to_ms == START_MS + 4 * STEP_MS
    assert sum(report.frames_analysed for report in seen.reports) == 12
    assert sum(report.analysed_ms for report in seen.reports) == 11 * STEP_MS


def test_a_badge_seen_once_excludes_its_track_for_the_whole_visit() -> None:
    class Covered(Shop):
        def picture(self) -> Image:
            self._badge = 7 if self.number == 2 else None
            return super().picture()

    seen = Seen(Covered(still(200)), 10)
    assert [number for number, _ in seen.faces] == [0, 1]


def test_a_badge_is_that_of_the_face_above_it() -> None:
    beside: Place = still(200 + 1.6 * FACE)
    seen = Seen(Shop(still(200), beside, badge=7), 3)
    assert {track for _, track in seen.faces} == {1}


def test_without_badges_nobody_looks_for_them() -> None:
    assert Seen(Shop(still(200), badge=7), 3, badges=False).excluded == 0


def test_a_face_that_has_not_changed_for_a_while_is_a_poster_and_taken_back() -> None:
    seen = Seen(Shop(still(200), alive=False), 80)
    assert seen.faces == [(number, 0) for number in range(50)]
    assert seen.excluded == 30
    assert seen.taken_back == [0]


def test_who_stands_still_but_lives_is_no_poster() -> None:
    assert Seen(Shop(still(200)), 120).excluded == 0


def test_who_sways_with_a_frozen_face_is_no_poster() -> None:
    sways: Place = lambda number: (200 + 0.06 * FACE * np.sin(number / 9), 100.0)  # noqa: E731
    assert Seen(Shop(sways, alive=False), 120).excluded == 0


def test_a_poster_that_was_hidden_for_a_while_is_known_when_it_comes_back() -> None:
    hangs: Place = lambda number: None if 60 <= number < 75 else (200.0, 100.0)  # noqa: E731
    seen = Seen(Shop(hangs, alive=False), 90)
    assert seen.faces == [(number, 0) for number in range(50)]
    assert seen.taken_back == [0]


def test_whoever_comes_to_a_posters_place_counts_as_soon_as_they_move() -> None:
    class Before(Shop):
        def picture(self) -> Image:
            self._alive = self.number >= 75
            return super().picture()

    comes: Place = lambda number: None if 60 <= number < 75 else (200.0, 100.0)  # noqa: E731
    seen = Seen(Before(comes, alive=False), 100)
    later = [(number, track) for number, track in seen.faces if number >= 75]
    assert later[0] == (77, 2)  # three looks; nobody was told of track 1
    assert len(later) == 23
    assert seen.taken_back == [0]


def test_a_picture_that_is_carried_away_is_a_new_visit() -> None:
    carried: Place = lambda number: (200.0 + max(0, number - 60) * 8, 100.0)  # noqa: E731
    seen = Seen(Shop(carried, alive=False), 75)
    assert {track for number, track in seen.faces if number > 60} == {1}


def test_noise_and_a_flickering_lamp_do_not_bring_a_poster_to_life() -> None:
    posters, rng = Posters(POSTER_S), np.random.default_rng(0)
    picture = cv2.cvtColor(Shop(still(200)).picture(), cv2.COLOR_BGR2GRAY)
    said = []
    for number in range(80):
        gain, grain = 1 + 0.1 * np.sin(number / 3), rng.normal(0, 5, picture.shape)
        grey = np.clip(picture * gain + grain, 0, 255).astype(np.uint8)
        x, y, size = rng.normal((170, 70, FACE), 0.015 * FACE)
        said.append(posters.look(grey, 1, (x, y, FACE, size), number * STEP_MS))
    assert said == [Stillness.ALIVE] * 50 + [Stillness.POSTER] * 30


def test_a_preview_shows_no_staff_zone_no_badge_wearer_and_no_poster() -> None:
    shop = Shop(still(200), still(450), badge=7)
    zones = Zones([Zone("till", "staff", ((0.0, 0.8), (1.0, 0.8), (1.0, 1.0), (0.0, 1.0)))])
    seen = Seen(shop, 2)
    picture = shown(shop.picture(), zones, seen.hidden)
    [(x, y, width, height), *others] = shop.boxes()
    assert not picture[int(y) : int(y + height), int(x) : int(x + width)].any()
    assert all(picture[int(y) + 5, int(x) + 5].any() for x, y, _, _ in others)
    assert not picture[int(0.8 * HEIGHT) :].any()
    assert len(seen.hidden) == 1
