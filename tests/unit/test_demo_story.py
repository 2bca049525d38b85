"""Stories: read from TOML, cast from a seed, played as poses over time."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from contract.labels import LABELS
from demo.motion import MORPH_MS, WIDTH, mixture_at, pose_at
from demo.story import (
    DEFAULT,
    FOLDER,
    Appearance,
    CameraStory,
    Flow,
    Mood,
    Story,
    StoryUnusable,
    cast,
    is_dark,
    load_story,
)

SOMEBODY = Appearance(
    number=0,
    seed=3,
    enter_ms=1000,
    leave_ms=21_000,
    x=0.5,
    side_px=120.0,
    from_left=True,
    to_left=False,
    shows=((0, "neutral"), (8000, "happy")),
)


def story(toml: str, folder: Path) -> Story:
    file = folder / "story.toml"
    file.write_text(toml)
    return load_story(str(file))


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.toml")))
def test_the_stories_that_come_with_moodlens_can_be_played(name: str) -> None:
    for camera in load_story(name).cameras:
        assert len(cast(load_story(name), camera)) >= 10


def test_the_story_of_the_demo_has_two_stores_a_promotion_a_queue_and_a_dark_camera() -> None:
    cameras = load_story(DEFAULT).cameras
    assert sorted(camera.name for camera in cameras) == [
        "airport/kiosk",
        "downtown/entrance",
        "downtown/promotion",
        "downtown/queue",
    ]
    assert [camera.name for camera in cameras if camera.dark] == ["downtown/entrance"]
    first_minutes = {
        camera.name: {mood.shows for mood in camera.moods if mood.at_s < 120} for camera in cameras
    }
    assert "happy" in first_minutes["downtown/promotion"]
    assert "angry" in first_minutes["downtown/queue"]


def test_the_measuring_story_shows_every_expression_for_ten_minutes() -> None:
    seven = load_story("seven")
    assert seven.period_s >= 600
    assert {mood.shows for camera in seven.cameras for mood in camera.moods} == set(LABELS)


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("", "missing required field `title`"),
        ("title = ", "is no story"),
        ("title='x'\nperiod_s=60\ncameras=[]", "length >= 1"),
        (
            "title='x'\nperiod_s=60\n[[cameras]]\nname='A'\nflows=[]",
            r"matching regex .* at `\$.cameras\[0\].name`",
        ),
        (
            "title='x'\nperiod_s=60\n[[cameras]]\nname='a/b'\nflows=[]\nmoods=[{at_s=0,shows='glad'}]",
            "'glad' is none of",
        ),
        (
            "title='x'\nperiod_s=60\n[[cameras]]\nname='a/b'\nflows=[]\nmoods=[{at_s=9,shows='sad'},{at_s=3}]",
            "missing required field `shows`",
        ),
        (
            "title='x'\nperiod_s=60\ncameras=[{name='a/b',flows=[],moods=[{at_s=9,shows='sad'},{at_s=3,shows='sad'}]}]",
            "not in the order of time",
        ),
        (
            "title='x'\nperiod_s=60\n[[cameras]]\nname='a/b'\nflows=[{first_s=50,stays_s=20}]",
            "stays beyond the period",
        ),
        (
            "title='x'\nperiod_s=60\n[[cameras]]\nname='a/b'\nflows=[{first_s=1,stays_s=9,enters='up'}]",
            "'up' is not left, right or both",
        ),
        (
            "title='x'\nperiod_s=60\n[[cameras]]\nname='a/b'\nflows=[]\n[[cameras]]\nname='a/b'\nflows=[]",
            "the same name",
        ),
    ],
)
def test_what_is_no_story_is_refused_in_one_line(toml: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(StoryUnusable, match=complaint) as refused:
        story(toml, tmp_path)
    assert "\n" not in str(refused.value)


def test_a_story_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(StoryUnusable, match=r"no story nowhere \(seven, store, or a TOML file\)"):
        load_story("nowhere")


def test_a_camera_is_found_with_and_without_its_site_where_only_one_is_meant() -> None:
    played = load_story(DEFAULT)
    assert played.camera("downtown/queue") is played.camera("queue")
    twice = msgspec.structs.replace(played, cameras=(*played.cameras, CameraStory("airport/queue", flows=())))
    with pytest.raises(StoryUnusable, match="several cameras queue"):
        twice.camera("queue")
    with pytest.raises(StoryUnusable, match="no camera cellar"):
        played.camera("cellar")


def test_who_comes_follows_from_the_seed() -> None:
    camera = CameraStory("a/b", flows=(Flow(first_s=2, stays_s=10, count=5, every_s=8),))
    one, same, other = (cast(Story("x", 60, (camera,), seed=seed), camera) for seed in (1, 1, 2))
    assert one == same
    assert [shopper.seed for shopper in one] != [shopper.seed for shopper in other]
    assert [shopper.enter_ms for shopper in one] == [2000, 10_000, 18_000, 26_000, 34_000]
    assert all(9000 <= shopper.leave_ms - shopper.enter_ms <= 11_000 for shopper in one)


def test_all_in_view_take_up_the_mood_soon_and_a_flow_may_have_its_own() -> None:
    flows = (Flow(first_s=0, stays_s=20, count=2, every_s=3), Flow(first_s=1, stays_s=20, shows="sad"))
    camera = CameraStory("a/b", flows=flows, moods=(Mood(8, "happy"),))
    shown = [
        LABELS[int(mixture_at(shopper.shows, 11_000).argmax())]
        for shopper in cast(Story("x", 60, (camera,)), camera)
    ]
    assert sorted(shown) == ["happy", "happy", "sad"]


def test_a_dark_stretch_ends_where_it_says() -> None:
    camera = CameraStory("a/b", flows=(), dark=((10, 20),))
    assert [is_dark(camera, at_ms) for at_ms in (9_999, 10_000, 19_999, 20_000)] == [False, True, True, False]


def test_somebody_comes_in_stands_and_goes_out_at_the_other_side() -> None:
    assert pose_at(SOMEBODY, 999) is None
    assert pose_at(SOMEBODY, 21_000) is None
    poses = [pose_at(SOMEBODY, at_ms) for at_ms in range(1000, 21_000, 100)]
    x = [pose.x for pose in poses if pose]
    assert len(x) == len(poses)
    assert x[0] < 0
    assert x[-1] > WIDTH
    assert abs(x[100] - WIDTH / 2) < 15
    steps = np.abs(np.diff(x))
    assert steps.max() < 35  # a tenth of a second: nobody jumps
    sides = [pose.side_px for pose in poses if pose]
    assert sides[100] > 1.3 * sides[0]  # people approach


def test_an_expression_comes_within_a_second() -> None:
    neutral, happy = LABELS.index("neutral"), LABELS.index("happy")
    for at_ms in range(0, 12_000, 50):
        assert mixture_at(SOMEBODY.shows, at_ms).sum() == pytest.approx(1.0)
    assert mixture_at(SOMEBODY.shows, 7999)[neutral] == 1.0
    assert mixture_at(SOMEBODY.shows, 8000 + MORPH_MS / 2)[happy] == pytest.approx(0.5)
    assert mixture_at(SOMEBODY.shows, 8000 + MORPH_MS)[happy] == 1.0


def test_people_look_around_now_and_then_and_then_back() -> None:
    crowd = [Appearance(0, seed, 0, 40_000, 0.5, 120.0, True, True, ((0, "neutral"),)) for seed in range(20)]
    turns = np.array([[pose_at(one, at_ms).yaw_deg for at_ms in range(4000, 36_000, 100)] for one in crowd])  # type: ignore[union-attr]
    aside = np.abs(turns) > 25
    assert 0.01 < aside.mean() < 0.2
    assert aside.any(axis=1).sum() >= 10
    assert not aside.all(axis=1).any()
