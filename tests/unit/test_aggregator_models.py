"""Which models a camera's windows rest on: known to ten seconds, written when new, forgotten when old."""

import msgspec

from aggregator.fold import fold
from aggregator.state import CameraState
from contract.codec import LogEvent
from contract.open_visits import model_times
from contract.windows import GRAIN_MS, KEPT_MS, Resolution
from tests.support.events import CAMERA, frame_emotions
from tests.support.timelines import START_MS, TIMING, folded


def classified(at_ms: int, model: str = "model-a") -> LogEvent:
    return msgspec.structs.replace(frame_emotions(at_ms % 65_536, captured_at_ms=at_ms), model=model)


def test_the_models_that_windows_rest_on_are_known_to_ten_seconds() -> None:
    first_ms = START_MS // GRAIN_MS * GRAIN_MS + 3_000
    state = CameraState()
    folded([classified(first_ms), classified(first_ms + 40_000), classified(first_ms + 1, "b:2")], state)
    grain_ms = first_ms - 3_000
    assert state.models == {"model-a": (grain_ms, grain_ms + 40_000), "b:2": (grain_ms, grain_ms)}
    written, _ = state.take_changes()
    fields = {name.encode(): value for name, value in written.items()}
    assert model_times(fields) == CameraState.load(fields).models == state.models


def test_a_model_is_written_only_when_a_window_is_new_to_it() -> None:
    first_ms = START_MS // GRAIN_MS * GRAIN_MS
    state = CameraState()
    for at_ms, is_written in ((0, True), (9_999, False), (4_000, False), (10_000, True), (3_000, False)):
        folded([classified(first_ms + at_ms)], state)
        assert ("model:model-a" in state.take_changes()[0]) == is_written


def test_a_model_is_forgotten_when_no_window_of_it_is_kept() -> None:
    state = CameraState()
    folded([classified(START_MS)], state)
    state.take_changes()
    kept_ms = KEPT_MS[Resolution.HOUR]
    fold(state, CAMERA, [], START_MS + kept_ms, TIMING)
    assert "model-a" in state.models
    fold(state, CAMERA, [], START_MS + kept_ms + GRAIN_MS, TIMING)
    assert not state.models
    assert "model:model-a" in state.take_changes()[1]
