"""A DeepLens shares no code with us, and writes the bytes on file all the same."""

from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import events as ours
from contract import topics
from contract.codec import decode, encode
from contract.labels import CROP_SIDE, LABELS
from edge.deeplens.device import events as theirs
from edge.deeplens.device import wire

FOLDER = Path(__file__).parent / "files"
KINDS = ("FaceCrop", "FrameFaces", "FaceEmotions", "FrameEmotions", "CameraReport", "CameraStatus")
ON_FILE: dict[str, type[Any]] = {
    "frame_faces.msgpack": ours.FrameFaces,
    "frame_emotions.json": ours.FrameEmotions,
    "camera_report_exclusions.json": ours.CameraReport,
    "camera_status.json": ours.CameraStatus,
}


def on_the_device(event: Any) -> Any:
    """The same event as a DeepLens has it."""
    if isinstance(event, tuple):
        return tuple(map(on_the_device, event))
    if type(event).__name__ not in KINDS:
        return event
    kind = getattr(theirs, type(event).__name__)
    return kind(*(on_the_device(getattr(event, name)) for name in event.__struct_fields__))


@pytest.mark.parametrize("kind", KINDS)
def test_its_events_have_the_fields_of_the_contract(kind: str) -> None:
    assert getattr(theirs, kind)._fields == getattr(ours, kind).__struct_fields__


def test_its_numbers_and_names_are_those_of_the_contract() -> None:
    assert theirs.SCHEMA == ours.SCHEMA == get_args(ours.Schema)[0]
    assert theirs.LABELS == LABELS
    assert theirs.CROP_SIDE == CROP_SIDE
    assert theirs.FACES_MAX == ours.FACES_MAX
    assert theirs.INTERVAL_MAX_MS == ours.INTERVAL_MAX_MS
    for suffix in (theirs.FACES, theirs.EMOTIONS, theirs.REPORTS, theirs.STATUS):
        assert theirs.topic("shop-1/till", suffix) == topics.topic("shop-1/till", topics.Suffix(suffix))


@pytest.mark.parametrize("name", ON_FILE)
def test_it_writes_the_bytes_on_file(name: str) -> None:
    payload = (FOLDER / name).read_bytes()
    assert wire.encode(on_the_device(decode(payload, ON_FILE[name]))) == payload


BUSY = settings(max_examples=50)
NUMBERS = st.integers(0, 2**40 - 1) | st.sampled_from(
    [0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32]
)
FRACTIONS = st.integers(0, 1_000_000).map(lambda n: n / 1_000_000) | st.integers(0, 200).map(
    lambda n: n / 1e6
)
ZONES = st.sampled_from(["", "till", "a" * 31, "b" * 32, "c" * 63])
BOXES = st.tuples(FRACTIONS, FRACTIONS, FRACTIONS, FRACTIONS)


@BUSY
@given(
    faces=st.lists(
        st.builds(
            ours.FaceCrop,
            track=NUMBERS,
            zone=ZONES,
            box=BOXES,
            score=FRACTIONS,
            frontal=st.sampled_from([True, False, None]),
            crop=st.integers(0, 255).map(lambda grey: bytes([grey]) * ours.CROP_BYTES),
        ),
        min_size=1,
        max_size=20,
    ),
    number=NUMBERS,
)
def test_crops_are_written_byte_by_byte_as_ours(faces: list[ours.FaceCrop], number: int) -> None:
    event = ours.FrameFaces(1, "shop-1/till", "0" * 16, number, number, number % 1001, tuple(faces))
    assert wire.encode(on_the_device(event)) == encode(event)


@BUSY
@given(
    faces=st.lists(
        st.builds(
            ours.FaceEmotions,
            track=NUMBERS,
            zone=ZONES,
            box=BOXES,
            score=FRACTIONS,
            frontal=st.none(),
            probabilities=st.tuples(*[FRACTIONS] * 7),
        ),
        min_size=1,
        max_size=20,
    ),
    number=NUMBERS,
)
def test_emotions_are_written_byte_by_byte_as_ours(faces: list[ours.FaceEmotions], number: int) -> None:
    event = ours.FrameEmotions(
        1, "shop-1/till", "0" * 16, number, number, 200, 'model-é"\\', number, tuple(faces)
    )
    assert wire.encode(on_the_device(event)) == encode(event)
