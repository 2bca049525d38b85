"""What Redis knows of cameras and sites."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contract import keys
from contract.windows import Resolution
from dashboard.settings import DashboardSettings
from runtime.redis import Client
from runtime.windows import Windows, read_windows

RECENT_MS = 900_000
"""What the live page looks back on: 15 minutes."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site's settings.

    Attributes:
        k: least visits that a figure shown may rest on.
        time_zone: for times on the page.
        simulated: its figures come from a script, not from visitors.
    """

    k: int
    time_zone: tzinfo
    simulated: bool


@dataclass(frozen=True, slots=True)
class Recent:
    """A camera's last 15 minutes.

    Attributes:
        windows: of 10 s, the newest one not over yet.
        visits: closed within them, or still open.
    """

    windows: Windows
    visits: int


def list_cameras(client: Client) -> list[str]:
    """Every ``site/camera`` that has windows, sorted."""
    with client.pipeline(transaction=False) as pipe:
        for partition in range(keys.PARTITIONS):
            pipe.smembers(keys.subjects(partition))
        subjects = {member.decode() for members in pipe.execute() for member in members}
    return sorted(subject for subject in subjects if "@" not in subject)


def read_site(client: Client, camera: str, settings: DashboardSettings) -> Site:
    """Settings of the site of a camera; what is missing or unusable is taken from ``settings``."""
    given = client.hmget(keys.site(camera.partition("/")[0]), ["k", "time_zone", "simulated"])
    k, time_zone, simulated = (value.decode() if isinstance(value, bytes) else "" for value in given)
    return Site(
        k=int(k) if k.isdecimal() and int(k) >= 1 else settings.k,
        time_zone=_zone(time_zone) or _zone(settings.time_zone) or UTC,
        simulated=simulated == "1",
    )


def read_recent(client: Client, camera: str, now_ms: int) -> Recent:
    """A camera's last 15 minutes."""
    windows = read_windows(
        client, camera, Resolution.TEN_SECONDS, now_ms - RECENT_MS, now_ms + 1, time_zone=UTC
    )
    fields = client.hkeys(keys.open_visits(camera))
    still_open = sum(
        isinstance(field, bytes) and field.startswith(b"visit:") and field.endswith(b":") for field in fields
    )
    return Recent(windows, int(windows.column("visits").sum()) + still_open)


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
