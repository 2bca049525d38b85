"""``python -m demo.camera``: the demo's camera without a webcam looks at a synthetic shopper."""

import argparse

from demo.face_model import load_face_model
from demo.shopper import DEFAULT_SEED, SCRIPT, Shopper, ShopperSource
from producer.__main__ import run_camera
from producer.frames import Clock
from producer.settings import ProducerSettings
from runtime.process import run


def main() -> None:
    """Reads arguments, and is a camera before the shopper until a signal comes."""
    arguments = vars(_parser().parse_args())
    seed = arguments.pop("seed")

    def open_shopper(settings: ProducerSettings, clock: Clock) -> ShopperSource:
        return ShopperSource(Shopper(load_face_model(), seed), settings.fps, clock)

    # the shopper is the source and never leaves, whatever the environment says of other cameras
    run_camera({**arguments, "source": ShopperSource.name, "loop": False, "once": False}, open_shopper)


def _parser() -> argparse.ArgumentParser:
    scenes = ", ".join(f"{scene.label} {scene.duration_ms / 1000:g} s" for scene in SCRIPT)
    parser = argparse.ArgumentParser(
        prog="python -m demo.camera",
        description="Publishes what a camera would see of a synthetic shopper: a face of nobody, drawn by a "
        f"face model of means and components. It shows, again and again: {scenes}.",
        epilog="Settings are those of python -m producer: the flags here, and its MOODLENS_... variables.",
    )
    parser.add_argument("--camera", metavar="SITE/CAMERA", help="name of this camera, e.g. demo/entrance")
    parser.add_argument(
        "--seed", type=_seed, default=DEFAULT_SEED, metavar="N", help="who is drawn (default: %(default)s)"
    )
    parser.add_argument("--fps", metavar="N", help="frames a second (default 5)")
    parser.add_argument(
        "--detector", metavar="NAME", help="yunet, haar or auto (default): YuNet if it can be had, else Haar"
    )
    return parser


def _seed(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return number


if __name__ == "__main__":
    run(main, "demo.camera")
