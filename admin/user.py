"""``admin user``: who may sign in to the dashboard; ``dashboard.access`` with this server's file."""

import argparse
import sys
from pathlib import Path
from typing import Any

from admin import vault as names
from admin.errors import Refused
from admin.settings import AdminSettings
from admin.vault import Vault
from dashboard.access.__main__ import add_commands
from dashboard.access.passwords import hash_password, random_password
from dashboard.access.users import User, read_users, write_users
from runtime.settings import load_settings


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser(
        "user",
        help="let people in to the dashboard",
        description="Says who may sign in to the dashboard, and which sites each sees. A running dashboard "
        "follows at once.",
    )
    parser.set_defaults(do=_do)
    password = add_commands(parser).add_parser(
        "password",
        help="give somebody a new password",
        description="Gives somebody a new random password, which is shown once; the sites stay.",
    )
    password.add_argument("name", metavar="NAME", help="user name")
    password.set_defaults(change=_password)


def _do(arguments: argparse.Namespace) -> None:
    file = Vault(load_settings(AdminSettings).secrets_dir).path(names.USERS_FILE)
    arguments.change(file, arguments)


def _password(file: Path, arguments: argparse.Namespace) -> None:
    sys.stdout.write(f"Password, shown only now: {give_new_password(file, arguments.name)}\n")


def give_new_password(file: Path, name: str) -> str:
    """Gives a user a new random password, and the same sites; the password.

    Raises:
        Refused: there is no such user, or it is one who signs in elsewhere.
        BadUsersFile: the file cannot be used.
    """
    users = read_users(file)
    user = users.find(name)
    if not user:
        raise Refused(f"there is no user {name}")
    if not user.password:
        raise Refused(f"{name} signs in with OpenID Connect, and has no password")
    password = random_password()
    write_users(file, users.with_user(User(user.name, user.sites, hash_password(password))))
    return password
