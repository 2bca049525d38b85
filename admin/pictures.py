"""Does a value hold something like a picture? Pure; what is said names the kind of thing, never its content.

Rather one alarm too many: what is looked for are files of pictures and face crops, as they are or written as
text, and bytes that stand where text belongs. Nothing finds a picture that somebody has encrypted.
"""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from contract.events import CROP_BYTES
from contract.labels import CROP_SIDE

OVERLAP: Final = 4 * CROP_BYTES
"""Bytes by which pieces of a longer text overlap, so that nothing hides in a cut."""

ESCAPES: Final = 3
"""Escaped bytes from which on a text is also looked at without them."""

RAW_SHARE: Final = 0.25
"""Of the bytes of a stretch, from which on it is no text."""

_FILES: Final = {
    "a JPEG picture": re.compile(rb"\xff\xd8\xff[\xc0-\xef](?P<length>..)", re.DOTALL),
    "a PNG picture": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "a GIF picture": re.compile(rb"GIF8[79]a"),
    "a WebP picture": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "a PGM or PPM picture": re.compile(rb"P[2356]\s+\d{1,5}\s+\d{1,5}\s+\d{1,5}\s"),
    "an array of NumPy": re.compile(rb"\x93NUMPY[\x01-\x03]"),
    # the end of a FaceCrop's fields: a score, frontal, and the head of that many bytes
    "a face crop as cameras send it": re.compile(
        rb"\xcb.{8}[\xc0\xc2\xc3]\xc5" + CROP_BYTES.to_bytes(2, "big"), re.DOTALL
    ),
}

_ENCODED_LENGTH: Final = CROP_BYTES // 3 * 4

_WRITTEN: Final = {
    "a picture in Base64": re.compile(
        rb"(?<![A-Za-z0-9+/_-])(?:/9j/|_9j_|iVBORw0KGgo|R0lGOD[dl]|UklGR)[A-Za-z0-9+/_-]{40}"
    ),
    "a long stretch of Base64": re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{%d}" % _ENCODED_LENGTH),
    "a picture in hexadecimal": re.compile(
        rb"(?<![0-9a-f])(?:ffd8ff[c-e]|89504e470d0a1a0a|474946383[79]61|52494646[0-9a-f]{8}57454250)",
        re.IGNORECASE,
    ),
    "a long stretch of escaped bytes": re.compile(
        rb"(?:\\(?:x[0-9a-f]{2}|u00[0-9a-f]{2})[^\\]{0,8}){256}", re.IGNORECASE
    ),
    "a long list of small numbers": re.compile(
        rb"(?<![\d,;\]])(?<![\d,;\]]\s)(?:\d{1,3}[\s,;\[\]]{1,6}){%d}" % (CROP_BYTES - 1)
    ),
}

_ESCAPE: Final = re.compile(
    rb"\\(?:x(?P<x>[0-9a-f]{2})|u00(?P<u>[0-9a-f]{2})|(?P<c>[ntr'\"\\]))", re.IGNORECASE
)
_CONTROLS: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}

_STRIDE: Final = CROP_BYTES // 4
_TEXT_CONTROLS: Final = np.isin(np.arange(256), [7, 8, 9, 10, 11, 12, 13, 27])  # tabs, line ends, colours


def pictures(data: bytes) -> list[str]:
    """What in ``data`` is like a picture, as it is or written as text; each kind of thing once."""
    found = _as_it_is(data)
    found += [name for name, pattern in _WRITTEN.items() if pattern.search(data)]
    if data.count(b"\\x") + data.count(b"\\u00") >= ESCAPES:
        found += [f"{name}, written as escaped bytes" for name in _as_it_is(_ESCAPE.sub(_unescaped, data))]
    return found


def is_raw(data: bytes, stretch: int) -> bool:
    """Whether a quarter of some ``stretch`` bytes belong to no text (UTF-8)."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="surrogateescape")
    else:
        if text.isprintable():
            return False
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    strange = ((points < 32) & ~_TEXT_CONTROLS[points & 255]) | (points == 127) | ((points >> 11) == 0x1B)
    so_far = np.concatenate([[0], np.cumsum(strange)])
    within = so_far[stretch:] - so_far[:-stretch] if len(points) >= stretch else so_far[-1:]
    return bool(within.max() >= stretch * RAW_SHARE)


def has_pixels(data: bytes) -> bool:
    """Whether a crop's number of bytes are like their neighbours, and like those a crop's line further.

    Of 1,500 pictures of faces 99 of 100 have both measures below 0.4; text, model weights, packed rows and
    bitmaps have one above 0.5. (The tables of a program may look like pixels.)
    """
    pixels = np.frombuffer(data, np.uint8)
    return any(_are_pixels(pixels[at : at + CROP_BYTES]) for at in _starts(len(pixels)))


def _as_it_is(data: bytes) -> list[str]:
    found = [name for name, like in _FILES.items() if any(_is_file(data, m) for m in like.finditer(data))]
    if has_pixels(data):
        found.append(f"grey pixels, {CROP_SIDE} in a line")
    return found


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match["x"] or match["u"]
    return bytes([int(code, 16)]) if code else _CONTROLS.get(match["c"], match["c"])


def _starts(length: int) -> Iterator[int]:
    if length >= CROP_BYTES:
        yield from range(0, length - CROP_BYTES, _STRIDE)
        yield length - CROP_BYTES


def _are_pixels(pixels: npt.NDArray[np.uint8]) -> bool:
    counts = np.bincount(pixels, minlength=256)
    if counts[0] > CROP_BYTES // 2 or np.count_nonzero(counts) < 48:
        return False
    below = np.cumsum(counts) / CROP_BYTES
    spread = 2 * float((below * (1 - below)).sum())  # mean difference of any two
    values = pixels.astype(np.int16)
    along, across = (float(np.abs(values[lag:] - values[:-lag]).mean()) for lag in (1, CROP_SIDE))
    return max(along, across) < 0.5 * spread


def _is_file(data: bytes, match: re.Match[bytes]) -> bool:
    """Three bytes of a JPEG come up by chance: its first part has a name, or another follows."""
    length = match.groupdict().get("length")
    if length is None:
        return True
    at = match.start("length")
    following = at + int.from_bytes(length, "big")
    return data[at + 2 : at + 6] in {b"JFIF", b"Exif"} or data[following : following + 1] == b"\xff"
