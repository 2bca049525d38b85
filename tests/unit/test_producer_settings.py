import pytest

from producer.settings import load_producer_settings
from runtime.errors import SettingsError

GIVEN = {"camera": "shop-1/entrance", "source": "0"}


def test_a_flag_overrides_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODLENS_PRODUCER_FPS", "2")
    assert load_producer_settings({**GIVEN, "fps": None}).fps == 2
    assert load_producer_settings({**GIVEN, "fps": "10"}).fps == 10


def test_camera_and_source_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODLENS_PRODUCER_CAMERA", "shop-1/till")
    monkeypatch.setenv("MOODLENS_PRODUCER_SOURCE", "clip.mp4")
    settings = load_producer_settings({})
    assert (settings.camera, settings.source) == ("shop-1/till", "clip.mp4")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"source": "0"}, r"--camera is missing \(or MOODLENS_PRODUCER_CAMERA\)"),
        ({"camera": "a/b"}, "--source is missing"),
        ({**GIVEN, "camera": "Shop 1"}, "--camera: 'Shop 1' is not site/camera"),
        ({**GIVEN, "fps": "0"}, "--fps: Input should be greater than 0"),
        ({**GIVEN, "fps": "fast", "detector": "magic"}, "--fps: .*; --detector: .*'haar'"),
        ({**GIVEN, "loop": True, "once": True}, "--loop never reaches the end"),
    ],
)
def test_what_cannot_be_used_is_named(flags: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_producer_settings(flags)


def test_a_variable_that_cannot_be_used_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODLENS_PRODUCER_SCORE_MIN", "7")
    with pytest.raises(SettingsError, match="MOODLENS_PRODUCER_SCORE_MIN: Input should be less"):
        load_producer_settings(GIVEN)


def test_faces_cannot_be_at_most_smaller_than_they_are_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOODLENS_PRODUCER_FACE_MAX_PX", "40")
    assert load_producer_settings(GIVEN).face_max_px == 40
    monkeypatch.setenv("MOODLENS_PRODUCER_FACE_MIN_PX", "48")
    message = r"MOODLENS_PRODUCER_FACE_MAX_PX \(40\) is below MOODLENS_PRODUCER_FACE_MIN_PX \(48\)"
    with pytest.raises(SettingsError, match=message):
        load_producer_settings(GIVEN)
