"""``admin demo``: lets the cameras of the scripted store in; their sites are said to be simulated."""

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import Any

from admin import vault as names
from admin.authority import der
from admin.cameras import TLS_PORT, broker_settings, enroll, rotate
from admin.control import Control, control_of
from admin.database import database
from admin.enrolment import Enrolment, parse_camera
from admin.errors import Refused
from admin.settings import AdminSettings
from admin.vault import Vault
from contract import keys
from dashboard.figures.subjects import read_subjects
from runtime.redis import Client
from runtime.settings import MqttSettings, load_settings


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser(
        "demo",
        help="let the cameras of the scripted store in",
        description="Lets cameras in whose faces are nobody's: their sites show groups of one, and say that "
        "they are simulated.",
    )
    parser.add_argument("cameras", nargs="+", metavar="SITE/CAMERA", help="cameras to let in")
    parser.add_argument(
        "--folder",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="write each camera's settings to a folder of its own there",
    )
    parser.set_defaults(do=_do)


def _do(arguments: argparse.Namespace) -> None:
    vault = Vault(load_settings(AdminSettings).secrets_dir)
    try:
        cameras = [parse_camera(name) for name in arguments.cameras]
    except ValueError as error:
        raise Refused(str(error)) from None
    sites = {camera.partition("/")[0] for camera in cameras}
    with database() as client:
        refuse_real_stores(client, sites)
    ca_der = der(vault.read(names.CA_CERTIFICATE))
    mqtt = broker_settings(vault)
    folders = Vault(arguments.folder)
    with control_of(mqtt) as control:
        for camera in cameras:
            if not _may_come(control, folders, camera):
                _let_in(control, folders, camera, mqtt, ca_der)
    with database() as client:
        for site in sites:
            client.hset(keys.site(site), mapping={"k": "1", "simulated": "1"})


def refuse_real_stores(client: Client, sites: Collection[str]) -> None:
    """A scripted store shows single visits: that must not come over people.

    Raises:
        Refused: a site has figures, and is not simulated.
    """
    seen = read_subjects(client).sites()
    for site in sorted(sites):
        if site in seen and client.hget(keys.site(site), "simulated") != b"1":
            raise Refused(f"{site} has cameras of its own: name the simulated ones otherwise")


def _may_come(control: Control, folders: Vault, camera: str) -> bool:
    return control.client(camera) is not None and folders.has(f"{camera}/{_file('MOODLENS_MQTT_PASSWORD')}")


def _let_in(control: Control, folders: Vault, camera: str, mqtt: MqttSettings, ca_der: bytes) -> None:
    let_in = rotate if control.client(camera) else enroll
    enrolment = Enrolment(camera, let_in(control, camera), mqtt.host, TLS_PORT, ca_der)
    for name, value in enrolment.variables.items():
        if not name.endswith("_PASSWORD"):
            folders.write(f"{camera}/{_file(name)}", value)
    # last, so that a folder with a password is whole
    folders.write(f"{camera}/{_file('MOODLENS_MQTT_PASSWORD')}", enrolment.password)


def _file(variable: str) -> str:
    return variable.lower()
