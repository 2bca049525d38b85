"""``python -m producer``."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import cv2

from producer import badge_card, zones_page
from producer.detector import open_detector
from producer.frames import Clock, Source, wall_clock
from producer.on_device import open_classify
from producer.producer import HEALTH_PARTS, Producer, check_delivered
from producer.settings import ProducerSettings, load_producer_settings
from producer.sources import open_source
from producer.zones import Zones
from producer.zones_file import read_zones
from runtime.health import Health, serve_health
from runtime.logs import configure_logs
from runtime.process import run
from runtime.settings import MqttSettings, ProcessSettings, load_settings, read_env_file
from runtime.stop import stop_on_signals

COMMANDS: Final[Mapping[str, Callable[[Sequence[str]], None]]] = {
    "badge": badge_card.main,
    "zones": zones_page.main,
}
"""What a camera needs done once; each takes the rest of the command line."""


def main() -> None:
    """Does what a command says; without one, is a camera until the source ends or a signal comes."""
    command = COMMANDS.get(sys.argv[1]) if len(sys.argv) > 1 else None
    if command:
        command(sys.argv[2:])
        return
    flags = vars(build_parser().parse_args())
    env_file: Path | None = flags.pop("env_file")
    if env_file:
        read_env_file(env_file)
    run_camera(
        flags,
        lambda settings, clock: open_source(
            settings.source,
            settings.fps,
            clock,
            loop=settings.loop,
            timeout_s=settings.stream_timeout_s,
            frozen_s=settings.frozen_s,
        ),
    )


def run_camera(flags: Mapping[str, object], source_of: Callable[[ProducerSettings, Clock], Source]) -> None:
    """Is a camera until its source ends or a signal comes; call it from the main thread.

    Args:
        flags: settings from the command line; they override the environment (None: not given).
        source_of: opens what the camera looks at.

    Raises:
        MoodLensError: a setting, the zones, the source or the detector cannot be used, or not all was
            delivered.
    """
    stop = stop_on_signals()
    process = load_settings(ProcessSettings)
    configure_logs(process, "producer")
    settings = load_producer_settings(flags)
    mqtt = load_settings(MqttSettings)
    cv2.setNumThreads(settings.threads)
    cv2.utils.logging.setLogLevel(
        cv2.utils.logging.LOG_LEVEL_SILENT
    )  # what OpenCV would print is said by our own errors, in one line

    clock = wall_clock(stop)
    zones = Zones(read_zones(settings.zones) if settings.zones else ())
    source = source_of(settings, clock)
    detector = open_detector(settings)
    classify = open_classify(settings)
    health = Health(HEALTH_PARTS)
    with serve_health(process, health):
        summary = Producer(settings, mqtt, detector, classify, clock, health, zones).run(source)
    sys.stdout.write(json.dumps(summary.as_dict()) + "\n")
    if settings.once and not stop.is_set():
        check_delivered(summary)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m producer",
        description="Finds faces in what a camera sees and publishes small grey crops of them over MQTT. "
        "Nothing is stored here. At its end it prints one line of JSON that sums up the run. Two commands "
        "of their own: `python -m producer zones` draws zones, `python -m producer badge` a badge for staff.",
        epilog="Each option is also an environment variable, such as MOODLENS_PRODUCER_CAMERA, and there are "
        "more: docs/settings.md lists them all. The broker is MOODLENS_MQTT_HOST and MOODLENS_MQTT_PORT.",
    )
    parser.add_argument(
        "--env-file",
        type=Path,
        metavar="FILE",
        help="read variables from a file, such as the one that `admin enroll` writes: name of the camera, "
        "broker, user and password; variables of the environment go before",
    )
    parser.add_argument("--camera", metavar="SITE/CAMERA", help="name of this camera, e.g. shop-1/entrance")
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        help="webcam number, rtsp:// or http:// URL, video file (GIF too), folder of pictures, or "
        "store:CAMERA of the scripted store",
    )
    parser.add_argument("--fps", metavar="N", help="frames analysed a second (default: 5)")
    end = parser.add_mutually_exclusive_group()
    end.add_argument(
        "--loop", action="store_true", default=None, help="start a file or folder again at its end"
    )
    end.add_argument(
        "--once",
        action="store_true",
        default=None,
        help="at the end of a file or folder, wait until all is acknowledged; exit status 1 if it is not",
    )
    parser.add_argument(
        "--classify",
        action="store_true",
        default=None,
        help="classify faces here: emotions leave this machine, no picture of a face does",
    )
    parser.add_argument(
        "--zones",
        metavar="FILE",
        help="TOML file of watch, staff and masked zones, drawn with `python -m producer zones`",
    )
    parser.add_argument(
        "--preview",
        action="store_true",
        default=None,
        help="show what the camera sees on the dashboard's live view, in small pictures; ends by itself "
        "after 10 minutes, and nothing of them is stored",
    )
    parser.add_argument(
        "--detector",
        metavar="NAME",
        help="yunet, haar, or auto: YuNet if its file can be had, else Haar, which finds fewer faces "
        "(default: auto)",
    )
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    return parser


if __name__ == "__main__":
    run(main, "producer")
