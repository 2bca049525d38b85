"""The command that draws a badge; tests/browser holds what it draws against a real browser."""

from pathlib import Path

import pytest

from tests.support.services import program


def test_a_badge_is_written_and_where_it_is_read_from_is_said(tmp_path: Path) -> None:
    file, log = tmp_path / "badge.svg", tmp_path / "producer.log"
    command = program("producer", ["badge", "--id", "7", "--size-mm", "120", "--to", str(file)], log).start()
    assert command.wait() == 0, command.output
    assert file.read_text().startswith('<svg xmlns="http://www.w3.org/2000/svg" width="160mm"')
    assert "faces are at least 24 pixels high" in command.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--id", "50", "--to", "badge.svg"], "50 is not from 0 to 49"),
        (["--id", "1", "--size-mm", "5", "--to", "badge.svg"], "5 is not from 20 to 200"),
        (["--id", "1", "--to", "nowhere/badge.svg"], "nowhere/badge.svg cannot be written: no such file"),
    ],
)
def test_a_badge_that_cannot_be_is_told_in_one_line(given: list[str], said: str, tmp_path: Path) -> None:
    command = program("producer", ["badge", *given], tmp_path / "producer.log").start()
    assert command.wait() != 0
    assert said in command.output.splitlines()[-1]
    assert "Traceback" not in command.output
