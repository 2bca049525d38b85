"""``admin enroll``, ``rotate``, ``revoke`` and ``list``: who may publish as which camera."""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from admin import enrolment as files
from admin import vault as names
from admin.authority import der, load_certificate, names_of, server_names
from admin.broker_rights import camera_acls, camera_role
from admin.control import Control, control_of
from admin.enrolment import Enrolment, parse_camera
from admin.errors import Refused
from admin.settings import AdminSettings
from admin.vault import FOR_OWNER, Vault, new_password, write_file
from contract.topics import is_camera_name
from runtime.arguments import read_port
from runtime.errors import reason_of
from runtime.settings import MqttSettings, load_settings

TLS_PORT: Final = 8883
READ_BY_ALL: Final = 0o644


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the commands to the command line."""
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("camera", metavar="SITE/CAMERA", help="name of the camera, e.g. shop-1/entrance")
    reach = argparse.ArgumentParser(add_help=False)
    reach.add_argument(
        "--server",
        metavar="HOST",
        help="this server as the camera reaches it: a name or an address (default: the first of "
        "MOODLENS_ADMIN_SERVER_NAMES)",
    )
    reach.add_argument(
        "--port",
        type=read_port,
        default=TLS_PORT,
        metavar="N",
        help="the broker's port with TLS, as the camera reaches it (default: %(default)s)",
    )
    reach.add_argument(
        "--env", action="store_true", help="print the camera's settings and nothing else: … > camera.env"
    )
    reach.add_argument(
        "--folder", type=Path, metavar="FOLDER", help=f"write {files.ENV_FILE} and {files.CA_FILE} there"
    )
    for name, do, parents, text, more in (
        ("enroll", _enroll, [place, reach], "let a camera in", "Lets a camera in, and shows what it needs."),
        (
            "rotate",
            _rotate,
            [place, reach],
            "give a camera a new password; its connection ends",
            "Gives a camera a new password, and shows what it needs; its connection ends.",
        ),
        (
            "revoke",
            _revoke,
            [place],
            "let a camera in no more; its connection ends",
            "Lets a camera in no more; its connection ends.",
        ),
        (
            "list",
            _list,
            [],
            "show which cameras may come in",
            "Shows which cameras may come in, and which are online.",
        ),
    ):
        parser = commands.add_parser(name, parents=parents, help=text, description=more)
        parser.set_defaults(do=do)


def enroll(control: Control, camera: str) -> str:
    """Lets a camera in, which no one may be yet; its password.

    Raises:
        Refused: there is such a camera.
        ControlRefused: the broker does not do it.
    """
    if control.client(camera):
        raise Refused(f"{camera} may already come in; `rotate {camera}` gives it a new password")
    password = new_password()
    control.set_role(camera_role(camera), camera_acls(camera))
    control.do(
        "createClient",
        username=camera,
        password=password,
        clientid=client_id(camera),  # so that it can take the connection of no other
        textname="camera",
        roles=[{"rolename": camera_role(camera)}],
    )
    return password


def rotate(control: Control, camera: str) -> str:
    """Gives a camera a new password, and ends its connection; the password.

    Raises:
        Refused: there is no such camera.
        ControlRefused: the broker does not do it.
    """
    if not control.client(camera):
        raise Refused(f"there is no camera {camera}")
    password = new_password()
    control.do("setClientPassword", username=camera, password=password)
    for command in ("disableClient", "enableClient"):  # the first one ends the connection
        control.do(command, username=camera)
    return password


def revoke(control: Control, camera: str) -> None:
    """Lets a camera in no more, ends its connection, and forgets what it said of itself.

    Raises:
        Refused: there is no such camera.
        ControlRefused: the broker does not do it.
    """
    there_was = control.try_to("deleteClient", username=camera)
    there_was |= control.try_to("deleteRole", rolename=camera_role(camera))
    if not there_was:
        raise Refused(f"there is no camera {camera}")
    control.forget_status(camera)


def client_id(camera: str) -> str:
    """The MQTT client id under which a camera connects."""
    return f"camera.{camera.replace('/', '.')}"


def _enroll(arguments: argparse.Namespace) -> None:
    _let_in(arguments, enroll)


def _rotate(arguments: argparse.Namespace) -> None:
    _let_in(arguments, rotate)


def _let_in(arguments: argparse.Namespace, how: Any) -> None:
    settings = load_settings(AdminSettings)
    vault = Vault(settings.secrets_dir)
    camera = _camera(arguments)
    ca = vault.read(names.CA_CERTIFICATE)
    try:
        server = arguments.server or server_names(settings.server_names)[0]
        authority = der(ca)
    except ValueError as error:
        raise Refused(str(error)) from None
    _check_server(vault, server)
    with control_of(broker_settings(vault)) as control:
        made = Enrolment(camera, how(control, camera), server, arguments.port, authority)
    if arguments.folder:
        try:
            write_file(arguments.folder / files.ENV_FILE, made.env_file.encode(), FOR_OWNER)
            write_file(arguments.folder / files.CA_FILE, ca, READ_BY_ALL)
        except OSError as error:
            raise Refused(f"{arguments.folder}: {reason_of(error)}; try `rotate {camera}`") from None
    if arguments.env:
        sys.stdout.write(made.env_file)
        return
    sys.stdout.write(made.instructions(arguments.folder, vault.path(names.CA_CERTIFICATE)) + "\n")


def _revoke(arguments: argparse.Namespace) -> None:
    camera = _camera(arguments)
    with control_of(broker_settings(Vault(load_settings(AdminSettings).secrets_dir))) as control:
        revoke(control, camera)
    sys.stdout.write(f"{camera} may come in no more.\n")


def _list(_arguments: argparse.Namespace) -> None:
    with control_of(broker_settings(Vault(load_settings(AdminSettings).secrets_dir))) as control:
        cameras = [client for client in control.clients() if is_camera_name(client["username"])]
    for client in sorted(cameras, key=lambda client: str(client["username"])):
        may = "disabled" if client.get("disabled") else "enabled"
        says = {True: "online", False: "offline", None: "no word yet"}[control.online.get(client["username"])]
        sys.stdout.write(f"{client['username']}\t{may}\t{says}\n")
    if not cameras:
        sys.stdout.write("no camera may come in yet: admin enroll SITE/CAMERA\n")


def broker_settings(vault: Vault) -> MqttSettings:
    """The broker, under the operator's own user unless the environment names another."""
    mqtt = load_settings(MqttSettings)
    if mqtt.username:
        return mqtt
    user, password = (
        vault.read_text(f"{names.ADMIN}/moodlens_mqtt_{part}") for part in ("username", "password")
    )
    return MqttSettings(**{**mqtt.model_dump(), "username": user, "password": password})


def _camera(arguments: argparse.Namespace) -> str:
    try:
        return parse_camera(arguments.camera)
    except ValueError as error:
        raise Refused(str(error)) from None


def _check_server(vault: Vault, server: str) -> None:
    known = names_of(load_certificate(vault.read(names.BROKER_CERTIFICATE)))
    if server.lower() not in known:
        raise Refused(
            f"the broker's certificate is not good for {server}: add it to MOODLENS_SERVER_NAMES in .env "
            f"and start all anew; without Docker, run `setup --names` with all names and restart the broker"
        )
