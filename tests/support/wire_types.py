"""The types of the contract in words that a programmer of any language reads."""

from typing import Any, Final, get_type_hints

import msgspec.inspect as types
from msgspec import UNSET, Struct, json

from contract.announcements import RuleName
from contract.events import CameraName, FrameLoss, SessionId, ZoneName
from contract.notes import CameraPart

_POWERS: Final = {2**n: f"2^{n}" for n in range(30, 64)}


def _pattern(named: Any) -> str | None:
    kind = types.type_info(named)
    return kind.pattern if isinstance(kind, types.StrType) else None


# of two names for one pattern the first is used
NAMED: Final = {
    _pattern(kind): words
    for kind, words in {
        RuleName: "name",
        CameraPart: "name",
        ZoneName: 'name, or `""`',
        CameraName: "`site/camera`",
        SessionId: "16 hexadecimal digits, lower case",
        get_type_hints(FrameLoss, include_extras=True)["session"]: '16 hexadecimal digits, or `""`',
    }.items()
}
"""Patterns that the page explains once → how it calls them."""


def fields_of(kind: type[Struct]) -> tuple[types.Field, ...]:
    described = types.type_info(kind)
    assert isinstance(described, types.StructType)
    return described.fields


def in_words(kind: types.Type) -> str:  # noqa: PLR0911, PLR0912 - one for each kind of type
    match kind:
        case types.IntType():
            return "integer" + _bounds(kind)
        case types.FloatType():
            return "number" + _bounds(kind)
        case types.StrType():
            return NAMED.get(kind.pattern) or "text" + _length(kind, "characters")
        case types.BytesType():
            return _length(kind, "bytes").removeprefix(", ") or "bytes"
        case types.BoolType():
            return "true or false"
        case types.NoneType():
            return "null"
        case types.DateType():
            return "date, `YYYY-MM-DD`"
        case types.LiteralType():
            return " or ".join(f"`{json.encode(value).decode()}`" for value in kind.values)
        case types.EnumType():
            return " or ".join(f"`{json.encode(value).decode()}`" for value in kind.cls)
        case types.UnionType():
            return ", or ".join(in_words(one) for one in kind.types)
        case types.StructType():
            return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})"
        case types.DictType():
            return f"object: {in_words(kind.key_type)} → {in_words(kind.value_type)}"
        case types.TupleType():
            assert len(set(map(str, kind.item_types))) == 1, "a tuple of several types has no words yet"
            return f"list of {len(kind.item_types)}: {in_words(kind.item_types[0])}"
        case types.VarTupleType():
            return f"list{_length(kind, 'items')}: {in_words(kind.item_type)}"
    raise AssertionError(f"no words for {kind}")


def default_of(field: types.Field) -> str:
    """`required`, or the value that stands where a field is missing."""
    if field.required:
        return "required"
    assert field.default is not UNSET
    return f"`{json.encode(field.default).decode()}`"


def _bounds(kind: types.IntType | types.FloatType) -> str:
    if kind.gt is not None:
        return f", more than {_number(kind.gt)}"
    if kind.ge is None:
        return ""
    if kind.lt is not None:
        return f", {_number(kind.ge)} … {_number(kind.lt)} − 1"
    return (
        f", {_number(kind.ge)} or more" if kind.le is None else f", {_number(kind.ge)} … {_number(kind.le)}"
    )


def _number(value: float) -> str:
    return _POWERS.get(int(value)) or f"{value:,.10g}"


def _length(kind: types.StrType | types.BytesType | types.VarTupleType, of: str) -> str:
    least, most = kind.min_length, kind.max_length
    if most is None:
        return ""
    if least == most:
        return f", {most:,} {of}"
    return f", {least:,} to {most:,} {of}" if least else f", at most {most:,} {of}"
