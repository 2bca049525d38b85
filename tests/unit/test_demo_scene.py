"""The scripted store: its pictures, its truth, and the source that plays it."""

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.labels import LABELS
from demo.errors import TruthUnreadable
from demo.face_model import FaceModel, load_face_model
from demo.figure import FACE_LEFT, FACE_PX, FACE_TOP, SIZE, Figure
from demo.motion import HEIGHT, WIDTH
from demo.scene import Scene
from demo.store import BEHIND_MAX_MS, StoreSource
from demo.story import CameraStory, Flow, Mood, Poster, Story
from demo.truth import TruthLog, read_truth, truth_file
from producer.badges import BadgeReader
from producer.detection import Detector
from producer.errors import SourceUnusable
from producer.frames import Clock, Frame, Moment, Quiet, wall_clock
from producer.framing import is_frontal, yaw_deg
from producer.haar import Haar
from producer.sources import open_source
from producer.yunet import Yunet
from producer.yunet_file import read_yunet

START_MS = 1_700_000_000_000
NEUTRAL = np.eye(len(LABELS), dtype=np.float32)[LABELS.index("neutral")]
HAPPY = np.eye(len(LABELS), dtype=np.float32)[LABELS.index("happy")]

CAMERA = CameraStory(
    "shop/door",
    flows=(
        Flow(first_s=1, stays_s=14, places=((0.3, 130),), enters="left"),
        Flow(first_s=3, stays_s=14, places=((0.7, 110),), enters="right"),
    ),
    moods=(Mood(9, "happy"),),
    dark=((18, 19),),
)
STORY = Story("x", 20, (CAMERA,), seed=4)


class Hand:
    """A clock that goes on where somebody waits for it, and with each picture taken; it stops at an end."""

    def __init__(self, until_ms: int, take_ms: int = 0) -> None:
        self.now_ms = START_MS
        self._until_ms = START_MS + until_ms
        self._take_ms = take_ms

    def clock(self) -> Clock:
        return Clock(now_ms=lambda: self.now_ms, wait=self.wait)

    def wait(self, seconds: float) -> bool:
        self.now_ms += round(seconds * 1000) if seconds > 0 else self._take_ms
        return self.now_ms >= self._until_ms


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return load_face_model()


@pytest.fixture(scope="module")
def scene(model: FaceModel) -> Scene:
    return Scene(model, STORY, CAMERA)


@pytest.fixture
def yunet(shared: Path) -> Yunet:
    return Yunet(read_yunet(shared / "models/face_detection_yunet_2023mar.onnx"), 0.6, 960, 10)


def test_a_picture_depends_on_story_and_time_alone(model: FaceModel, scene: Scene) -> None:
    drawn, again, later = scene.draw(6000), Scene(model, STORY, CAMERA).draw(6000), scene.draw(6100)
    assert drawn
    assert again
    assert later
    assert drawn[0].shape == (HEIGHT, WIDTH, 3)
    assert drawn[0].dtype == np.uint8
    np.testing.assert_array_equal(drawn[0], again[0])
    assert np.abs(drawn[0].astype(int) - later[0]).mean() > 1  # noise at least


def test_a_dark_camera_gives_no_picture(scene: Scene) -> None:
    assert scene.draw(18_500) is None
    assert scene.draw(19_000) is not None


def test_the_story_goes_on_with_other_shoppers(scene: Scene) -> None:
    first, second = scene.people(8000), scene.people(28_000)
    assert {number for number, *_ in first}.isdisjoint(number for number, *_ in second)
    assert {seed for _, seed, *_ in first}.isdisjoint(seed for _, seed, *_ in second)


def test_staff_wear_a_badge_that_is_read_and_are_no_shoppers(model: FaceModel) -> None:
    flows = (
        Flow(first_s=0, stays_s=18, places=((0.7, 100),), badge=7),
        Flow(first_s=0, stays_s=18, places=((0.25, 100),)),
    )
    scene = Scene(model, Story("x", 20, (camera := CameraStory("shop/door", flows=flows),)), camera)
    picture, [shopper] = scene.draw(9000) or (None, [])
    assert picture is not None
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    worn = {}
    for _, _, badge, pose in scene.people(9000):
        half = pose.side_px / 2
        found = BadgeReader().worn(grey, (pose.x - half, pose.y - half, 2 * half, 2 * half), [])
        worn[badge] = found and found.number
    assert worn == {7: 7, None: None}
    assert shopper.pose.x < WIDTH / 2


def test_a_poster_hangs_still_and_is_no_shopper(model: FaceModel) -> None:
    camera = CameraStory("shop/door", flows=(), posters=(Poster(0.5, 0.4, 100.0),))
    scene = Scene(model, Story("x", 20, (camera,)), camera)
    first, second = scene.draw(1000), scene.draw(15_000)
    assert first is not None
    assert second is not None
    assert first[1] == second[1] == []
    hung = slice(142, 242), slice(270, 370)
    assert np.abs(first[0][hung].astype(int) - second[0][hung]).mean() < 6  # noise and light
    bare = CameraStory("shop/door", flows=())
    wall = Scene(model, Story("x", 20, (bare,)), bare).draw(1000)
    assert wall is not None
    assert np.abs(first[0][hung].astype(int) - wall[0][hung]).mean() > 20


def test_who_stands_before_somebody_hides_them(model: FaceModel) -> None:
    flows = (
        Flow(first_s=0, stays_s=18, places=((0.5, 90),)),
        Flow(first_s=0, stays_s=18, places=((0.5, 150),)),
        Flow(first_s=0, stays_s=18, places=((0.15, 100),)),
    )
    camera = CameraStory("shop/door", flows=flows)
    drawn = Scene(model, Story("x", 20, (camera,)), camera).draw(9000)
    assert drawn
    far, aside, near = drawn[1]
    assert far.covered > 0.9
    assert near.covered == 0
    assert aside.covered < 0.1
    assert [face.in_view for face in drawn[1]] == pytest.approx([1.0, 1.0, 1.0])


@pytest.mark.parametrize("name", ["yunet", "haar"])
def test_detectors_find_the_shoppers_where_the_truth_says(
    name: str, scene: Scene, request: pytest.FixtureRequest
) -> None:
    detector: Detector = request.getfixturevalue("yunet") if name == "yunet" else Haar(40, 960)
    expected = found = 0
    for at_ms in range(5500, 12_000, 500):
        drawn = scene.draw(at_ms)
        assert drawn
        places = [detection.box for detection in detector.detect(drawn[0])]
        for face in drawn[1]:
            expected += 1
            middles = [(x + w / 2, y + h / 2) for x, y, w, h in places]
            near = [
                m
                for m in middles
                if np.hypot(m[0] - face.pose.x, m[1] - face.pose.y) < 0.25 * face.pose.side_px
            ]
            found += len(near) == 1
    assert expected == 26
    assert found >= (25 if name == "yunet" else 21)


def test_a_turned_head_is_seen_as_turned_to_its_side(model: FaceModel, yunet: Yunet) -> None:
    figure = Figure(model, 7)
    seen = {}
    for turn in (-38, 0, 38):
        sprite = figure.sprite(NEUTRAL, turn)[: SIZE[0]]
        picture = np.asarray(sprite[..., :3] + 0.8 * (255 - sprite[..., 3:]), np.uint8)
        framed = cv2.copyMakeBorder(picture, 80, 80, 80, 80, cv2.BORDER_REPLICATE)
        (face,) = yunet.detect(np.asarray(framed, np.uint8))
        assert face.landmarks is not None
        seen[turn] = yaw_deg(face.landmarks)
        assert is_frontal(face) == (turn == 0)
    assert seen[-38] < -25
    assert abs(seen[0]) < 8
    assert seen[38] > 25


def test_a_figure_changes_with_expression_and_person_only_where_its_face_is(model: FaceModel) -> None:
    figure, other = Figure(model, 1), Figure(model, 2)
    neutral, happy = figure.sprite(NEUTRAL).astype(int), figure.sprite(HAPPY).astype(int)
    face = np.s_[FACE_TOP : FACE_TOP + FACE_PX, FACE_LEFT : FACE_LEFT + FACE_PX]
    changed = np.abs(neutral - happy).max(axis=2)
    assert changed[face].mean() > 5
    changed[face] = 0
    assert not changed.any()
    assert np.abs(neutral - other.sprite(NEUTRAL)).mean() > 5
    assert neutral[-1, SIZE[0] // 2, 3] == 255
    assert neutral[0, 0, 3] == 0


def test_pictures_come_on_a_grid_and_a_dark_camera_is_quiet(scene: Scene, tmp_path: Path) -> None:
    truth = TruthLog(truth_file(tmp_path, "shop/door"))
    source = StoreSource("door", scene, 10, Hand(19_550).clock(), START_MS, truth)
    moments: list[Moment] = list(source.moments())
    source.close()
    stamps = [moment.captured_at_ms - START_MS for moment in moments if isinstance(moment, Frame)]
    assert stamps == [*range(100, 18_000, 100), *range(19_000, 19_550, 100)]
    assert sum(isinstance(moment, Quiet) for moment in moments) == 10
    told = read_truth(tmp_path, "shop/door")
    assert [frame.at_ms - START_MS for frame in told if not frame.dark] == stamps
    assert [len(frame.faces) for frame in told if frame.script_ms in (500, 8000, 16_500)] == [0, 2, 1]
    happy = [face for frame in told if frame.script_ms == 12_000 for face in frame.faces]
    assert [int(np.argmax(face.mixture)) for face in happy] == [LABELS.index("happy")] * 2
    assert all(face.seen for face in happy)


def test_a_slow_taker_sees_all_of_the_story_later(scene: Scene) -> None:
    source = StoreSource("door", scene, 10, Hand(6000, take_ms=150).clock(), START_MS, None)
    stamps = [moment.captured_at_ms - START_MS for moment in source.moments() if isinstance(moment, Frame)]
    assert len(stamps) >= 35
    gaps = np.diff(stamps)
    assert set(gaps[gaps != 100]) <= set(range(100 + BEHIND_MAX_MS, 100 + BEHIND_MAX_MS + 200))
    assert 6000 - stamps[-1] <= BEHIND_MAX_MS + 200


def test_a_story_that_has_not_begun_is_waited_for_and_one_that_runs_is_joined(scene: Scene) -> None:
    early = StoreSource("door", scene, 10, Hand(4000).clock(), START_MS + 2500, None)
    moments = list(early.moments())
    assert isinstance(moments[0], Quiet)
    first = next(moment for moment in moments if isinstance(moment, Frame))
    assert first.captured_at_ms == START_MS + 2500
    joined = StoreSource("door", scene, 10, Hand(1000).clock(), START_MS - 12_345, None)
    first = next(moment for moment in joined.moments() if isinstance(moment, Frame))
    assert first.captured_at_ms == START_MS + 55


def test_a_stop_ends_it_at_once(scene: Scene) -> None:
    assert list(StoreSource("door", scene, 10, Hand(0).clock(), START_MS, None).moments()) == []


def test_the_producer_opens_a_store_by_name_and_says_what_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = wall_clock(threading.Event())
    source = open_source("store:queue", 10, clock, loop=False, timeout_s=1)
    assert source.name == "store:downtown/queue"
    source.close()
    monkeypatch.setenv("MOODLENS_STORE_TRUTH", str(tmp_path / "file" / "below"))
    (tmp_path / "file").touch()
    with pytest.raises(SourceUnusable, match="the truth cannot be written"):
        open_source("store:queue", 10, clock, loop=False, timeout_s=1)
    with pytest.raises(SourceUnusable, match=r"nor a kind of source: shop:queue \(kinds: store\)"):
        open_source("shop:queue", 10, clock, loop=False, timeout_s=1)


def test_a_truth_that_is_cut_off_is_read_up_to_there_and_a_missing_one_is_said(tmp_path: Path) -> None:
    file = truth_file(tmp_path, "shop/door")
    file.write_bytes(b"[5,100.0,true,[]]\n[6,200.0,fal")
    assert [frame.at_ms for frame in read_truth(tmp_path, "shop/door")] == [5]
    with pytest.raises(TruthUnreadable, match="no truth about shop/till"):
        read_truth(tmp_path, "shop/till")
