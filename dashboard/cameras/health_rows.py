"""The health of cameras, a block each, as HTML that is drawn again without flicker. Pure."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import Final

from dashboard.cameras.health import (
    CameraHealth,
    account_words,
    heard_words,
    is_online,
    left_out_words,
    outage_words,
    run_words,
)
from dashboard.cameras.outages import Stretch
from dashboard.cameras.rows import percent, presence_mark
from dashboard.words.alerts import sentence
from dashboard.words.basis import model_words
from dashboard.words.times import moment

_HOUR_MS: Final = 3_600_000


def health_rows(cameras: Sequence[CameraHealth], now_ms: int, time_zone: tzinfo) -> str:
    """The cameras of a site: each with its strip of the last 24 hours and what is to be said.

    Args:
        cameras: of one site.
        now_ms: UTC.
        time_zone: the site's.
    """
    return f'<div class="ml-rows">{"".join(_row(camera, now_ms, time_zone) for camera in cameras)}</div>'


def _row(camera: CameraHealth, now_ms: int, time_zone: tzinfo) -> str:
    looks = [words(camera, now_ms, time_zone) for words in (outage_words, heard_words)]
    today = f"today: coverage {percent(camera.coverage)}, {account_words(camera)}"
    facts = ([*looks, *camera.remarks], [today, left_out_words(camera), model_words(camera.models)])
    lines = [" · ".join(filter(None, line)) for line in facts]
    said = "<br>".join(escape(sentence(line)) for line in lines)
    return (
        f'<div class="ml-health"><div><b>{escape(camera.name.partition("/")[2])}</b><br>'
        f"{presence_mark(is_online(camera, now_ms))}<br>"
        f'<span class="ml-quiet">{escape(sentence(run_words(camera, now_ms, time_zone)))}</span></div>'
        f'<div>{_strip(camera, now_ms, time_zone)}<div class="ml-quiet">{said}</div></div></div>'
    )


def _strip(camera: CameraHealth, now_ms: int, time_zone: tzinfo) -> str:
    """The last 24 hours: high where it looked, low where it did for a part, a gap where not."""
    said = "; ".join(_told(it, now_ms, time_zone) for it in camera.seen)
    parts = "".join(
        f'<div class="ml-look-{it.look.name.lower()}" style="flex:{(it.to_ms - it.from_ms) // 1000}" '
        f'title="{escape(_told(it, now_ms, time_zone))}"></div>'
        for it in camera.seen
    )
    hours = "".join(f"<span>{_clock(now_ms - ago * _HOUR_MS, time_zone)}</span>" for ago in (24, 18, 12, 6))
    return (
        f'<div class="ml-strip" role="img" aria-label="{escape(said)}">{parts}</div>'
        f'<div class="ml-hours">{hours}<span>now</span></div>'
    )


def _told(it: Stretch, now_ms: int, time_zone: tzinfo) -> str:
    begin, end = (moment(at_ms, now_ms, time_zone) for at_ms in (it.from_ms, it.to_ms))
    return f"{begin} to {'now' if it.to_ms >= now_ms else end}: {it.look}"


def _clock(at_ms: int, time_zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, time_zone):%H:%M}"
