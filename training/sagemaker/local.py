"""A job on this machine: the same archive, run as SageMaker runs it, in a folder laid out like its container.

    opt/ml/code/                            sourcedir.tar.gz, unpacked
    opt/ml/input/config/hyperparameters.json
    opt/ml/input/data/<channel>/            the data
    opt/ml/checkpoints/                     what a resumed job goes on from
    opt/ml/model/                           what becomes model.tar.gz

What differs: the packages are this machine's, and nothing is limited.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.errors import reason_of
from training.errors import AwsError, RunError
from training.sagemaker.archive import pack, unpack
from training.sagemaker.job import (
    CHECKPOINTS,
    CONTAINER,
    OF_SAGEMAKER,
    Hyperparameters,
    encode_hyperparameters,
)
from training.sagemaker.package import PROGRAM, pack_code


def run_locally(folder: Path, channels: Mapping[str, Path], hyperparameters: Hyperparameters) -> Path:
    """Run a job to its end, from where an earlier try in the same folder was stopped.

    Args:
        folder: to lay everything out in; made if need be.
        channels: file or folder by the name of the channel.
        hyperparameters: from ``make_hyperparameters``.

    Returns:
        Its ``model.tar.gz``.

    Raises:
        RunError: the program failed; it has said why.
        AwsError: the folder cannot be written.
    """
    top = folder.resolve() / CONTAINER.lstrip("/")  # the job runs in another folder
    try:
        environment = lay_out(top, channels, hyperparameters)
        values = json.loads(environment["SM_HPS"])
        arguments = [word for name, value in sorted(values.items()) for word in (f"--{name}", str(value))]
        command = [sys.executable, PROGRAM, *arguments]
        done = subprocess.run(command, cwd=top / "code", env={**os.environ, **environment}, check=False)  # noqa: S603
        if done.returncode != 0:
            raise RunError(f"the job in {folder} failed; the same command goes on after its last whole epoch")
        archive = top / "model.tar.gz"
        pack(top / "model", archive)
    except OSError as error:
        raise AwsError(f"{folder} cannot be written ({reason_of(error)})") from error
    return archive


def lay_out(top: Path, channels: Mapping[str, Path], hyperparameters: Hyperparameters) -> dict[str, str]:
    """Make what the container finds, around checkpoints that may be there already.

    Returns:
        The variables that SageMaker's tools set for the program.
    """
    archive = top / "sourcedir.tar.gz"
    for name in ("code", "input", "model"):
        shutil.rmtree(top / name, ignore_errors=True)
    for name in ("input/config", "input/data", "model", CHECKPOINTS):
        (top / name).mkdir(parents=True, exist_ok=True)
    archive.write_bytes(pack_code())
    unpack(archive, top / "code")
    encoded = encode_hyperparameters(hyperparameters, top.parents[1].name, str(archive))
    config = top / "input" / "config" / "hyperparameters.json"
    config.write_text(json.dumps(encoded, indent=2))
    environment = {"SM_MODEL_DIR": str(top / "model"), "SM_HPS": json.dumps(_decode_own(config))}
    for name, source in channels.items():
        channel = top / "input" / "data" / name
        if source.is_dir():
            channel.symlink_to(source.resolve())
        else:
            channel.mkdir()
            (channel / source.name).symlink_to(source.resolve())
        environment[f"SM_CHANNEL_{name.upper()}"] = str(channel)
    return environment


def _decode_own(config: Path) -> dict[str, Any]:
    encoded: dict[str, str] = json.loads(config.read_text())
    return {name: json.loads(text) for name, text in encoded.items() if not name.startswith(OF_SAGEMAKER)}
