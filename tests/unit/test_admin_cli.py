"""The command line of an operator: every command is there, and none waits for what another needs."""

import argparse
import subprocess
import sys

import pytest

from admin.cli import COMMANDS, build_parser


def offered(words: tuple[str, ...]) -> list[str]:
    (commands,) = [one for one in build_parser(words)._actions if isinstance(one, argparse._SubParsersAction)]
    return list(commands.choices)


def test_the_table_of_commands_is_what_the_modules_add() -> None:
    assert offered(()) == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_found_without_the_modules_of_others(command: str) -> None:
    assert offered((command, "--help")) == [word for word in COMMANDS if COMMANDS[word] == COMMANDS[command]]


def test_a_word_that_is_no_command_is_told_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser(("enrol",)).parse_args(["enrol"])
    told = capsys.readouterr().err
    assert "'enrol'" in told
    assert all(word in told for word in COMMANDS)


def test_a_site_is_shown_without_pandas_and_the_pdf_writer() -> None:
    script = (
        "import sys, admin.cli as c; c.build_parser(['site']); print({'pandas', 'fpdf'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
