"""The command line of training: what is wrong with it is one line, and its help comes at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.faces import write_faces
from training.cli import main


def test_a_wrong_data_set_is_one_line_and_exit_status_1(
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


@pytest.mark.parametrize(
    "option",
    [
        ["--epochs", "0"],
        ["--batch-size", "many"],
        ["--model", "vgg"],
        ["--seed", "-1"],
        ["--seed", str(2**31)],
    ],
)
def test_wrong_options_are_refused(option: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["train", "--data", "faces.zip", *option])
    assert error.value.code == 2


def test_ctrl_c_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("training.cli._run", interrupt)
    assert main(["s3", "upload", "faces.zip", "s3://bucket/faces.zip"]) == 130
    assert capsys.readouterr().err == "stopped; the same command goes on where it was\n"


@pytest.mark.parametrize("option", ["--teacher", "--start"])
def test_a_run_to_learn_from_that_does_not_exist_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    data, nowhere = write_faces(tmp_path), tmp_path / "nowhere"
    assert main(["train", "--data", str(data), "--out", str(tmp_path / "run"), option, str(nowhere)]) == 1
    assert capsys.readouterr().err == f"training: {nowhere}/run.json does not exist\n"


def test_a_data_set_of_which_nothing_is_left_to_learn_from_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_faces(tmp_path, training_images=1)  # each is a test image, too
    assert main(["train", "--data", str(data), "--out", str(tmp_path / "run")]) == 1
    assert "too few images: 0 to learn from, 0 to validate on" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
