"""What runs in the container: ``training train`` on SageMaker's channels, going on after an interruption.

SageMaker (or ``--local``) names the folders in SM_CHANNEL_TRAIN, SM_CHANNEL_VOTES and SM_MODEL_DIR, and gives
the hyperparameters as JSON in SM_HPS and as arguments. The run folder is what SageMaker keeps on S3 while the
job runs, so a machine that takes over finds it there.
"""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.checkpoints import mend_run
from training.cli import main as run_training
from training.errors import DatasetError, TrainingError

OPTIONS = ("model", "seed", "precision")
"""Hyperparameters that ``train`` has an option for; the others are numbers of the recipe."""
OTHERS = ("model_dir",)
"""What AWS's own tools add."""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Train, and leave the run where SageMaker fetches models.

    Args:
        arguments: hyperparameters, ``--name value``, that count where SM_HPS is not set.
        environment: of the process.

    Returns:
        Exit status, as of ``python -m training``.
    """
    model = Path(environment["SM_MODEL_DIR"])
    run = model.parent / "checkpoints"
    try:
        data = find_data(Path(environment["SM_CHANNEL_TRAIN"]))
        votes = (
            find_data(Path(environment["SM_CHANNEL_VOTES"])) if "SM_CHANNEL_VOTES" in environment else None
        )
        mend_run(run)
    except TrainingError as error:
        sys.stderr.write(f"training: {error}\n")
        return 1
    if "SM_HPS" in environment:
        hyperparameters = json.loads(environment["SM_HPS"])
    else:
        hyperparameters = read_arguments(arguments)
    words = ["train", "--data", str(data), "--out", str(run), *list_options(hyperparameters)]
    status = run_training([*words, *(["--votes", str(votes)] if votes else [])])
    if status == 0:
        copy_run(run, model)
    return status


def find_data(channel: Path) -> Path:
    """The one zip or CSV file of a channel, or else its folder.

    Raises:
        DatasetError: the channel is empty.
    """
    files = sorted(channel.iterdir()) if channel.is_dir() else []
    if not files:
        raise DatasetError(f"{channel} is empty: is its s3:// address right?")
    return files[0] if len(files) == 1 and files[0].suffix in {".zip", ".csv"} else channel


def read_arguments(arguments: Sequence[str]) -> dict[str, Any]:
    """Hyperparameters out of ``--name value`` pairs, the values as Python writes them."""
    words = {"True": True, "False": False}
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return {name.removeprefix("--"): words.get(value, value) for name, value in pairs}


def list_options(hyperparameters: Mapping[str, Any]) -> list[str]:
    """The options of ``train`` that say the same as the hyperparameters."""
    words = []
    for name, value in hyperparameters.items():
        if name in OPTIONS:
            words += [f"--{name}", str(value)]
        elif name not in OTHERS:
            words += ["--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
    return words


def copy_run(run: Path, model: Path) -> None:
    """Copy what ``export`` needs, and the history: not what only a run that goes on would."""
    model.mkdir(parents=True, exist_ok=True)
    for file in run.iterdir():
        if file.is_file() and not file.name.startswith(".") and not file.name.endswith(".state.npz"):
            shutil.copy2(file, model)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
