"""The command line of training: what is wrong with it is one line, and its help comes at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from training.cli import main


def test_a_wrong_data_set_is_one_line_and_exit_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (
        ["train"],
        ["evaluate", "--model", "."],
        ["export", "--run", ".", "--to", "model"],
    ):
        assert main([*command, "--data", str(tmp_path / "nowhere.zip")]) == 1
        assert capsys.readouterr().err == f"training: {tmp_path / 'nowhere.zip'} does not exist\n"


def test_help_does_not_wait_for_tensorflow() -> None:
    code = (
        "import sys, training.cli as c; c.build_parser().format_help(); sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("option", [["--epochs", "0"], ["--batch-size", "many"], ["--model", "vgg"]])
def test_wrong_options_are_refused(option: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["train", "--data", "faces.zip", *option])
    assert error.value.code == 2
