"""A section of a page for each struct of the contract: what it is, its fields, and its bytes on file."""

import re
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tests.support.docstrings import docstring_of
from tests.support.markdown import table
from tests.support.msgpack_bytes import annotated
from tests.support.wire_types import default_of, fields_of, in_words

PAYLOADS: Final = Path(__file__).parents[1] / "golden/files"

SHARED: Final = {
    "schema": "version of this form",
    "camera": "[name](#names) of the camera",
    "session": "the run of the camera's program ([names](#names))",
    "frame": "number of the frame within the session",
    "captured_at_ms": "when the frame was taken, by the camera's clock",
    "probabilities": "in the order of the [labels](#names)",
    "detector": "name of the face detector",
    "fps": "analysed frames a second",
    **dict.fromkeys(("track", "zone", "box", "score", "frontal"), "as in [FaceCrop](#facecrop)"),
    **dict.fromkeys(("shed", "refused", "dropped", "expired"), "see `published`"),
    "online": "whether it runs and is connected",
    "kind": "which of the two kinds of rule",
}
"""Of fields that a struct says nothing of, because they mean the same everywhere."""


def sections(*kinds: tuple[type[Struct], str]) -> str:
    """Of (struct, file of an example in ``PAYLOADS`` or '')."""
    return "\n\n".join(_section(kind, example) for kind, example in kinds)


def _section(kind: type[Struct], example: str) -> str:
    said = docstring_of(kind)
    config = kind.__struct_config__
    fields = [
        (
            f"`{field.name}`",
            in_words(field.type),
            default_of(field),
            re.sub(r"\bNone\b", "null", said.attributes.get(field.name) or SHARED[field.name]),
        )
        for field in fields_of(kind)
    ]
    if config.tag is not None:
        fields.insert(0, (f"`{config.tag_field}`", f'`"{config.tag}"`', "required", SHARED["kind"]))
    if config.array_like:  # on the wire they have no names, only places
        lines = table(
            ("place", "field", "type", "meaning"),
            [(place, name, type_, meaning) for place, (name, type_, _, meaning) in enumerate(fields)],
        )
    else:
        lines = table(("field", "type", "if missing", "meaning"), fields)
    parts = [f"### {kind.__name__}", said.text, lines]
    if example:
        parts.append(_example(PAYLOADS / example, kind))
    return "\n\n".join(parts)


def _example(file: Path, kind: type[Struct]) -> str:
    payload = file.read_bytes()
    link = f"For example [`{file.name}`](../tests/golden/files/{file.name})"
    if file.suffix == ".msgpack":
        shown = annotated(payload, kind)
        return f"{link}, {len(payload):,} bytes: offset, bytes, meaning:\n\n```text\n{shown}\n```"
    return f"{link}:\n\n```json\n{_json(payload)}\n```"


def _json(payload: bytes) -> str:
    """Indented, with lists of numbers on one line."""
    text = msgspec.json.format(payload, indent=2).decode()
    return re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)
