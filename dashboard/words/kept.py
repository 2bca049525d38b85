"""What a page says of a stretch of which a site has forgotten a part. Pure."""

from typing import Final

from contract.windows import Resolution
from dashboard.figures.parts import read_as
from dashboard.figures.sites import Site
from dashboard.words.times import duration

_FIGURES: Final = {Resolution.QUARTER: "figures by the quarter of an hour", Resolution.HOUR: "hourly figures"}


def kept_words(site: Site, resolution: Resolution, from_ms: int, now_ms: int) -> str:
    """What is not there any more; empty: all of it may be.

    Args:
        site: whose figures they are.
        resolution: of the windows that are shown.
        from_ms: UTC, when the stretch begins.
        now_ms: UTC.
    """
    read = read_as(resolution)
    if from_ms >= site.kept_from_ms(read, now_ms):
        return ""
    kept = duration(site.retention.kept_ms(read))
    return f"{site.name} keeps {_FIGURES[read]} for {kept}: older ones are gone, and not shown."
