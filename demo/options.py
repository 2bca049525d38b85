"""What the demo was asked for."""

from dataclasses import dataclass
from pathlib import Path

from demo.story import DEFAULT


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line.

    Attributes:
        source: of the one camera; empty: the cameras of a story.
        story: name or file of the story.
        history: days of simulated past that the story's cameras get first.
        port: demanded for the dashboard.
        embedded: run the servers of the wheels even where this machine has its own.
        headless: run no dashboard.
        seconds: end by itself so long after it is up.
        report: file for what was counted, and how near it is to the story, at the end.
        verbose: show what goes well, too.
    """

    source: str = ""
    story: str = DEFAULT
    history: int = 0
    port: int | None = None
    embedded: bool = False
    headless: bool = False
    seconds: float | None = None
    report: Path | None = None
    verbose: bool = False
