"""What happened on a day besides visits: alerts, outages, promotions; in sentences (Markdown)."""

from collections.abc import Sequence
from typing import Final

from dashboard.alerts.overview import OpenAlert, PastAlert, read_alerts
from dashboard.cameras.outages import RESOLUTION, outages, stretches
from dashboard.figures.periods import Span, local_day
from dashboard.notes.kept import read_notes
from dashboard.shell.context import Context
from dashboard.words.alerts import alert_words
from dashboard.words.times import days, duration, moment

HEARD_MS: Final = 2 * 86_400_000
"""A camera not heard of for so long before a day is not missed on it."""


def alerts_of(context: Context, cameras: Sequence[str], span: Span) -> list[str]:
    """Alerts that were open at some time of a span.

    Raises:
        RedisError: the database is away.
    """
    alerts = read_alerts(context.client, cameras)
    still = [_still_open(context, alert) for alert in alerts.open if alert.state.since_ms < span.to_ms]
    over = [
        _over(context, alert)
        for alert in alerts.past
        if alert.to_ms > span.from_ms and (alert.from_ms or alert.to_ms) < span.to_ms
    ]
    return still + over


def outages_of(context: Context, cameras: Sequence[str], span: Span) -> list[str]:
    """Times of a span in which a camera should have looked and did not.

    Raises:
        RedisError: the database is away.
    """
    site, now_ms = context.site, context.now_ms
    read = context.store.read(cameras, RESOLUTION, span.from_ms - HEARD_MS, span.to_ms, site.time_zone)
    return [
        f"**{camera}** did not look for {duration(gone.missing_ms)} between "
        f"{moment(gone.from_ms, now_ms, site.time_zone)} and {moment(gone.to_ms, now_ms, site.time_zone)}."
        for camera, windows in read.items()
        for gone in outages(stretches(windows, site.hours, site.time_zone, now_ms, span.from_ms))
    ]


def notes_of(context: Context, cameras: Sequence[str], span: Span) -> list[str]:
    """Promotions and changes of staffing that held on the day with which a span begins.

    Raises:
        RedisError: the database is away.
    """
    day = local_day(span.from_ms, context.site.time_zone)
    return [
        f"**{note.name}** ({note.kind}), {days(note.first_day, note.last_day)}."
        for note in read_notes(context.client, context.site.name).values()
        if note.covers(day) and any(map(note.is_about, cameras))
    ]


def _still_open(context: Context, alert: OpenAlert) -> str:
    told = alert_words(alert.told, context.site.k) if alert.told else f"rule {alert.rule} is broken"
    since = moment(alert.state.since_ms, context.now_ms, context.site.time_zone)
    return f"**{alert.camera}**: {told}; open since {since}."


def _over(context: Context, alert: PastAlert) -> str:
    told = alert_words(alert.raised or alert.cleared, context.site.k)
    begin, end = (
        moment(at_ms, context.now_ms, context.site.time_zone)
        for at_ms in (alert.from_ms or alert.to_ms, alert.to_ms)
    )
    return (
        f"**{alert.camera}**: {told}; {f'from {begin} to {end}' if alert.from_ms else f'over since {end}'}."
    )
