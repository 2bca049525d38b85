"""``admin setup``: makes what a server needs to be secure, and renews what ends.

It runs before the broker and before Redis: their lists of users are edited only while they are down. What a
run was kept from finishing, the next one makes; what is there and good, it leaves alone.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from admin import vault as names
from admin.authority import Identity, load_certificate, make_authority, make_server, server_names, why_renew
from admin.broker_rights import updated
from admin.errors import Refused, SecretsUnusable
from admin.redis_rights import users_file
from admin.settings import AdminSettings
from admin.vault import Vault
from dashboard.access.passwords import hash_password, random_password
from dashboard.access.users import User, Users, write_users
from runtime.settings import load_settings

FIRST_USER = "manager"

Tell = Callable[[str], None]


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser(
        "setup",
        help="make certificates, passwords and access rules, where they are missing",
        description="Makes certificates, passwords and access rules that are missing, and renews what ends. "
        "Run it while broker and Redis are down, and start them and all services afterwards.",
    )
    parser.add_argument(
        "--names",
        metavar="HOST,IP",
        help="names and addresses by which cameras and browsers reach this server (default: "
        "MOODLENS_ADMIN_SERVER_NAMES)",
    )
    parser.add_argument(
        "--rotate-services",
        action="store_true",
        help="make new passwords for all services, at the broker and at Redis; cameras and users keep theirs",
    )
    parser.set_defaults(do=_do)


def _do(arguments: argparse.Namespace) -> None:
    settings = load_settings(AdminSettings)
    if arguments.names is not None:
        settings = settings.model_copy(update={"server_names": arguments.names})

    def tell(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    set_up(settings, datetime.now(UTC), tell, rotate_services=arguments.rotate_services)


def set_up(settings: AdminSettings, now: datetime, tell: Tell, *, rotate_services: bool = False) -> None:
    """Makes what is missing.

    Args:
        settings: where, and under which names.
        now: UTC.
        tell: is given a line for each thing done.
        rotate_services: the services get new passwords.

    Raises:
        SecretsUnusable: a file cannot be read or written, or is broken.
        Refused: a name is none.
    """
    done: list[str] = []

    def note(line: str) -> None:
        done.append(line)
        tell(line)

    vault = Vault(settings.secrets_dir)
    try:
        hosts = server_names(settings.server_names)
    except ValueError as error:
        raise Refused(str(error)) from None
    authority = _authority(vault, now, note)
    for owner in (names.BROKER, names.DASHBOARD):
        _certificate(vault, owner, authority, hosts, now, note)
    if rotate_services:
        _forget_passwords(vault, note)
    _broker(vault, note)
    _redis(vault, settings.redis_address, note)
    _first_user(vault, hosts[0], note)
    if not done:
        tell("nothing to do")


def _authority(vault: Vault, now: datetime, note: Tell) -> Identity:
    certificate, key = names.CA_CERTIFICATE, f"{names.AUTHORITY}/ca.key"
    if not vault.has(certificate):  # it is written last: what there is of an interrupted run is nobody's yet
        made = make_authority(now)
        vault.write(key, made.key, names.FOR_OWNER)
        vault.write(certificate, made.certificate)
        note("made a private authority, for ten years")
    authority = Identity(vault.read(certificate), vault.read(key))
    with _explained(vault, certificate):
        left = load_certificate(authority.certificate).not_valid_after_utc - now
        if left.days < 397:
            note(f"the private authority ends in {left.days} days: after that, cameras need a new one")
    return authority


def _certificate(
    vault: Vault, owner: str, authority: Identity, hosts: tuple[str, ...], now: datetime, note: Tell
) -> None:
    certificate, key = f"{owner}/server.crt", f"{owner}/server.key"
    why = "there was none"
    if vault.has(certificate) and vault.has(key):
        with _explained(vault, certificate):
            why = why_renew(Identity(vault.read(certificate), vault.read(key)), authority, hosts, now)
    if why:
        made = make_server(authority, hosts, now)
        vault.write(key, made.key)
        vault.write(certificate, made.certificate)
        note(f"made the certificate of the {owner} for {', '.join(hosts)}: {why}")


def _forget_passwords(vault: Vault, note: Tell) -> None:
    for name in _password_files():
        vault.path(name).unlink(missing_ok=True)
    for service in names.SERVICES:
        vault.path(f"{service}/moodlens_redis_url").unlink(missing_ok=True)
    note("new passwords for all services: start them anew")


def _password_files() -> list[str]:
    services = [f"{service}/moodlens_mqtt_password" for service in names.SERVICES]
    return [*services, f"{names.BROKER}/{names.HEALTH_PASSWORD}", f"{names.REDIS}/{names.HEALTH_PASSWORD}"]


def _broker(vault: Vault, note: Tell) -> None:
    passwords = {names.HEALTH: vault.password(f"{names.BROKER}/{names.HEALTH_PASSWORD}")}
    for service in names.SERVICES:
        vault.write(f"{service}/moodlens_mqtt_username", service)
        passwords[service] = vault.password(f"{service}/moodlens_mqtt_password")
    path = names.BROKER_CLIENTS
    try:
        text = vault.read_text(path) if vault.has(path) else ""
    except SecretsUnusable as error:
        # the broker wrote it for itself alone and was killed before its health check could hand it on
        note(f"{error}: what the broker lets services do stays as it was, until setup runs again")
        return
    with _explained(vault, path):
        document = updated(text, passwords)
    if document != text:
        vault.write(path, document, names.WRITTEN_BY_GROUP)
        note("brought up to date what services and cameras may do at the broker")


def _redis(vault: Vault, address: str, note: Tell) -> None:
    passwords = {names.HEALTH: vault.password(f"{names.REDIS}/{names.HEALTH_PASSWORD}")}
    for service in names.SERVICES:
        url = f"{service}/moodlens_redis_url"
        password = ""
        if vault.has(url):
            password = vault.read_text(url).partition("@")[0].rpartition(":")[2]
        passwords[service] = password or names.new_password()
        vault.write(url, f"redis://{service}:{passwords[service]}@{address}/0")
    if vault.write(names.REDIS_USERS, users_file(passwords)):
        note("brought up to date what services may do at Redis")


def _first_user(vault: Vault, host: str, note: Tell) -> None:
    if vault.has(names.USERS_FILE):
        return
    password = random_password()
    path = vault.path(names.USERS_FILE)
    path.parent.mkdir(mode=names.FOLDER, parents=True, exist_ok=True)
    write_users(path, Users().with_user(User(FIRST_USER, None, hash_password(password))))
    rule = "=" * 64
    note(
        f"{rule}\n  The dashboard:  https://{host}:8501\n  Name:           {FIRST_USER}\n"
        f"  Password:       {password}\n"
        f"  It is shown only now. A new one: admin user password {FIRST_USER}\n{rule}"
    )


@contextmanager
def _explained(vault: Vault, name: str) -> Iterator[None]:
    """A broken file ends in one line."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise SecretsUnusable(f"{vault.path(name)}: {error}") from None
