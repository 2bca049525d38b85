"""What lies in Redis: every kind of key, in which form its values are, and how long they stay. Pure.

Patterns are made of ``contract.keys`` itself, so that a key that fits none was not written by this version.
What each kind holds, in words, ``admin/papers/words.*.toml`` say.
"""

import re
from dataclasses import dataclass
from datetime import UTC
from enum import Enum, auto
from functools import cache
from typing import Final

from contract import keys
from contract.events import NAME_PATTERN
from contract.retention import Retention
from contract.row import WIDTH
from contract.windows import KEPT_MS, Resolution, chunk_at, latest_end_ms

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS

SEEN_MS: Final = 2 * _HOUR_MS
"""So long workers remember which frames and reports they have taken."""

STREAM_MS: Final = 15 * _MINUTE_MS
"""So long, at most, what is counted stays in the streams (``MOODLENS_AGGREGATOR_STREAM_KEPT_S``)."""

REJECTED_ENTRIES: Final = 1_000
ALERT_ENTRIES: Final = 1_000
"""Of a camera."""

OUTBOX_ENTRIES: Final = 2_000
"""Of a partition, for a destination."""

BITMAP_BYTES: Final = 8_192
"""Of the frames, or reports, that a worker has taken."""

ROW_BYTES: Final = 8 * WIDTH

_SLACK_MS: Final = 2 * _HOUR_MS  # clocks differ


class Form(Enum):
    """What the values of a key look like."""

    TEXT = auto()
    """Words, numbers, JSON."""
    BITMAP = auto()
    """A bit a frame, or a report."""
    ROWS = auto()
    """Packed window rows (``contract.row``)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of key.

    Attributes:
        name: under which the words describe it.
        pattern: of its keys.
        type: as Redis calls it.
        form: of its values.
        kept_ms: how long, at most; None: no time is set.
        entries: how many a stream keeps at most; None: no number is set.
        expires: Redis itself forgets each of its keys.
        resolution: of the windows in it.
    """

    name: str
    pattern: re.Pattern[str]
    type: str
    form: Form = Form.TEXT
    kept_ms: int | None = None
    entries: int | None = None
    expires: bool = False
    resolution: Resolution | None = None

    @property
    def expires_within_ms(self) -> int | None:
        """The longest that one of its keys may still have to live; None: no bound is set, or by its name."""
        return self.kept_ms if self.expires and self.resolution is None else None

    @property
    def bytes_max(self) -> int | None:
        """The longest that a value may be; None: no bound is set."""
        if self.resolution is None:
            return BITMAP_BYTES if self.form is Form.BITMAP else None
        rows = chunk_at(self.resolution, 0, UTC).rows
        return (rows + (self.resolution is Resolution.HOUR)) * ROW_BYTES  # a local day may have 25 hours


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds, windows first."""
    camera, session = _CAMERA, _SESSION
    windows = (
        Kind(
            f"windows_{each.value}",
            _pattern(keys.window_chunk(f"{camera}{_AT_ZONE}", each, _CHUNK)),
            "string",
            Form.ROWS,
            kept_ms=KEPT_MS[each],
            expires=True,
            resolution=each,
        )
        for each in Resolution
    )
    bitmaps = (
        Kind(name, _pattern(key), "string", Form.BITMAP, kept_ms=SEEN_MS, expires=True)
        for name, key in (
            ("seen_frames", keys.seen_frame(camera, session, 0)[0]),
            ("seen_reports", keys.seen_report(camera, session, 0)[0]),
        )
    )
    outboxes = (
        Kind(f"outbox_{name}", _pattern(keys.outbox(0, name)), "stream", entries=OUTBOX_ENTRIES)
        for name in keys.DESTINATIONS
    )
    return (
        *windows,
        Kind("stream", _pattern(keys.stream(0)), "stream", kept_ms=STREAM_MS),
        Kind("open_visits", _pattern(keys.open_visits(camera)), "hash", kept_ms=KEPT_MS[Resolution.HOUR]),
        *bitmaps,
        Kind("subjects", _pattern(keys.subjects(0)), "set"),
        Kind("outlet", _pattern(keys.outlet(camera)), "hash"),
        *outboxes,
        Kind("rules", _pattern(keys.rules(camera)), "hash"),
        Kind("alerts", _pattern(keys.alerts(camera)), "hash"),
        Kind("alerts_acked", _pattern(keys.alerts_acked(camera)), "hash"),
        Kind("alerts_log", _pattern(keys.alerts_log(camera)), "stream", entries=ALERT_ENTRIES),
        Kind("site", _pattern(keys.site(_SITE)), "hash"),
        Kind("notes", _pattern(keys.notes(_SITE)), "hash"),
        Kind("erasures", _pattern(keys.ERASURES), "stream"),
        Kind("erasures_generation", _pattern(keys.ERASURES_GENERATION), "string"),
        Kind("erasing", _pattern(keys.erasing(camera)), "string", expires=True),
        Kind("rejected", _pattern(keys.REJECTED), "stream", entries=REJECTED_ENTRIES),
        Kind("rejected_counts", _pattern(keys.REJECTED_COUNTS), "hash"),
        Kind("models", _pattern(keys.MODELS), "hash"),
        Kind("layout", _pattern(keys.LAYOUT), "hash"),
        Kind("aggregators", _pattern(keys.AGGREGATORS), "zset"),
        Kind("lease", _pattern(keys.lease(0)), "string", expires=True),
        Kind("epoch", _pattern(keys.epoch(0)), "string"),
        Kind("slot_lease", _pattern(keys.slot_lease(0)), "string", expires=True),
        Kind("slot_session", _pattern(keys.slot_session(0)), "string", expires=True),
    )


def kind_of(key: str) -> Kind | None:
    """The kind of a key; None: it is none of ours."""
    return next((kind for kind in kinds() if kind.pattern.fullmatch(key)), None)


def site_of_key(key: str) -> str:
    """The site of a key of windows."""
    return key.split(":", 2)[2].partition("/")[0]


def windows_gone_ms(key: str, resolution: Resolution, kept: Retention) -> int:
    """When a chunk of windows must be gone, UTC.

    Args:
        key: its key.
        resolution: of its windows.
        kept: how long its site keeps them.

    Raises:
        ValueError: its name is no day, or no hour.
    """
    return latest_end_ms(resolution, key.rpartition(":")[2]) + kept.kept_ms(resolution) + _SLACK_MS


_SITE, _SESSION, _AT_ZONE, _CHUNK, _NUMBER = "a-site", "5e5510115e551011", "@a-zone", "a-chunk", "a-number"
_CAMERA = f"{_SITE}/a-camera"
_STANDS_FOR: Final = {
    _CAMERA: f"{NAME_PATTERN}/{NAME_PATTERN}",
    _SITE: NAME_PATTERN,
    _SESSION: "[0-9a-f]{16}",
    _AT_ZONE: f"(@{NAME_PATTERN})?",
    _CHUNK: r"\d{8}(T\d\d)?",
    _NUMBER: r"\d+",
}


def _pattern(example: str) -> re.Pattern[str]:
    """What an example of a key is an example of: names above stand for any such name, a number for any."""
    text = re.escape(re.sub(r"(?<=\{)\d+(?=\})|(?<=:)\d+(?=:|$)", _NUMBER, example))
    for name, pattern in _STANDS_FOR.items():
        text = text.replace(re.escape(name), pattern)
    return re.compile(text)
