"""How a transfer looks on a terminal and in a log."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from training.aws.client import CONNECTIONS

Item = TypeVar("Item")

Advance = Callable[[int], None]
"""Called with the number of bytes that went through, by any thread."""


@contextmanager
def show_transfer(console: Console, what: str, total: int) -> Iterator[Advance]:
    """Show a bar with amount, speed and remaining time while something is sent or fetched.

    Args:
        console: where to print; where it is no terminal, nothing is.
        what: a few words in front of the bar.
        total: bytes of the whole, with those that are there already.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("remaining"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task(what, total=total)
    with bar:
        yield lambda count: bar.advance(task, count)


def for_each(work: Callable[[Item, Advance], None], items: Iterable[Item], advance: Advance) -> None:
    """Work on several items at a time; the first failure, or Ctrl-C, soon ends them all.

    Args:
        work: sends or fetches one item and calls its second argument from time to time.
        items: all of them.
        advance: is told of every byte.
    """
    stop = threading.Event()

    def advance_or_stop(count: int) -> None:
        if stop.is_set():
            raise CancelledError
        advance(count)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        futures = [pool.submit(work, item, advance_or_stop) for item in items]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise
