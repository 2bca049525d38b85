"""The scripted store as a source of the ordinary producer: ``python -m producer --source store:entrance``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from demo.face_model import load_face_model
from demo.scene import Scene
from demo.story import DEFAULT, load_story
from demo.truth import TruthLog, truth_file
from producer.errors import SourceUnusable
from producer.frames import Clock, Frame, Moment, Quiet, Source, pause_until
from runtime.errors import reason_of
from runtime.settings import PREFIX, load_settings

BEHIND_MAX_MS: Final = 500
"""Where the taker is too slow by more, the story waits for it: all of it is seen, later."""


class StoreSettings(BaseSettings):
    """What is played before scripted cameras."""

    model_config = SettingsConfigDict(env_prefix=f"{PREFIX}STORE_")

    story: str = Field(DEFAULT, description="name of a story that comes with MoodLens, or a TOML file")
    start_ms: int | None = Field(
        None, ge=0, description="UTC milliseconds at which the story began; unset: when the camera starts"
    )
    truth: Path | None = Field(
        None, description="folder into which each camera writes what it really shows; unset: nowhere"
    )


def open_store(camera: str, fps: float, clock: Clock) -> Source:
    """The source that ``store:CAMERA`` names; the entry point that ``producer.sources`` finds.

    Args:
        camera: of the story, with or without its site.
        fps: pictures a second.
        clock: time.

    Raises:
        MoodLensError: a setting, the story, the face model or the truth's folder cannot be used.
    """
    settings = load_settings(StoreSettings)
    story = load_story(settings.story)
    seen = story.camera(camera)
    try:
        if settings.truth:
            settings.truth.mkdir(parents=True, exist_ok=True)
        truth = TruthLog(truth_file(settings.truth, seen.name)) if settings.truth else None
    except OSError as error:
        raise SourceUnusable(f"the truth cannot be written to {settings.truth}: {reason_of(error)}") from None
    scene = Scene(load_face_model(), story, seen)
    return StoreSource(f"store:{seen.name}", scene, fps, clock, settings.start_ms, truth)


class StoreSource:
    """A scripted camera; see ``producer.frames.Source``.

    Pictures are due on a grid from the story's start, are drawn before they are due, and carry the time at
    which they were due. Where whoever takes them is too slow for it, the story is held up and goes on later.

    Args:
        name: for people.
        scene: what is seen.
        fps: pictures a second.
        clock: time.
        start_ms: UTC, when the story began or will begin; None: with the first picture.
        truth: told what is shown.
    """

    live = False

    def __init__(
        self, name: str, scene: Scene, fps: float, clock: Clock, start_ms: int | None, truth: TruthLog | None
    ) -> None:
        self.name = name
        self._scene = scene
        self._period_ms = 1000 / fps
        self._clock = clock
        self._start_ms = start_ms
        self._truth = truth

    def moments(self) -> Iterator[Moment]:
        """See ``Source``."""
        zero_ms = self._clock.now_ms() if self._start_ms is None else self._start_ms
        number = max(0, int((self._clock.now_ms() - zero_ms) // self._period_ms) + 1)
        while True:
            script_ms = number * self._period_ms
            drawn = self._scene.draw(script_ms)
            at_ms = zero_ms + round(script_ms)
            behind_ms = self._clock.now_ms() - at_ms
            if behind_ms > BEHIND_MAX_MS:
                zero_ms += behind_ms
                at_ms += behind_ms
            if (yield from pause_until(self._clock, at_ms)):
                return
            if self._truth:
                self._truth.write(at_ms, script_ms, drawn[1] if drawn else None)
            yield Frame(drawn[0], at_ms) if drawn else Quiet(at_ms)
            number += 1

    def close(self) -> None:
        """Ends the truth's file."""
        if self._truth:
            self._truth.close()
