"""``python -m producer``."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version

import cv2

from producer.detector import open_detector
from producer.frames import Clock, Source, wall_clock
from producer.producer import HEALTH_PARTS, Producer, check_delivered
from producer.settings import ProducerSettings, load_producer_settings
from producer.sources import open_source
from runtime.health import Health, serve_health
from runtime.logs import configure_logs
from runtime.process import run
from runtime.settings import MqttSettings, ProcessSettings, load_settings
from runtime.stop import stop_on_signals


def main() -> None:
    """Reads arguments and settings, and is a camera until the source ends or a signal comes."""
    arguments = _parser().parse_args()
    run_camera(
        vars(arguments),
        lambda settings, clock: open_source(
            settings.source, settings.fps, clock, loop=settings.loop, timeout_s=settings.stream_timeout_s
        ),
    )


def run_camera(flags: Mapping[str, object], source_of: Callable[[ProducerSettings, Clock], Source]) -> None:
    """Is a camera until its source ends or a signal comes; call it from the main thread.

    Args:
        flags: settings from the command line; they override the environment (None: not given).
        source_of: opens what the camera looks at.

    Raises:
        MoodLensError: a setting, the source or the detector cannot be used, or not all was delivered.
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
    source = source_of(settings, clock)
    detector = open_detector(settings)
    health = Health(HEALTH_PARTS)
    with serve_health(process, health):
        summary = Producer(settings, mqtt, detector, clock, health).run(source)
    sys.stdout.write(json.dumps(summary.as_dict()) + "\n")
    if settings.once and not stop.is_set():
        check_delivered(summary)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m producer",
        description="Finds faces in what a camera sees and publishes small grey crops of them over MQTT. "
        "Nothing is stored here. At its end it prints one line of JSON that sums up the run.",
        epilog="Each flag is also an environment variable, such as MOODLENS_PRODUCER_CAMERA, and there are "
        "more: docs/settings.md lists them all. The broker is MOODLENS_MQTT_HOST and MOODLENS_MQTT_PORT.",
    )
    parser.add_argument("--camera", metavar="SITE/CAMERA", help="name of this camera, e.g. shop-1/entrance")
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        help="webcam number, rtsp:// or http:// URL, video file (GIF too), folder of pictures, or "
        "store:CAMERA of the scripted store",
    )
    parser.add_argument("--fps", metavar="N", help="frames analysed a second (default 5)")
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--loop", action="store_true", default=None, help="start a file again at its end")
    end.add_argument(
        "--once",
        action="store_true",
        default=None,
        help="wait at the end of a file until all is acknowledged; exit 1 if it is not",
    )
    parser.add_argument(
        "--preview",
        action="store_true",
        default=None,
        help="show what the camera sees on the dashboard's live view, in small pictures; ends by itself "
        "after 10 minutes, and nothing of them is stored",
    )
    parser.add_argument(
        "--detector", metavar="NAME", help="yunet, haar or auto (default): YuNet if it can be had, else Haar"
    )
    parser.add_argument("--version", action="version", version=f"moodlens {version('moodlens')}")
    return parser


if __name__ == "__main__":
    run(main, "producer")
