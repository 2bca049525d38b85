"""Something that lies where it should not."""

from dataclasses import dataclass
from typing import Final

NAME_MAX: Final = 220
"""Characters of a place that are shown; the longest key of ours has 219."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something that lies where it should not, or longer than it should.

    Attributes:
        where: a key, topic, file or line.
        what: is wrong, without any of its content.
    """

    where: str
    what: str

    @classmethod
    def at(cls, name: str, what: str) -> "Misfit":
        """One at a place whose name others have chosen: a long one may itself hold what must not be shown."""
        return cls(name if len(name) <= NAME_MAX else f"{name[:NAME_MAX]}…", what)
