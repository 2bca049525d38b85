"""Asks Redis what cameras did in the last 15 minutes."""

from datetime import UTC
from typing import Final

from admin.facts import CameraFacts
from admin.probe_redis import RECENT_MS
from contract import row
from contract.windows import WINDOW_MS, Resolution
from dashboard.cameras.reports import Heard, Refusal, read_heard, read_refusals
from dashboard.figures.sites import Site, read_sites
from dashboard.figures.store import WindowStore
from dashboard.figures.subjects import read_subjects, site_of
from dashboard.settings import DashboardSettings
from runtime.figures import Rows
from runtime.redis import Client, server_ms

_MINUTE_MS: Final = WINDOW_MS[Resolution.MINUTE]
WEEK_MS: Final = 7 * 86_400_000
SETTLED_MS: Final = 60_000
"""A camera's reports come up to so long after what they are about: younger minutes are not judged yet."""


def probe_cameras(client: Client, settings: DashboardSettings, now_ms: int) -> tuple[CameraFacts, ...]:
    """Every camera that has windows, or of which something was refused.

    Args:
        client: Redis.
        settings: of sites that set none of their own.
        now_ms: UTC.

    Raises:
        RedisError: it does not answer, or does not tell.
    """
    known = read_subjects(client).cameras
    refusals = read_refusals(client, now_ms)
    heard = read_heard(client, known, server_ms(client))
    cameras = sorted({*known, *refusals})
    sites = read_sites(client, sorted(set(map(site_of, cameras))), settings)
    to_ms = (now_ms - SETTLED_MS) // _MINUTE_MS * _MINUTE_MS  # whole minutes: none that is still going on
    windows = WindowStore(client, lambda: now_ms).read(
        cameras, Resolution.MINUTE, to_ms - RECENT_MS, to_ms, UTC
    )
    week = WindowStore(client, lambda: now_ms).read(
        cameras, Resolution.QUARTER, now_ms - WEEK_MS, now_ms, UTC
    )
    return tuple(
        _facts(
            camera,
            windows[camera].rows.sum(axis=0),
            bool(week[camera].column("analysed_ms").any()),
            sites[site_of(camera)],
            heard.get(camera),
            refusals.get(camera),
            now_ms,
        )
        for camera in cameras
    )


def _facts(
    camera: str,
    total: Rows,
    looked_lately: bool,
    site: Site,
    heard: Heard | None,
    refusal: Refusal | None,
    now_ms: int,
) -> CameraFacts:
    published, classified, shed, refused, dropped = (
        int(total[column]) for column in (row.PUBLISHED, row.FRAMES, row.SHED, row.REFUSED, row.DROPPED)
    )
    return CameraFacts(
        name=camera,
        is_open=site.hours.open_ms(now_ms - RECENT_MS, now_ms, site.time_zone) > 0,
        looked=bool(total[row.ANALYSED_MS]),
        retired=not looked_lately,
        heard=heard,
        refusal=refusal,
        published=published,
        shed=shed,
        dropped=dropped,
        expired=max(0, published - classified - shed - refused - dropped),
    )
