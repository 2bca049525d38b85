"""What a page is about: a site, a camera, a zone, a period; kept in the page's address. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contract.keys import subject_of
from dashboard.figures.periods import PERIODS, Period
from dashboard.figures.subjects import Subjects

DEFAULT_PERIOD: Final = "7d"


@dataclass(frozen=True, slots=True)
class Selection:
    """A choice among what there is.

    Attributes:
        site: name; empty only where there are no cameras at all.
        camera: ``site/camera``; empty: the whole site.
        zone: of the camera; empty: all that it sees.
        period: key of ``PERIODS``.
    """

    site: str
    camera: str = ""
    zone: str = ""
    period: str = DEFAULT_PERIOD

    @classmethod
    def from_query(cls, params: Mapping[str, str], subjects: Subjects) -> "Selection":
        """The choice in an address; what is not known there falls back to the first site, all of it, 7 days.

        Args:
            params: ``site``, ``camera`` (without its site), ``zone`` and ``period``.
            subjects: what may be chosen.
        """
        sites = subjects.sites()
        asked = params.get("site", "")
        site = asked if asked in sites else (sites[0] if sites else "")
        camera = f"{site}/{params.get('camera', '')}"
        if camera not in subjects.of_site(site):
            camera = ""
        zone = params.get("zone", "")
        if not camera or zone not in subjects.zones(camera):
            zone = ""
        period = params.get("period", "")
        return cls(site, camera, zone, period if period in PERIODS else DEFAULT_PERIOD)

    def subjects(self, subjects: Subjects) -> tuple[str, ...]:
        """The subjects whose windows make the figure: a zone, a camera, or all cameras of the site."""
        if self.camera:
            return (subject_of(self.camera, self.zone),)
        return subjects.of_site(self.site)

    @property
    def chosen_period(self) -> Period:
        """The period."""
        return PERIODS[self.period]
