"""What decoders raise of bytes that they cannot read, and how a person is told."""

from typing import Final

import msgspec

UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError)
"""Of any bytes; TypeError: a map with an unhashable key."""

_LENGTH_MAX: Final = 200


def one_line(error: Exception) -> str:
    """Its words, in one line of at most 200 characters."""
    return " ".join(str(error).split())[:_LENGTH_MAX]
