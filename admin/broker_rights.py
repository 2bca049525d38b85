"""Who may do what at the broker: roles, and the document of Mosquitto's dynamic security plugin.

Pure. A role says everything that its users may publish, receive and subscribe to; the rest is denied.
"""

import hashlib
import hmac
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any, Final

from admin.vault import ADMIN, AGGREGATOR, DASHBOARD, HEALTH, WORKER
from contract.topics import FROM_CAMERA, ROOT, TO_WORKERS, WORKER_SUBSCRIPTIONS, Suffix, topic

Document = dict[str, Any]

SEND: Final = "publishClientSend"
RECEIVE: Final = "publishClientReceive"
FILTER: Final = "subscribeLiteral"
"""This filter, letter by letter."""
FILTERS: Final = "subscribePattern"
"""This filter and whatever is narrower."""

CONTROL: Final = "$CONTROL/dynamic-security"
HEALTH_TOPIC: Final = "moodlens/health"
TOLD: Final = (Suffix.WINDOWS, Suffix.ALERTS)
"""What goes out to other programs."""

NOT_KEPT: Final = tuple(suffix for suffix in FROM_CAMERA if suffix is not Suffix.STATUS)
"""What the broker must not keep for ever; its health check takes it back."""

_ITERATIONS: Final = 101
"""The plugin's own number. A password is 256 random bits, which no repetition makes harder to guess; and the
broker, which has one thread, checks it at each connection."""

_SALT_BYTES: Final = 12


def acl(kind: str, filter_: str) -> Document:
    """One permission."""
    return {"acltype": kind, "topic": filter_, "priority": 0, "allow": True}


def all_cameras(suffix: Suffix) -> str:
    """The filter of one suffix of every camera."""
    return f"{ROOT}/+/+/{suffix}"


def service_roles() -> dict[str, list[Document]]:
    """Service → what it may do; each service is a user, and has the role of its name."""
    status, preview = all_cameras(Suffix.STATUS), all_cameras(Suffix.PREVIEW)
    kept = [all_cameras(suffix) for suffix in NOT_KEPT]
    return {
        WORKER: [
            *(acl(FILTER, name) for name in WORKER_SUBSCRIPTIONS),
            *(acl(RECEIVE, all_cameras(suffix)) for suffix in TO_WORKERS),
        ],
        AGGREGATOR: [acl(SEND, all_cameras(suffix)) for suffix in TOLD],
        DASHBOARD: [
            acl(FILTER, status),
            acl(RECEIVE, status),
            acl(FILTERS, preview),
            acl(RECEIVE, preview),
        ],
        ADMIN: [
            acl(SEND, f"{CONTROL}/#"),
            acl(SEND, status),  # an empty one takes back what a camera said that is there no more
            *(acl(kind, name) for name in (f"{CONTROL}/#", "$SYS/#", status) for kind in (FILTERS, RECEIVE)),
        ],
        HEALTH: [
            acl(SEND, HEALTH_TOPIC),
            acl(FILTER, HEALTH_TOPIC),
            acl(RECEIVE, HEALTH_TOPIC),
            *(acl(kind, name) for name in kept for kind in (FILTER, RECEIVE, SEND)),
        ],
    }


def camera_role(camera: str) -> str:
    """The name of a camera's role."""
    return f"camera:{camera}"


def camera_acls(camera: str) -> list[Document]:
    """What ``site/camera`` may do: publish on its own topics."""
    return [acl(SEND, topic(camera, suffix)) for suffix in FROM_CAMERA]


def subscriber_role(name: str) -> str:
    """The name of another program's role; also its user's."""
    return f"subscriber:{name}"


def subscriber_acls(sites: Iterable[str]) -> list[Document]:
    """What another program may read: windows and alerts of some sites, or of all (``+``)."""
    filters = [f"{ROOT}/{site}/+/{suffix}" for site in sites for suffix in TOLD]
    return [acl(kind, name) for name in filters for kind in (FILTERS, RECEIVE)]


def updated(text: str, passwords: Mapping[str, str]) -> str:
    """The plugin's document, brought up to date.

    Args:
        text: as it is; empty: there is none yet.
        passwords: of each service.

    Returns:
        ``text`` itself where nothing is to be changed. Services are users with these passwords and with
        today's roles, and cameras may do what today's cameras may; other users and roles stay as they are.

    Raises:
        ValueError: it is no such document.
    """
    document = _document(text)
    before = json.dumps(document)
    roles = {role["rolename"]: role for role in document["roles"]}
    clients = {client["username"]: client for client in document["clients"]}
    for name, acls in service_roles().items():
        _set_role(roles, name, acls)
        clients[name] = _service_client(clients.get(name, {}), name, passwords[name])
    for name in list(roles):
        if name.startswith(camera_role("")):
            _set_role(roles, name, camera_acls(name.removeprefix(camera_role(""))))
    document["clients"], document["roles"] = list(clients.values()), list(roles.values())
    return text if json.dumps(document) == before else json.dumps(document, indent=1) + "\n"


def _document(text: str) -> Document:
    closed = {SEND: False, RECEIVE: False, "subscribe": False, "unsubscribe": True}
    empty: Document = {"clients": [], "groups": [], "roles": []}
    found = json.loads(text) if text else empty
    if not isinstance(found, dict) or not all(isinstance(found.get(part, []), list) for part in empty):
        raise ValueError("it is no list of clients, groups and roles")
    return {**empty, **found, "defaultACLAccess": closed}


def _set_role(roles: dict[str, Document], name: str, acls: list[Document]) -> None:
    """Keeps a role that says the same: the broker writes permissions in an order of its own."""
    found = roles.get(name)
    if found is None or _as_set(found.get("acls", [])) != _as_set(acls):
        roles[name] = {"rolename": name, "acls": acls}


def _as_set(acls: list[Document]) -> set[tuple[str, str, bool, int]]:
    return {(one["acltype"], one["topic"], one["allow"], one.get("priority", 0)) for one in acls}


def _service_client(found: Document, name: str, password: str) -> Document:
    if (
        [role["rolename"] for role in found.get("roles", [])] == [name]
        and not found.get("disabled")
        and _is_password(found, password)
    ):
        return found
    salt = secrets.token_bytes(_SALT_BYTES)
    return {
        "username": name,
        "textname": f"service {name}",
        "roles": [{"rolename": name}],
        "password": b64encode(_hash(password, salt, _ITERATIONS)).decode(),
        "salt": b64encode(salt).decode(),
        "iterations": _ITERATIONS,
    }


def _is_password(client: Document, password: str) -> bool:
    try:
        salt, known = b64decode(client["salt"]), b64decode(client["password"])
        return hmac.compare_digest(_hash(password, salt, client["iterations"]), known)
    except (KeyError, ValueError, TypeError):  # another version's way to write it
        return False


def _hash(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
