"""``python -m edge.deeplens.package``: the zip that an AWS DeepLens runs."""

import argparse
import json
import ssl
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from contract.model import CARD_FILE, ModelCard
from contract.topics import is_camera_name
from edge.archive import zip_of
from edge.deeplens.vendored import ALWAYS, FOR_EMOTIONS, fetch_wheels, unpack
from edge.errors import EdgeRefused
from runtime.arguments import read_port
from runtime.errors import reason_of
from runtime.process import run

SIZE_MAX: Final = 50_000_000
"""Of a zip that Lambda takes."""

RUNTIME: Final = (2, 11)
"""Of ``vendored-emotions.txt``: the last TensorFlow Lite for Python 3.7."""

HERE = Path(__file__).parent
DEVICE = HERE / "device"
ENTRY = "lambda_function.py"
SERVICE = "moodlens-camera.service"
SHIPPED_MODEL = HERE.parents[1] / "classifier_worker" / "model"
VARIANT = "int8"
ON_DEVICE = "/etc/moodlens/camera.env"


@dataclass(frozen=True, slots=True)
class Package:
    """What is in the zip, besides our code.

    Attributes:
        config: settings by name, none of them secret.
        ca: certificate of the authority of the store's broker (PEM).
        wheels: other people's packages.
        model: files of the model by name; empty: the device sends crops.
    """

    config: dict[str, str]
    ca: bytes
    wheels: tuple[bytes, ...]
    model: dict[str, bytes]


def main() -> None:
    """Reads arguments, makes the zip, and says what to do with it."""
    arguments = _parser().parse_args()
    if not is_camera_name(arguments.camera):
        raise EdgeRefused(f"--camera: {arguments.camera!r} is not site/camera, such as shop-1/entrance")
    config = {
        "MOODLENS_PRODUCER_CAMERA": arguments.camera,
        "MOODLENS_MQTT_HOST": arguments.host,
        "MOODLENS_MQTT_PORT": str(arguments.port),
        "MOODLENS_VERSION": version("moodlens"),
    }
    ca = read_ca(arguments.ca)
    wheels = fetch_wheels(ALWAYS)
    model = {}
    if arguments.classify:
        model = read_model(SHIPPED_MODEL)
        wheels += fetch_wheels(FOR_EMOTIONS)
        config["MOODLENS_PRODUCER_CLASSIFY"] = "true"
    content = build(Package(config, ca, tuple(wheels), model))
    try:
        arguments.out.write_bytes(content)
    except OSError as error:
        raise EdgeRefused(f"{arguments.out} cannot be written: {reason_of(error)}") from None
    _say(f"{arguments.out}: {len(content) / 1e6:.1f} MB, sends {'emotions' if model else 'crops of faces'}.")
    _say(instructions(arguments.camera, arguments.out.name))


def build(package: Package) -> bytes:
    """The zip; the same package gives the same bytes.

    Raises:
        EdgeRefused: it is larger than Lambda takes.
    """
    files = {
        "config.json": json.dumps(package.config, indent=2, sort_keys=True).encode() + b"\n",
        "ca.crt": package.ca,
        SERVICE: (HERE / SERVICE).read_bytes(),
        "LICENSE": (HERE.parents[1] / "LICENSE").read_bytes(),
        ENTRY: (DEVICE / ENTRY).read_bytes(),
    }
    for init in ("edge/__init__.py", "edge/deeplens/__init__.py"):
        files[init] = b""
    for file in DEVICE.glob("*.py"):
        if file.name != ENTRY:
            files[f"edge/deeplens/device/{file.name}"] = file.read_bytes()
    for wheel in package.wheels:
        files.update(unpack(wheel))
    files.update({f"model/{name}": content for name, content in package.model.items()})
    content = zip_of(files)
    if len(content) > SIZE_MAX:
        raise EdgeRefused(f"the zip has {len(content) / 1e6:.0f} MB, Lambda takes {SIZE_MAX / 1e6:.0f}")
    return content


def read_model(folder: Path) -> dict[str, bytes]:
    """The files of a model that the device's TensorFlow Lite runs, by name.

    Raises:
        EdgeRefused: the runtime is too old for it, or there is no model.
    """
    from edge.deeplens.model_file import runtime_needed  # noqa: PLC0415  (FlatBuffers comes with LiteRT)

    try:
        card = (folder / CARD_FILE).read_bytes()
        name = msgspec.json.decode(card, type=ModelCard).files[VARIANT].name
        model = (folder / name).read_bytes()
    except (OSError, msgspec.MsgspecError, KeyError) as error:
        raise EdgeRefused(f"there is no {VARIANT} model in {folder}: {error}") from None
    needed = runtime_needed(model)
    if needed[:2] > RUNTIME:
        raise EdgeRefused(
            f"{name} needs TensorFlow Lite {'.'.join(map(str, needed))}, for Python 3.7 the last is "
            f"{'.'.join(map(str, RUNTIME))}"
        )
    return {CARD_FILE: card, name: model}


def read_ca(file: Path) -> bytes:
    """A certificate (PEM).

    Raises:
        EdgeRefused: it is none, or is more: a private key has no place in the zip.
    """
    try:
        pem = file.read_bytes()
        ssl.create_default_context(cadata=pem.decode("ascii"))
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        why = "no such file" if isinstance(error, FileNotFoundError) else "no certificate"
        raise EdgeRefused(f"--ca: {file}: {why}") from None
    if b"PRIVATE KEY" in pem:
        raise EdgeRefused(f"--ca: {file} holds a private key: give the certificate alone")
    return pem


def instructions(camera: str, zip_name: str) -> str:
    """How the zip comes to run; docs/edge.md has more."""
    function = f"deeplens-moodlens-{camera.replace('/', '-')}"
    return "\n".join(
        [
            "The device's console is gone, and Greengrass v1 deploys nothing any more. A service works:",
            f"  1. at the server: python -m admin enroll {camera} --server HOST --folder FOLDER",
            f"  2. take {zip_name} and FOLDER/camera.env to the device, and there, as root:",
            f"       install -D -m 600 camera.env {ON_DEVICE}",
            f"       mkdir -p /opt/moodlens && unzip -o {zip_name} -d /opt/moodlens",
            f"       cp /opt/moodlens/{SERVICE} /etc/systemd/system/",
            f"       systemctl enable --now {SERVICE}",
            "  3. at the device: journalctl -fu moodlens-camera   shows that it is connected",
            "       mplayer -demuxer lavf /tmp/results.mjpeg      shows what it sees",
            f"A core that you run yourself takes it as the pinned function {function}, Python 3.7, handler",
            f"lambda_function.lambda_handler, MOODLENS_DEEPLENS_ENV_FILE={ON_DEVICE} (ggc_user's, mode 600).",
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge.deeplens.package",
        description="Makes the zip that an AWS DeepLens runs: our code for Python 3.7, the libraries it "
        "needs, its settings, your authority's certificate. No password: that is in camera.env.",
    )
    parser.add_argument(
        "--camera", required=True, metavar="SITE/CAMERA", help="name of the camera, e.g. shop-1/entrance"
    )
    parser.add_argument(
        "--host", required=True, metavar="HOST", help="the store's broker, as the device reaches it"
    )
    parser.add_argument(
        "--port",
        type=read_port,
        default=8883,
        metavar="N",
        help="the broker's port with TLS (default: %(default)s)",
    )
    parser.add_argument(
        "--ca", required=True, type=Path, metavar="FILE", help="certificate of the broker's authority (PEM)"
    )
    parser.add_argument(
        "--classify",
        action="store_true",
        help="classify faces on the device: emotions leave it, no picture of a face does",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("deeplens-moodlens.zip"),
        metavar="FILE",
        help="zip file to write (default: %(default)s)",
    )
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    run(main, "edge.deeplens.package")
