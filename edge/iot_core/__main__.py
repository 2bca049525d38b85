"""``python -m edge.iot_core``: the bridge of a store, and the policies that go with it."""

import argparse
import json
import re
import sys
from pathlib import Path, PurePosixPath

from edge.errors import EdgeRefused
from edge.iot_core.bridge import Bridge, bridge_conf, cameras_max
from edge.iot_core.names import bridge_id, is_bridge_name
from edge.iot_core.policy import Account, bridge_policy, camera_policy, sites_max
from runtime.arguments import read_port
from runtime.errors import reason_of
from runtime.process import run

FPS = 5.0
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
APART = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""How the names of regions begin that are AWS partitions of their own."""

_ACCOUNT = re.compile(r"\d{12}")


def main() -> None:
    """Reads arguments, writes the files, and says what to do with them."""
    arguments = _parser().parse_args()
    _check(arguments)
    sites = tuple(arguments.sites.split(",")) if arguments.sites else ("+",)
    secrets = PurePosixPath(arguments.secrets)
    bridge = Bridge(
        arguments.name,
        arguments.endpoint,
        arguments.port,
        sites,
        secrets / "AmazonRootCA1.pem",
        secrets / "bridge.crt",
        secrets / "bridge.key",
    )
    partition = next((name for begin, name in APART.items() if arguments.region.startswith(begin)), "aws")
    account = Account(arguments.region, arguments.account, partition)
    most = sites_max(account, arguments.name, sites)
    if most < len(sites):
        raise EdgeRefused(
            f"--sites: a policy of AWS IoT has room for {most} of these {len(sites)} sites: give at most "
            f"{most}, and make another bridge, with a name of its own, for the others"
        )
    files = {
        "bridge.conf": bridge_conf(bridge),
        "bridge-policy.json": _json(bridge_policy(account, arguments.name, sites)),
        "camera-policy.json": _json(camera_policy(account)),
    }
    try:
        arguments.out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (arguments.out / name).write_text(text)
    except OSError as error:
        raise EdgeRefused(f"{arguments.out} cannot be written: {reason_of(error)}") from None
    _say(
        f"{arguments.out}: {', '.join(files)}.\n"
        f"bridge.conf goes into the broker's mosquitto.conf; into {secrets} go Amazon's authority, and "
        f"certificate and key of the thing {bridge_id(arguments.name)}.\n"
        f"It carries {cameras_max(FPS)} cameras at {FPS:.0f} frames a second. The steps: docs/edge.md."
    )


def _check(arguments: argparse.Namespace) -> None:
    """Holds each argument to its form: they end up in files that a broker and AWS obey."""
    sites = arguments.sites.split(",") if arguments.sites else []
    for flag, good in {
        "--name": is_bridge_name(arguments.name),
        "--endpoint": bool(_HOST.fullmatch(arguments.endpoint)),
        "--sites": all(map(is_bridge_name, sites)),
        "--region": bool(_REGION.fullmatch(arguments.region)),
        "--account": bool(_ACCOUNT.fullmatch(arguments.account)),
        "--secrets": bool(re.fullmatch(r"/[\w./-]+", arguments.secrets)),
    }.items():
        if not good:
            raise EdgeRefused(
                f"{flag}: {getattr(arguments, flag[2:])!r} does not have the form that --help shows"
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge.iot_core",
        description="Writes what joins a store's Mosquitto to AWS IoT Core: emotions, reports and status of "
        "cameras come in (those run with --classify: no face leaves them), nothing goes out.",
    )
    parser.add_argument(
        "--name", required=True, metavar="NAME", help="name of this bridge, e.g. shop-1: a-z, 0-9 and -"
    )
    parser.add_argument(
        "--endpoint",
        required=True,
        metavar="HOST",
        help="your account's host, …-ats.iot.REGION.amazonaws.com",
    )
    parser.add_argument(
        "--port", type=read_port, default=8883, metavar="N", help="port of that host (default: %(default)s)"
    )
    parser.add_argument("--region", required=True, metavar="REGION", help="AWS region, e.g. eu-central-1")
    parser.add_argument(
        "--account", required=True, metavar="NUMBER", help="number of your AWS account, twelve digits"
    )
    parser.add_argument(
        "--sites", default="", metavar="SITE,SITE", help="sites whose cameras come in (default: all)"
    )
    parser.add_argument(
        "--secrets",
        default="/mosquitto/secrets",
        metavar="FOLDER",
        help="folder in which the broker finds certificates and key (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("iot-core"),
        metavar="FOLDER",
        help="folder to write to (default: %(default)s)",
    )
    return parser


def _json(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    run(main, "edge.iot_core")
