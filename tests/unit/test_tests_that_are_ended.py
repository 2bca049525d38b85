"""Tests that are ended before they are through leave nothing running."""

import os
import signal
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.services import Process, accepts, eventually, free_port

SERVER = textwrap.dedent("""
    import socket, sys
    server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    server.settimeout(300)  # it ends by itself when nobody asks for it any more
    while True:
        server.accept()
""")

WAITING = textwrap.dedent("""
    import sys, time
    from tests.support.services import Process, running
    from tests.unit.test_tests_that_are_ended import SERVER

    def test_that_waits(tmp_path):
        with running(Process([sys.executable, "-c", SERVER, "{port}"], tmp_path / "log")):
            time.sleep(300)
""")


@pytest.mark.parametrize("workers", ["0", "1"])
def test_what_tests_started_ends_with_them(workers: str, tmp_path: Path) -> None:
    port, waiting = free_port(), tmp_path / "test_waiting.py"
    waiting.write_text(WAITING.format(port=port))
    options = f"-c {os.devnull} -p tests.conftest -p no:cacheprovider -n {workers}".split()
    folders = [f"--rootdir={tmp_path}", f"--basetemp={tmp_path / 'base'}"]
    tests = Process(
        [sys.executable, "-m", "pytest", *options, *folders, str(waiting)], tmp_path / "log"
    ).start()
    try:
        eventually(lambda: accepts(port), what="the server of a test")
        tests.signal(signal.SIGTERM)
        tests.wait()
        eventually(lambda: not accepts(port), what="its end")
    finally:
        if tests.is_running():
            tests.kill()
