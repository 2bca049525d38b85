"""``admin subscriber``: another program that may read a site's closed windows and alerts."""

import argparse
import re
import sys
from typing import Any, Final

from admin import vault as names
from admin.broker_rights import subscriber_acls, subscriber_role
from admin.cameras import broker_settings
from admin.control import Control, control_of
from admin.errors import Refused
from admin.settings import AdminSettings
from admin.vault import Vault, new_password
from contract.events import NAME_PATTERN
from runtime.settings import load_settings

ALL_SITES: Final = "+"
_NAME = re.compile(NAME_PATTERN)


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser(
        "subscriber",
        help="let another program read closed windows and alerts",
        description="Lets another program read closed windows and alerts as they are published, no more.",
    )
    parser.add_argument("name", metavar="NAME", help="name of the program: a-z, 0-9 and -")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--site", action="append", metavar="SITE", help="site it may read of; may be given again"
    )
    what.add_argument("--all-sites", action="store_true", help="it may read of every site")
    what.add_argument("--revoke", action="store_true", help="it may read no more; its connection ends")
    parser.set_defaults(do=_do)


def let_in(control: Control, name: str, sites: list[str]) -> str:
    """Lets a program read of these sites (``+``: of all); its password.

    Raises:
        Refused: there is one of that name.
        ControlRefused: the broker does not do it.
    """
    user = subscriber_role(name)
    if control.client(user):
        raise Refused(f"{name} may already read; revoke it first")
    password = new_password()
    control.set_role(user, subscriber_acls(sites))
    control.do(
        "createClient",
        username=user,
        password=password,
        clientid=client_id(name),  # so that it can take the connection of no other
        textname="subscriber",
        roles=[{"rolename": user}],
    )
    return password


def revoke(control: Control, name: str) -> None:
    """Lets a program read no more, and ends its connection.

    Raises:
        Refused: there is none of that name.
        ControlRefused: the broker does not do it.
    """
    user = subscriber_role(name)
    there_was = control.try_to("deleteClient", username=user)
    there_was |= control.try_to("deleteRole", rolename=user)
    if not there_was:
        raise Refused(f"there is no subscriber {name}")


def client_id(name: str) -> str:
    """The MQTT client id under which a program connects."""
    return f"subscriber.{name}"


def _do(arguments: argparse.Namespace) -> None:
    name, sites = arguments.name, arguments.site or [ALL_SITES]
    for text in [name, *(arguments.site or [])]:
        if not _NAME.fullmatch(text):
            raise Refused(f"{text!r} is no name: a-z, 0-9 and -")
    vault = Vault(load_settings(AdminSettings).secrets_dir)
    with control_of(broker_settings(vault)) as control:
        if arguments.revoke:
            revoke(control, name)
            sys.stdout.write(f"{name} may read no more.\n")
            return
        password = let_in(control, name, sites)
    sys.stdout.write(
        f"{name} may read windows and alerts of {', '.join(arguments.site or ['every site'])}.\n"
        f"  user       {subscriber_role(name)}\n  password   {password}   (shown only now)\n"
        f"  client id  {client_id(name)}\n  authority  {vault.path(names.CA_CERTIFICATE)}\n"
        f"  topics     {'  '.join(acl['topic'] for acl in subscriber_acls(sites)[::2])}\n"
    )
