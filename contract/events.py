"""The events that cross a wire, with the bounds that make one valid.

Times are UTC milliseconds since the epoch (``_ms``), boxes are fractions of the frame, probabilities follow
``contract.labels.LABELS``. New fields are only ever appended, with a default: an older reader ignores them.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from contract.labels import CROP_SIDE

SCHEMA: Final = 1
CROP_BYTES = CROP_SIDE * CROP_SIDE
FACES_MAX = 50
"""Faces in one event: 50 crops stay below the 128 kB that AWS IoT Core allows a message."""

INTERVAL_MAX_MS = 1000
"""A gap between two analysed frames counts as seen time up to this long."""

CROP_LIFETIME_S = 30
"""A crop older than this is of no use: its camera gives it up, or tells the broker to (message expiry)."""

PREVIEW_BYTES_MAX = 100_000
"""Of the picture in a preview."""

PREVIEW_FOR_S = 600
"""So long after its start, a camera that was asked to sends previews; then it ends that by itself."""

EXCLUDED_TRACKS_MAX = 100
"""Tracks that one report takes back; further ones are in the next."""

NAME_PATTERN = r"[a-z0-9][a-z0-9-]{0,62}"

CameraName = Annotated[str, Meta(pattern=rf"^{NAME_PATTERN}/{NAME_PATTERN}\Z")]
"""``site/camera``."""

ZoneName = Annotated[str, Meta(pattern=rf"^({NAME_PATTERN})?\Z")]
"""A zone of the camera, or '' outside all zones."""

SessionId = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
"""Random, new with every run of a producer; frame and track numbers start again with it."""

Schema = Literal[1]
TimeMs = Annotated[int, Meta(ge=0, le=2**43)]  # up to the year 2248: sums of a window stay exact in int64
DurationMs = Annotated[int, Meta(ge=0, le=86_400_000)]
IntervalMs = Annotated[int, Meta(ge=0, le=INTERVAL_MAX_MS)]
Sequence = Annotated[int, Meta(ge=0, lt=2**40)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Rate = Annotated[float, Meta(ge=0.0, le=1000.0)]
ShortText = Annotated[str, Meta(max_length=64)]

Box = tuple[Fraction, Fraction, Fraction, Fraction]
"""x, y (top left corner), width, height, as fractions of the frame."""

Probabilities = tuple[Fraction, Fraction, Fraction, Fraction, Fraction, Fraction, Fraction]


class FaceCrop(Struct, frozen=True, array_like=True):
    """One face as its camera saw it.

    Attributes:
        track: number of the track, unique within the session.
        zone: name of the watch zone, or ''.
        box: where the face is in the frame.
        score: detector confidence, 0–1.
        frontal: facing the camera (|yaw| ≤ 25°), or None where the detector has no landmarks.
        crop: 48×48 uint8 grey pixels, row by row (2,304 bytes).
    """

    track: Sequence
    zone: ZoneName
    box: Box
    score: Fraction
    frontal: bool | None
    crop: Annotated[bytes, Meta(min_length=CROP_BYTES, max_length=CROP_BYTES)]


class FrameFaces(Struct, frozen=True, array_like=True):
    """Camera → worker (msgpack): the faces of one analysed frame that has any.

    Attributes:
        camera: ``site/camera``; must be the one of the topic.
        session: the producer's run.
        frame: number of the frame within the session.
        captured_at_ms: when the frame was taken, by the camera's clock.
        interval_ms: time since the last analysed frame, at most ``INTERVAL_MAX_MS``.
        faces: 1 to ``FACES_MAX``.
    """

    schema: Schema
    camera: CameraName
    session: SessionId
    frame: Sequence
    captured_at_ms: TimeMs
    interval_ms: IntervalMs
    faces: Annotated[tuple[FaceCrop, ...], Meta(min_length=1, max_length=FACES_MAX)]


class FaceEmotions(Struct, frozen=True):
    """One face, classified: a ``FaceCrop`` whose pixels became seven probabilities (adding up to 1 ±0.05)."""

    track: Sequence
    zone: ZoneName
    box: Box
    score: Fraction
    frontal: bool | None
    probabilities: Probabilities


class FrameEmotions(Struct, frozen=True):
    """Worker → stream, and camera → worker where the camera classifies itself (JSON).

    Attributes:
        model: version of the model that gave the probabilities.
        classified_at_ms: when, by the classifying machine's clock.
        schema, camera, session, frame, captured_at_ms, interval_ms, faces: as in ``FrameFaces``.
    """

    schema: Schema
    camera: CameraName
    session: SessionId
    frame: Sequence
    captured_at_ms: TimeMs
    interval_ms: IntervalMs
    model: ShortText
    classified_at_ms: TimeMs
    faces: Annotated[tuple[FaceEmotions, ...], Meta(min_length=1, max_length=FACES_MAX)]


class CameraReport(Struct, frozen=True):
    """Camera → worker → stream (JSON): what a camera did in one stretch of time, with or without faces.

    Sent every 10 s, cut at UTC boundaries, so that each report falls into one window and an empty shop
    still has a clock; and at once where a track turned out to be nobody's visit.

    Attributes:
        seq: number of the report within the session.
        from_ms, to_ms: the stretch; both lie in the same 10 s window (``to_ms`` exclusive).
        analysed_ms: time covered by analysed frames.
        frames_analysed: frames looked at.
        frames_published: frames with faces, captured in the stretch and handed to the outbox.
        faces_published: faces in those frames.
        dropped: frames that the outbox gave up during the stretch (broker away, or too slow).
        excluded: faces left out on the camera (masked, staff, or of a poster).
        fps: analysed frames a second.
        detector: name of the face detector.
        excluded_tracks: tracks of which faces were published before it turned out that they are staff or
            posters: they are nobody's visit.
    """

    schema: Schema
    camera: CameraName
    session: SessionId
    seq: Sequence
    from_ms: TimeMs
    to_ms: TimeMs
    analysed_ms: DurationMs
    frames_analysed: Count
    frames_published: Count
    faces_published: Count
    dropped: Count
    excluded: Count
    fps: Rate
    detector: ShortText
    excluded_tracks: Annotated[tuple[Sequence, ...], Meta(max_length=EXCLUDED_TRACKS_MAX)] = ()


class FrameLoss(Struct, frozen=True):
    """Worker → stream (JSON): a frame that arrived and was not classified, so that no loss is silent.

    Attributes:
        captured_at_ms: capture time, or arrival time where the payload did not tell.
        reason: ``refused`` (failed validation) or ``shed`` (too old to be live, under overload).
        session, frame: which frame it was; '' where the payload did not tell. A known one counts once.
    """

    schema: Schema
    camera: CameraName
    captured_at_ms: TimeMs
    reason: Literal["refused", "shed"]
    session: Annotated[str, Meta(pattern=r"^([0-9a-f]{16})?\Z")] = ""
    frame: Sequence = 0


class CameraStatus(Struct, frozen=True):
    """Camera → retained topic (JSON), for people; its Last Will says ``online=False``.

    Attributes:
        version: of the producer.
        since_ms: start of this session.
    """

    schema: Schema
    camera: CameraName
    online: bool
    version: ShortText
    detector: ShortText
    fps: Rate
    since_ms: TimeMs


class Preview(Struct, frozen=True, array_like=True):
    """Camera → dashboard (msgpack), opt-in: one small picture, masked and staff regions blacked out.

    Attributes:
        jpeg: the picture, at most ``PREVIEW_BYTES_MAX``; never retained, never stored.
    """

    schema: Schema
    camera: CameraName
    session: SessionId
    frame: Sequence
    captured_at_ms: TimeMs
    jpeg: Annotated[bytes, Meta(min_length=1, max_length=PREVIEW_BYTES_MAX)]
