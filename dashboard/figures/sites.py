"""What Redis knows of sites."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache

from contract import keys
from contract.hours import ALWAYS, BadHours, OpeningHours
from contract.retention import FIELDS as KEEP_FIELDS
from contract.retention import STANDARD, Retention
from contract.windows import Resolution
from dashboard.settings import DashboardSettings
from runtime.errors import SettingsError
from runtime.redis import Client
from runtime.zones import named_zone

log = logging.getLogger(__name__)

_FIELDS = ("k", "time_zone", "simulated", "hours")


@dataclass(frozen=True, slots=True)
class Site:
    """A site's settings.

    Attributes:
        name: as in ``site/camera``.
        k: least visits that a figure shown may rest on.
        time_zone: for times on the page; cuts its hours and days.
        simulated: its figures come from a script, not from visitors.
        hours: when it is open.
        retention: how long its windows are kept.
    """

    name: str
    k: int
    time_zone: tzinfo
    simulated: bool
    hours: OpeningHours = ALWAYS
    retention: Retention = STANDARD

    def kept_from_ms(self, resolution: Resolution, now_ms: int) -> int:
        """All windows of a resolution that begin at this instant (UTC) or later are still kept."""
        return now_ms - self.retention.kept_ms(resolution)


def read_sites(client: Client, names: Iterable[str], settings: DashboardSettings) -> dict[str, Site]:
    """Settings of sites by name; what is missing or unusable is taken from ``settings``. One round trip."""
    names = list(names)
    with client.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hmget(keys.site(name), [*_FIELDS, *KEEP_FIELDS.values()])
        given = pipe.execute()
    return {name: _site(name, values, settings) for name, values in zip(names, given, strict=True)}


def _site(name: str, values: list[bytes | None], settings: DashboardSettings) -> Site:
    given, kept = values[: len(_FIELDS)], values[len(_FIELDS) :]
    k, time_zone, simulated, hours = ((value or b"").decode(errors="replace") for value in given)
    return Site(
        name,
        k=_k(name, k) or settings.k,
        time_zone=_zone(name, time_zone) or named_zone(settings.time_zone),
        simulated=simulated == "1",
        hours=_hours(name, hours),
        retention=Retention.read(kept),
    )


def _k(name: str, text: str) -> int | None:
    if not text:
        return None
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    _complain(name, "k is no number above 0")
    return None


def _zone(name: str, text: str) -> tzinfo | None:
    try:
        return named_zone(text) if text else None
    except SettingsError as error:
        _complain(name, f"the time zone is not used: {error}")
        return None


def _hours(name: str, text: str) -> OpeningHours:
    try:
        return OpeningHours.parse(text)
    except BadHours as error:
        _complain(name, f"opening hours are not used: {error}")
        return ALWAYS


@cache
def _complain(name: str, why: str) -> None:
    """Once: pages read sites again and again."""
    log.warning("site %s: %s", name, why)
