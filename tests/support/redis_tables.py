"""Tables of what lies in Redis: keys and who may write them, windows, the columns of a row."""

import inspect
from datetime import UTC
from fnmatch import fnmatchcase
from typing import Any, Final

from admin.redis_rights import RIGHTS
from contract import keys, retention, row, windows
from tests.support.docstrings import constants_of, docstring_of, functions_of
from tests.support.events import CAMERA
from tests.support.markdown import table


def keys_table() -> str:
    arguments: dict[str, Any] = {
        "camera": CAMERA,
        "subject": f"{CAMERA}@till",
        "session": "0123456789abcdef",
        "partition": keys.partition_of(CAMERA),
        "destination": "mqtt",
        "resolution": windows.Resolution.DAY.value,
        "chunk": "20261122",
        "name": "shop-1",
        "site_name": "shop-1",
    } | dict.fromkeys(("frame", "seq", "number"), 0)
    found = [
        (str(getattr(keys, name)), said)
        for name, said in constants_of(keys).items()
        if str(getattr(keys, name)).startswith("moodlens:")
    ]
    for name in functions_of(keys):
        function = getattr(keys, name)
        wanted = inspect.signature(function).parameters
        made = function(**{one: arguments[one] for one in wanted if one in arguments})
        key = made[0] if isinstance(made, tuple) else made
        if str(key).startswith("moodlens:"):
            found.append((key, docstring_of(function).text))
    return table(
        ("key, for example", "what it is", "who may write it"),
        [(f"`{key}`", said, ", ".join(_writers(key))) for key, said in found],
    )


def _writers(key: str) -> list[str]:
    return [who for who, rights in RIGHTS.items() if any(fnmatchcase(key, one) for one in rights.writes)]


def windows_table() -> str:
    return table(
        ("resolution", "length", "cut in", "a chunk holds", "kept after its end", "a site may set, from"),
        [
            (
                f"`{each}`",
                f"{windows.WINDOW_MS[each]:,} ms",
                "the site's time zone"
                if each in (windows.Resolution.HOUR, windows.Resolution.DAY)
                else "UTC",
                _chunk_of(each),
                _span(windows.KEPT_MS[each]),
                f"`{retention.FIELDS[each]}`, `{retention.write_span(retention.LEAST_MS[each])}`",
            )
            for each in windows.Resolution
        ],
    )


def _chunk_of(each: windows.Resolution) -> str:
    chunk = windows.chunk_at(each, 1_795_384_800_123, UTC)
    rows = "1 row" if chunk.rows == 1 else f"{chunk.rows:,} rows"
    return f"{rows}, `{chunk.name}`"


def _span(ms: int) -> str:
    days, hours = divmod(ms // 3_600_000, 24)
    return f"{days:,} days" if days else f"{hours} hour"


def row_table() -> str:
    said = constants_of(row)
    return table(
        ("column", "name", "meaning"),
        [
            (_place(column), f"`{name}`", said[name.upper()] or _COLUMN[name])
            for name, column in row.COLUMNS.items()
        ],
    )


def _place(column: int | slice) -> str:
    return str(column) if isinstance(column, int) else f"{column.start} … {column.stop - 1}"


_COLUMN: Final = {
    "visits": "Visits whose last face lies in the window.",
    "dwell_ms": "Σ dwell over visits.",
    "dwell_bins": "Visits by dwell: below "
    + ", ".join(f"{edge // 1000}" for edge in row.DWELL_EDGES_MS)
    + " s, and longer.",
    "uncertain": f"Visits whose largest mean probability is below {row.UNCERTAIN_BELOW}.",
    "shed": "Frames that came and were left out under overload.",
    "refused": "Messages refused ([why](#what-is-refused)).",
}
"""Of the columns that say nothing in the code."""
