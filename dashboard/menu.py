"""The pages, in the order of the menu."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dashboard.pages import alerts, cameras, compare, events, heatmap, live, now, trends, yesterday


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page in the menu.

    Attributes:
        show: draws it.
        title: in the menu.
        icon: of Material Symbols.
        filters: that it uses, of ``context.FILTERS``.
        needs_figures: shows nothing before a camera was seen.
    """

    show: Callable[[], None]
    title: str
    icon: str
    filters: tuple[str, ...] = ()
    needs_figures: bool = True

    @property
    def address(self) -> str:
        """Its part of the page's address."""
        return self.title.partition(" ")[0].lower()


_PLACE: Final = ("site", "camera", "zone")

MENU: Final = (
    PageEntry(now.show, "Now", "sensors", needs_figures=False),
    PageEntry(yesterday.show, "Yesterday", "wb_sunny", _PLACE),
    PageEntry(trends.show, "Trends", "show_chart", (*_PLACE, "period")),
    PageEntry(heatmap.show, "Heatmap", "grid_on", (*_PLACE, "period")),
    PageEntry(compare.show, "Compare", "leaderboard", ("period",)),
    PageEntry(events.show, "Events", "event", ("site",), needs_figures=False),
    PageEntry(alerts.show, "Alerts", "notifications", needs_figures=False),
    PageEntry(cameras.show, "Cameras", "videocam", needs_figures=False),
    PageEntry(live.show, "Live view", "face", ("site", "camera"), needs_figures=False),
)
"""The first one is where one comes in. No sections: screen readers do not read Streamlit's lists."""
