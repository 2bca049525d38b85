"""``python -m dashboard.access``: the users of the dashboard."""

import argparse
import getpass
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from dashboard.access.passwords import LENGTH_MAX, LENGTH_MIN, hash_password, random_password
from dashboard.access.users import (
    ALL_SITES,
    User,
    Users,
    parse_name,
    parse_sites,
    read_users,
    write_users,
)
from dashboard.settings import DashboardSettings
from runtime.errors import MoodLensError, reason_of
from runtime.process import run
from runtime.settings import load_settings


class Refused(MoodLensError):
    """What was asked for cannot be done."""


def main() -> None:
    """Reads arguments and does it."""
    arguments = _parser().parse_args()
    path: Path | None = arguments.file or load_settings(DashboardSettings).users_file
    if not path:
        raise Refused("name the users file with --file, or set MOODLENS_DASHBOARD_USERS_FILE")
    arguments.change(path, arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dashboard.access",
        description="Says who may sign in to the dashboard, and which sites each sees. A running dashboard "
        "follows at once.",
    )
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    file = argparse.ArgumentParser(add_help=False)
    file.add_argument(
        "--file", type=Path, metavar="FILE", help="users file (default: MOODLENS_DASHBOARD_USERS_FILE)"
    )
    add_commands(parser, [file])
    return parser


def add_commands(
    parser: argparse.ArgumentParser, parents: Sequence[argparse.ArgumentParser] = ()
) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    """Adds ``add``, ``remove`` and ``list`` to a parser.

    Args:
        parser: for the command line; what it chooses is ``arguments.change(users_file, arguments)``.
        parents: options that each command has besides.
    """
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser(
        "add",
        parents=parents,
        help="let somebody in",
        description="Lets somebody in, with a new random password, which is shown once.",
    )
    add.add_argument("name", metavar="NAME", help="user name; with OpenID Connect the e-mail address")
    sites = add.add_mutually_exclusive_group(required=True)
    sites.add_argument("--sites", metavar="SITE,SITE", help="sites that the user sees")
    sites.add_argument("--all-sites", action="store_true", help="the user sees every site")
    passwords = add.add_mutually_exclusive_group()
    passwords.add_argument(
        "--password", action="store_true", help="ask for the password, or read it from standard input"
    )
    passwords.add_argument(
        "--no-password", action="store_true", help="give none: the user signs in with OpenID Connect"
    )
    add.add_argument(
        "--replace",
        action="store_true",
        help="if there is such a user, give these sites and a new password",
    )
    add.set_defaults(change=_add)

    remove = commands.add_parser(
        "remove",
        parents=parents,
        help="let somebody in no more",
        description="Lets somebody in no more; whoever is signed in so is out at once.",
    )
    remove.add_argument("name", metavar="NAME", help="user name")
    remove.set_defaults(change=_remove)

    show = commands.add_parser(
        "list",
        parents=parents,
        help="show who may come in",
        description="Shows who may come in, how they sign in, and which sites each sees.",
    )
    show.set_defaults(change=_list)
    return commands


def _add(path: Path, arguments: argparse.Namespace) -> None:
    try:
        users = read_users(path) if path.exists() else Users()
    except OSError as error:
        raise Refused(f"{path}: {reason_of(error)}") from None
    if users.find(arguments.name) and not arguments.replace:
        raise Refused(f"{arguments.name} exists; --replace gives new sites and a new password")
    try:
        name = parse_name(arguments.name)
        sites = parse_sites([ALL_SITES] if arguments.all_sites else arguments.sites.split(","))
    except ValueError as error:
        raise Refused(str(error)) from None
    made = "" if arguments.password or arguments.no_password else random_password()
    password = _ask_for_password(name) if arguments.password else made
    write_users(path, users.with_user(User(name, sites, hash_password(password) if password else "")))
    _say(f"{name} may see {_in_words(sites)}.")
    if made:
        _say(f"Password, shown only now: {made}")


def _remove(path: Path, arguments: argparse.Namespace) -> None:
    users = read_users(path)
    if not users.find(arguments.name):
        raise Refused(f"there is no user {arguments.name}")
    write_users(path, users.without(arguments.name))
    _say(f"{arguments.name} may come in no more.")


def _list(path: Path, _arguments: argparse.Namespace) -> None:
    for user in read_users(path).by_name.values():
        how = "password" if user.password else "OpenID Connect"
        _say(f"{user.name}\t{how}\t{_in_words(user.sites)}")


def _ask_for_password(name: str) -> str:
    if sys.stdin.isatty():
        try:
            password, again = getpass.getpass(f"Password of {name}: "), getpass.getpass("Once more: ")
        except EOFError:
            raise Refused("no password was given") from None
        if again != password:
            raise Refused("the two are not the same")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise Refused(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters: a few random words, say")
    return password


def _in_words(sites: frozenset[str] | None) -> str:
    return "all sites" if sites is None else ", ".join(sorted(sites)) or "no site"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    run(main, "dashboard.access")
