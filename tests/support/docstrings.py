"""What the code says of itself: docstrings, taken apart for pages that are made of them."""

import ast
import inspect
import re
from dataclasses import dataclass
from textwrap import dedent
from types import ModuleType
from typing import Any

_SECTION = re.compile(r"^(Attributes|Args|Returns|Raises):$")
_ENTRY = re.compile(r"^    (\w+(?:, \w+)*): (.*)$")


@dataclass(frozen=True, slots=True)
class Docstring:
    """One docstring in Google's form, as Markdown.

    Attributes:
        text: all before the first section, paragraphs apart.
        attributes: name → what is said of it; names that share a line share the text.
    """

    text: str
    attributes: dict[str, str]


def docstring_of(thing: Any) -> Docstring:
    text: list[str] = []
    section, names = "", [""]
    attributes: dict[str, str] = {}
    for line in (inspect.getdoc(thing) or "").splitlines():
        if started := _SECTION.match(line):
            section = started[1]
        elif not section:
            text.append(line)
        elif section == "Attributes" and (entry := _ENTRY.match(line)):
            names = entry[1].split(", ")
            attributes.update(dict.fromkeys(names, entry[2]))
        elif section == "Attributes" and line.strip():
            attributes.update({name: f"{attributes[name]} {line.strip()}" for name in names})
    return Docstring(markdown("\n".join(text)), {name: markdown(said) for name, said in attributes.items()})


def constants_of(module: ModuleType) -> dict[str, str]:
    """Name → the text under it ('' where there is none), of all that a module assigns, in its order."""
    body = ast.parse(inspect.getsource(module)).body
    found = {}
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.Assign):
            target: ast.expr = statement.targets[0]
        elif isinstance(statement, ast.AnnAssign):
            target = statement.target
        else:
            continue
        if isinstance(target, ast.Name) and not target.id.startswith("_"):
            found[target.id] = markdown(_text_of(following))
    return found


def functions_of(module: ModuleType) -> list[str]:
    """Names of a module's public functions, in its order."""
    body = ast.parse(inspect.getsource(module)).body
    return [one.name for one in body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")]


def markdown(text: str) -> str:
    """reStructuredText as our docstrings use it → Markdown: literals, and blocks of code."""
    plain = re.sub(r"``(.+?)``", r"`\1`", dedent(text).strip(), flags=re.DOTALL)
    return re.sub(r"::$", ":", plain, flags=re.MULTILINE)


def _text_of(statement: ast.stmt | None) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str() as text)):
            return " ".join(text.split())
    return ""
