"""What is remembered of a camera between events: its open visits, its sessions' clocks, its tombstones.

It lives in one Redis hash per camera, a field each, so that a commit writes only what changed.
"""

from typing import Final

import msgspec

from contract.labels import LABELS
from contract.open_visits import MODEL_PREFIX, VISIT_PREFIX, model_times
from contract.windows import GRAIN_MS

VISIT, TOMBSTONE, SESSION = VISIT_PREFIX.removesuffix(":"), "closed", "session"

ANY_ZONE: Final = "*"
"""A tombstone with this zone, which no zone is called, is one of a track in all zones."""


class VisitKey(msgspec.Struct, frozen=True, order=True):
    """One track at one camera (``zone`` '') or within one of its zones."""

    session: str
    track: int
    zone: str


class OpenVisit(msgspec.Struct):
    """A visit that may still grow.

    Attributes:
        first_ms, last_ms: capture times of its first and last face.
        faces: how many faces it has.
        p_sum: Σ p over its faces, micro-units, by label.
        seen_ms: Σ intervals of its faces whose frontality is known.
        frontal_ms: Σ intervals of those that faced the camera.
        watched: whether any face did.
    """

    first_ms: int
    last_ms: int
    faces: int = 0
    p_sum: list[int] = msgspec.field(default_factory=lambda: [0] * len(LABELS))
    seen_ms: int = 0
    frontal_ms: int = 0
    watched: bool = False


class SessionClock(msgspec.Struct):
    """How far a producer's run has come.

    Attributes:
        latest_ms: newest time it told (a capture, or the end of a report), by the camera's clock.
        heard_ms: when it was last heard, by the server's clock.
    """

    latest_ms: int
    heard_ms: int


_encode: Final = msgspec.json.encode
_visit_decoder: Final = msgspec.json.Decoder(OpenVisit)
_session_decoder: Final = msgspec.json.Decoder(SessionClock)


class CameraState:
    """The state of one camera.

    Attributes:
        visits: open visits.
        tombstones: closed visits → capture time of their last face; faces that come now are late.
        sessions: session → its clock.
        models: model version → starts of the first and the last 10 s window with faces that it classified.
    """

    def __init__(self) -> None:
        self.visits: dict[VisitKey, OpenVisit] = {}
        self.tombstones: dict[VisitKey, int] = {}
        self.sessions: dict[str, SessionClock] = {}
        self.models: dict[str, tuple[int, int]] = {}
        self._changed_visits: set[VisitKey] = set()
        self._changed_sessions: set[str] = set()
        self._changed_models: set[str] = set()

    @classmethod
    def load(cls, fields: dict[bytes, bytes]) -> "CameraState":
        """The state in a Redis hash (empty: a new camera)."""
        state = cls()
        state.models = model_times(fields)
        for name, value in fields.items():
            if name.startswith(MODEL_PREFIX.encode()):
                continue
            kind, session, *rest = name.decode().split(":")
            if kind == SESSION:
                state.sessions[session] = _session_decoder.decode(value)
                continue
            key = VisitKey(session, int(rest[0]), rest[1])
            if kind == VISIT:
                state.visits[key] = _visit_decoder.decode(value)
            else:
                state.tombstones[key] = int(value)
        return state

    def touch_visit(self, key: VisitKey) -> None:
        """Marks a visit or tombstone as changed."""
        self._changed_visits.add(key)

    def touch_session(self, session: str) -> None:
        """Marks a session's clock as changed."""
        self._changed_sessions.add(session)

    def note_model(self, version: str, at_ms: int) -> None:
        """Notes that a model classified faces captured at ``at_ms``."""
        known = self.models.get(version)
        if known and known[0] <= at_ms < known[1] + GRAIN_MS:
            return  # of nearly every frame
        grain_ms = at_ms - at_ms % GRAIN_MS
        first_ms, last_ms = known or (grain_ms, grain_ms)
        self.models[version] = min(first_ms, grain_ms), max(last_ms, grain_ms)
        self._changed_models.add(version)

    def forget_model(self, version: str) -> None:
        """Forgets a model of which no window is kept."""
        del self.models[version]
        self._changed_models.add(version)

    def take_changes(self) -> tuple[dict[str, bytes], list[str]]:
        """Fields to write and fields to remove since the last call."""
        fields: dict[str, bytes | None] = {}
        for key in sorted(self._changed_visits):
            suffix = f"{key.session}:{key.track}:{key.zone}"
            visit, last_ms = self.visits.get(key), self.tombstones.get(key)
            fields[f"{VISIT_PREFIX}{suffix}"] = _encode(visit) if visit else None
            fields[f"{TOMBSTONE}:{suffix}"] = None if last_ms is None else b"%d" % last_ms
        for session in sorted(self._changed_sessions):
            clock = self.sessions.get(session)
            fields[f"{SESSION}:{session}"] = _encode(clock) if clock else None
        for version in sorted(self._changed_models):
            times = self.models.get(version)
            fields[f"{MODEL_PREFIX}{version}"] = _encode(times) if times else None
        self._changed_visits.clear()
        self._changed_sessions.clear()
        self._changed_models.clear()
        written = {name: value for name, value in fields.items() if value is not None}
        return written, [name for name, value in fields.items() if value is None]
