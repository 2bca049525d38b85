"""The command line: each command is a module that adds its own options and does it."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

COMMANDS = {
    "setup": "setup",
    "ca": "ca",
    "enroll": "cameras",
    "rotate": "cameras",
    "revoke": "cameras",
    "list": "cameras",
    "subscriber": "subscriber",
    "user": "user",
    "site": "site",
    "doctor": "doctor",
    "export": "export",
    "erase": "erase",
    "data-map": "data_map",
    "notice": "notice",
    "demo": "demo",
}
"""Each command's module, whose ``add_to(commands)`` adds it, in the order in which the help lists them."""


def main() -> int | None:
    """Does one command; its exit status."""
    arguments = build_parser(sys.argv[1:]).parse_args()
    status: int | None = arguments.do(arguments)
    return status


def build_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of the command line.

    Args:
        words: the command line; where it begins with a command, the modules of others are not imported:
            pandas and the PDF writer take a second, which only some need.

    Returns:
        The parser; the chosen command's function is ``arguments.do``.
    """
    parser = argparse.ArgumentParser(
        prog="python -m admin",
        description="Does what whoever runs a MoodLens server has to do: `COMMAND --help` says more of each.",
    )
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    chosen = [COMMANDS[word] for word in words[:1] if word in COMMANDS]
    for name in chosen or dict.fromkeys(COMMANDS.values()):
        import_module(f"admin.{name}").add_to(commands)
    return parser
