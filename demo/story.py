"""A story: what happens before the cameras of a scripted store, read from TOML. Pure.

A story repeats after its period. Each camera has a timeline of what whoever is in its view expresses, flows
of shoppers, and times at which it is dark. Who comes, when and where, follows from the story's seed.
"""

from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta, Struct

from contract.events import CameraName
from contract.labels import LABELS
from runtime.errors import MoodLensError, reason_of

FOLDER: Final = Path(__file__).with_name("stories")
DEFAULT: Final = "store"
"""The story of ``make demo``."""

WALK_S: Final = 2.5
"""From the edge of the picture to where one stands, and back."""

LAG_MAX_S: Final = 1.5
"""Not all react to the same thing at once."""

TOO_MANY: Final = 200
"""Shoppers of one camera in one period."""

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Fraction = Annotated[float, Meta(ge=0.1, le=0.9)]
FacePx = Annotated[float, Meta(ge=40, le=240)]


class StoryUnusable(MoodLensError):
    """There is no such story, or its file is none."""


class Mood(Struct, frozen=True, forbid_unknown_fields=True):
    """From ``at_s`` on, those in view express ``shows`` (a label)."""

    at_s: Seconds
    shows: str


class Flow(Struct, frozen=True, forbid_unknown_fields=True):
    """Shoppers who come one after the other.

    Attributes:
        first_s: when the first one enters.
        count: how many come.
        every_s: time between two of them.
        stays_s: from entering to leaving the picture, give or take a tenth.
        places: where they stand in turn: (x of the face as a fraction of the picture, its height in pixels).
        enters: from which side.
        shows: what these express whatever the camera's timeline says; empty: the timeline.
        badge: number of the staff badge that they wear; None: they are shoppers.
    """

    first_s: Seconds
    stays_s: Annotated[float, Meta(ge=2 * WALK_S, le=3600)]
    count: Annotated[int, Meta(ge=1, le=TOO_MANY)] = 1
    every_s: Seconds = 10.0
    places: tuple[tuple[Fraction, FacePx], ...] = ((0.5, 120.0),)
    enters: str = "both"
    shows: str = ""
    badge: Annotated[int, Meta(ge=0, le=49)] | None = None


class Poster(Struct, frozen=True, forbid_unknown_fields=True):
    """A picture of a face on the wall.

    Attributes:
        x, y: of the face, as fractions of the picture.
        face_px: its height.
        shows: what it expresses.
        seed: who it shows.
    """

    x: Fraction
    y: Fraction
    face_px: FacePx = 80.0
    shows: str = "happy"
    seed: Annotated[int, Meta(ge=0)] = 0


class CameraStory(Struct, frozen=True, forbid_unknown_fields=True):
    """What one camera sees.

    Attributes:
        name: ``site/camera``.
        moods: the timeline, in order; before its first entry all are neutral.
        flows: who comes.
        dark: stretches (from, to) in seconds without a picture.
        light: brightness of the place, 1: normal.
        posters: on its walls.
    """

    name: CameraName
    flows: tuple[Flow, ...]
    moods: tuple[Mood, ...] = ()
    dark: tuple[tuple[Seconds, Seconds], ...] = ()
    light: Annotated[float, Meta(ge=0.3, le=1.6)] = 1.0
    posters: tuple[Poster, ...] = ()


class Story(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole script.

    Attributes:
        title: for people.
        period_s: after which all repeats.
        fps: pictures a second of each camera.
        seed: of who comes, and of their small ways.
        cameras: one entry each.
    """

    title: str
    period_s: Annotated[float, Meta(ge=5, le=86_400)]
    cameras: Annotated[tuple[CameraStory, ...], Meta(min_length=1, max_length=16)]
    fps: Annotated[float, Meta(ge=1, le=30)] = 10.0
    seed: Annotated[int, Meta(ge=0)] = 1

    @property
    def face_max_px(self) -> float:
        """Height of the largest face of all, pixels."""
        flows = [flow for camera in self.cameras for flow in camera.flows]
        return max((side for flow in flows for _, side in flow.places), default=0.0)

    def camera(self, name: str) -> CameraStory:
        """A camera by its full name, or by the part after ``/`` where only one has it.

        Raises:
            StoryUnusable: no camera has this name, or several have.
        """
        found = [camera for camera in self.cameras if name in (camera.name, camera.name.partition("/")[2])]
        if len(found) == 1:
            return found[0]
        names = ", ".join(camera.name for camera in self.cameras)
        raise StoryUnusable(f"the story has {'several cameras' if found else 'no camera'} {name}: {names}")


class Appearance(Struct, frozen=True):
    """One shopper's time before a camera.

    Attributes:
        number: within the camera's period.
        seed: who it is.
        enter_ms, leave_ms: when the face comes into the picture and has left it, from the period's start.
        x: where the face stands, as a fraction of the picture's width.
        side_px: how large it is there.
        from_left, to_left: where it comes from and goes to.
        shows: (from when on, label) in order.
        badge: number of the badge of staff, or None.
    """

    number: int
    seed: int
    enter_ms: int
    leave_ms: int
    x: float
    side_px: float
    from_left: bool
    to_left: bool
    shows: tuple[tuple[int, str], ...]
    badge: int | None = None


def load_story(given: str = DEFAULT) -> Story:
    """The story of a name in this package, or of a TOML file.

    Raises:
        StoryUnusable: says what is wrong, and where.
    """
    named = FOLDER / f"{given}.toml"
    file = named if named.is_file() else Path(given)
    try:
        story = msgspec.toml.decode(file.read_bytes(), type=Story)
        _check(story)
    except OSError as error:
        known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.toml")))
        raise StoryUnusable(f"no story {given} ({known}, or a TOML file): {reason_of(error)}") from None
    except msgspec.DecodeError as error:
        raise StoryUnusable(f"{file} is no story: {error}") from None
    return story


def cast(story: Story, camera: CameraStory) -> tuple[Appearance, ...]:
    """Everyone who comes before a camera within a period, in the order of their entering."""
    rng = np.random.default_rng((story.seed, *camera.name.encode()))
    appearances: list[Appearance] = []
    for flow in camera.flows:
        for turn in range(flow.count):
            enter_s = flow.first_s + turn * flow.every_s
            stays_s = flow.stays_s * rng.uniform(0.9, 1.1)
            lag_ms = round(1000 * rng.uniform(0, LAG_MAX_S))
            x, side_px = flow.places[turn % len(flow.places)]
            from_left = flow.enters == "left" or (flow.enters == "both" and turn % 2 == 0)
            timeline = ((0, flow.shows),) if flow.shows else _timeline(camera.moods, lag_ms)
            appearances.append(
                Appearance(
                    number=len(appearances),
                    seed=int(rng.integers(1_000_000)),
                    enter_ms=round(1000 * enter_s),
                    leave_ms=round(1000 * (enter_s + stays_s)),
                    x=float(x + rng.uniform(-0.02, 0.02)),
                    side_px=float(side_px * rng.uniform(0.95, 1.05)),
                    from_left=from_left,
                    to_left=from_left if flow.enters == "both" else not from_left,
                    shows=timeline,
                    badge=flow.badge,
                )
            )
    return tuple(sorted(appearances, key=lambda appearance: appearance.enter_ms))


def is_dark(camera: CameraStory, into_ms: float) -> bool:
    """Whether a camera gives no picture so long after a period's start."""
    return any(from_s * 1000 <= into_ms < to_s * 1000 for from_s, to_s in camera.dark)


def _timeline(moods: tuple[Mood, ...], lag_ms: int) -> tuple[tuple[int, str], ...]:
    later = ((round(mood.at_s * 1000) + (lag_ms if mood.at_s else 0), mood.shows) for mood in moods)
    return ((0, "neutral"), *later)


def _check(story: Story) -> None:
    """What types alone do not say.

    Raises:
        msgspec.ValidationError: says what is wrong.
    """
    names = [camera.name for camera in story.cameras]
    if len(set(names)) < len(names):
        raise msgspec.ValidationError("two cameras have the same name")
    for camera in story.cameras:
        shown = [*(mood.shows for mood in camera.moods), *(flow.shows for flow in camera.flows if flow.shows)]
        shown += [poster.shows for poster in camera.posters]
        if unknown := [label for label in shown if label not in LABELS]:
            raise msgspec.ValidationError(f"{camera.name}: {unknown[0]!r} is none of {', '.join(LABELS)}")
        if sides := [flow.enters for flow in camera.flows if flow.enters not in ("left", "right", "both")]:
            raise msgspec.ValidationError(f"{camera.name}: enters {sides[0]!r} is not left, right or both")
        if sum(flow.count for flow in camera.flows) > TOO_MANY:
            raise msgspec.ValidationError(f"{camera.name}: more than {TOO_MANY} shoppers")
        times = [mood.at_s for mood in camera.moods]
        if times != sorted(times):
            raise msgspec.ValidationError(f"{camera.name}: its moods are not in the order of time")
        if cast(story, camera) and max(one.leave_ms for one in cast(story, camera)) > story.period_s * 1000:
            raise msgspec.ValidationError(f"{camera.name}: somebody stays beyond the period")
