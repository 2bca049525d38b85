"""A Greengrass core as far as one component sees it: its recipe, read as the nucleus reads it."""

import json
import re
import sys
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.support.services import Process

_VARIABLE = re.compile(r"\{(configuration|artifacts|work|kernel):([A-Za-z/]+)\}")


@dataclass
class Core:
    """A device.

    Attributes:
        root: Greengrass' own folder, with the device's certificate.
        recipe: of the component.
        artifact: its zip.
        configuration: what the deployment says, over the recipe's defaults.
    """

    root: Path
    recipe: dict[str, Any]
    artifact: bytes
    configuration: dict[str, str] = field(default_factory=dict)

    @property
    def lifecycle(self) -> dict[str, Any]:
        steps: dict[str, Any] = self.recipe["Manifests"][0]["Lifecycle"]
        return steps

    def deploy(self) -> None:
        """Unpacks the artifact; stands in for the step ``install`` with the packages of this very Python."""
        with zipfile.ZipFile(BytesIO(self.artifact)) as archive:
            archive.extractall(self.root / "unarchived/moodlens-camera")
        (self.root / "work").mkdir()
        (self.root / "work/venv").symlink_to(sys.prefix)

    def step(self, name: str, environment: dict[str, str]) -> Process:
        """A step of the lifecycle, all its variables filled in."""
        step = self.lifecycle[name]
        setenv = {variable: self.fill(value) for variable, value in step.get("setenv", {}).items()}
        command = ["sh", "-c", self.fill(step["script"])]
        return Process(command, self.root / f"{name}.log", {**environment, **setenv})

    def fill(self, text: str) -> str:
        """The text with the recipe's variables replaced."""
        configuration = {
            **self.recipe["ComponentConfiguration"]["DefaultConfiguration"],
            **self.configuration,
        }
        places = {
            "artifacts:decompressedPath": str(self.root / "unarchived"),
            "work:path": str(self.root / "work"),
            "kernel:rootPath": str(self.root),
            **{f"configuration:/{name}": value for name, value in configuration.items()},
        }
        filled = _VARIABLE.sub(lambda found: places[f"{found[1]}:{found[2]}"], text)
        assert "{" not in filled, f"unknown variable in {filled}"
        return filled


def read(recipe: str) -> dict[str, Any]:
    """A recipe's JSON."""
    parsed: dict[str, Any] = json.loads(recipe)
    return parsed
