"""What papers say of this system: figures from the code, and what whoever runs a store has told. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from admin.inventory import STREAM_MS, Kind, kinds
from admin.words import Words
from contract.events import CROP_LIFETIME_S, PREVIEW_FOR_S
from contract.labels import CROP_SIDE, LABELS
from contract.retention import STANDARD, Retention
from contract.windows import KEPT_MS, Resolution

CROP_GONE_S: Final = 3 * CROP_LIFETIME_S
"""No crop is left: it lived once as long, so did the session of a worker that died, and the broker saved."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long windows are kept, as papers say it.

    Attributes:
        kept: of each resolution.
        bounds: in which of them that is said as a bound, because sites differ or nobody could be asked.
    """

    kept: Retention = STANDARD
    bounds: frozenset[Resolution] = frozenset()

    @classmethod
    def of(cls, sites: Collection[Retention]) -> Self:
        """What is true of all of these sites."""
        own, bounds = {}, set()
        for each in Resolution:
            spans = {kept.kept_ms(each) for kept in sites}
            if len(spans) == 1:
                own[each] = spans.pop()
            elif spans:
                bounds.add(each)
        return cls(Retention(own), frozenset(bounds))

    def said(self, resolution: Resolution, words: Words) -> str:
        """In words: how long; at most, where it is a bound."""
        if resolution in self.bounds:
            return words.at_most(KEPT_MS[resolution])
        return words.duration(self.kept.kept_ms(resolution))


UNKNOWN: Final = Keeping(bounds=frozenset(Resolution))
"""Where nobody could be asked."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What is told about a store.

    Attributes:
        store: its name, as visitors know it.
        contact: whom to ask.
        controller: who is responsible; '': left open.
        purpose: what for; '': as the words have it.
        k: least visits that figures rest on.
        keeping: how long windows are kept.
    """

    store: str
    contact: str
    controller: str
    purpose: str
    k: int
    keeping: Keeping = Keeping()


def particulars(shop: Shop, words: Words, version: str, today: date) -> dict[str, str]:
    """Name → text, of all that a paper may mention."""
    windows = [kind for kind in kinds() if kind.resolution]
    return {
        "store": shop.store,
        "contact": shop.contact,
        "controller": shop.controller or words.notice.controller,
        "purpose": shop.purpose or words.notice.purpose,
        "k": words.number(shop.k),
        "version": version,
        "date": words.day(today),
        "expressions": ", ".join(words.expressions[label] for label in LABELS),
        "crop_side": str(CROP_SIDE),
        "crop_lifetime": str(CROP_LIFETIME_S),
        "crop_gone": str(CROP_GONE_S),
        "preview_minutes": str(PREVIEW_FOR_S // 60),
        "kept_hours": _together(shop.keeping.said(Resolution.HOUR, words)),
        "kept_days": _together(shop.keeping.said(Resolution.DAY, words)),
        "kept_stream": _together(words.duration(STREAM_MS)),
        "windows_rows": _rows(windows, words, shop.keeping),
        "stored_rows": _rows(kinds(), words, shop.keeping),
    }


def _together(text: str) -> str:
    """A number and its unit do not part at the end of a line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _rows(of: Iterable[Kind], words: Words, keeping: Keeping) -> str:
    return "\n".join(
        f"| {words.stored[kind.name]} | "
        f"{keeping.said(kind.resolution, words) if kind.resolution else words.kept(kind)} |"
        for kind in of
    )
