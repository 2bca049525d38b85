"""Zip files of which the same content gives the same bytes."""

import zipfile
from collections.abc import Mapping
from io import BytesIO

_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that the format knows


def zip_of(files: Mapping[str, bytes], programs: frozenset[str] = frozenset()) -> bytes:
    """A zip archive.

    Args:
        files: name → content.
        programs: the names of those that may be executed.
    """
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = 3  # Unix, whoever makes it: permissions count
            entry.external_attr = (0o100755 if name in programs else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return buffer.getvalue()
