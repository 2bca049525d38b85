"""``python -m edge.greengrass.build``: recipe and artifact of the component, ready to upload."""

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from edge.archive import zip_of
from edge.errors import EdgeRefused
from runtime.errors import reason_of
from runtime.process import run

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
NAME: Final = "moodlens.Camera"
ARTIFACT: Final = "moodlens-camera.zip"
PROGRAMS: Final = frozenset({"install.sh", "run.sh"})
DIGESTS: Final = "sha256sums.txt"
BUILD_TIMEOUT_S = 300

_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def main() -> None:
    """Reads arguments, builds, and says how to upload it."""
    arguments = _parser().parse_args()
    recipe = recipe_of(arguments.version, arguments.bucket)
    artifact = artifact_of(*build_wheel(PROJECT), (PROJECT / "constraints.txt").read_bytes())
    try:
        write(arguments.out, arguments.version, recipe, artifact)
    except OSError as error:
        raise EdgeRefused(f"{arguments.out} cannot be written: {reason_of(error)}") from None
    _say(instructions(arguments.out, arguments.version, arguments.bucket))


def build_wheel(project: Path) -> tuple[str, bytes]:
    """Name and content of the project's wheel.

    Raises:
        EdgeRefused: pip cannot build it.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--wheel-dir", folder, str(project)),
        ]
        try:
            done = subprocess.run(  # noqa: S603  (our own arguments)
                command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise EdgeRefused("building the wheel takes too long") from None
        built = list(Path(folder).glob("*.whl"))
        if done.returncode or not built:
            said = done.stderr.strip().splitlines()
            raise EdgeRefused(f"pip cannot build the wheel of {project}: {said[-1] if said else ''}")
        return built[0].name, built[0].read_bytes()


def artifact_of(wheel_name: str, wheel: bytes, constraints: bytes) -> bytes:
    """The zip that Greengrass unpacks: the wheel, the versions it is installed with, and our scripts."""
    scripts = {name: (HERE / "artifact" / name).read_bytes() for name in PROGRAMS}
    return zip_of({wheel_name: wheel, "constraints.txt": constraints, **scripts}, PROGRAMS)


def recipe_of(component_version: str, bucket: str) -> str:
    """The recipe, JSON.

    Args:
        component_version: three numbers; Greengrass never takes one twice.
        bucket: of S3, where the artifact will be.

    Raises:
        EdgeRefused: one of them is none.
    """
    if not _VERSION.fullmatch(component_version):
        raise EdgeRefused(f"--version: {component_version!r} is not three numbers, such as 0.1.0")
    if not _BUCKET.fullmatch(bucket):
        raise EdgeRefused(f"--bucket: {bucket!r} is no name of a bucket")
    template = (HERE / "recipe.json").read_text()
    uri = f"s3://{bucket}/{NAME}/{component_version}/{ARTIFACT}"
    return template.replace("@VERSION@", component_version).replace("@ARTIFACT@", uri)


def write(out: Path, component_version: str, recipe: str, artifact: bytes) -> None:
    """Writes both, laid out as `greengrass-cli deployment create` reads them, and their digests."""
    recipe_file = out / "recipes" / f"{NAME}-{component_version}.json"
    artifact_file = out / "artifacts" / NAME / component_version / ARTIFACT
    for file, content in ((recipe_file, recipe.encode()), (artifact_file, artifact)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(out)}\n"
        for file in (recipe_file, artifact_file)
    ]
    (out / DIGESTS).write_text("".join(lines))


def instructions(out: Path, component_version: str, bucket: str) -> str:
    """How the component gets to the devices; docs/edge.md has more."""
    artifact = out / "artifacts" / NAME / component_version / ARTIFACT
    recipe = out / "recipes" / f"{NAME}-{component_version}.json"
    return "\n".join(
        [
            f"{out} holds {NAME} {component_version}; {out / DIGESTS} has the digests.",
            "To try it on one device:",
            f"  greengrass-cli deployment create --merge {NAME}={component_version} \\",
            f"    --recipeDir {out / 'recipes'} --artifactDir {out / 'artifacts'}",
            "For all devices:",
            f"  aws s3 cp {artifact} s3://{bucket}/{NAME}/{component_version}/{ARTIFACT}",
            f"  aws greengrassv2 create-component-version --inline-recipe fileb://{recipe}",
            "and then a deployment that names it, with the configuration of each camera.",
            "The devices' role (token exchange) may read no bucket by default; it needs",
            f"  s3:GetObject on arn:aws:s3:::{bucket}/{NAME}/*",
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m edge.greengrass.build",
        description="Builds the Greengrass v2 component of a camera, from a checkout: recipe and artifact.",
    )
    parser.add_argument(
        "--version",
        required=True,
        metavar="N.N.N",
        help="version of the component, which Greengrass never takes twice",
    )
    parser.add_argument(
        "--bucket", required=True, metavar="NAME", help="S3 bucket that will hold the artifact"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("greengrass-build"),
        metavar="FOLDER",
        help="folder to write to (default: %(default)s)",
    )
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    run(main, "edge.greengrass.build")
