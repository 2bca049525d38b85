import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.children import Child, Command, how_ended
from demo.errors import ChildDied, Interrupted, NotReady
from demo.readiness import wait_until_ready
from demo.supervision import PAUSE_MAX_S, STEADY_S, Supervisor, pause_s
from tests.support.services import eventually

FAMILY = textwrap.dedent("""
    import os, subprocess, sys
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
    print(os.getpid(), child.pid, flush=True)
    child.wait()
""")
"""A program that starts another and says both their numbers."""

STUBBORN = textwrap.dedent("""
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("deaf", flush=True)
    while True:
        signal.pause()
""")

ONE_SIGNAL = textwrap.dedent("""
    import signal, time
    def hear(number, frame):
        signal.signal(number, signal.SIG_DFL)
        print("heard", flush=True)
    signal.signal(signal.SIGTERM, hear)
    print("listens", flush=True)
    signal.pause()
    time.sleep(0.5)  # its last work
    print("finished", flush=True)
""")
"""As every part of the system: the first signal is a request, a second one ends it."""

PARENT = textwrap.dedent("""
    import os, signal, sys
    from demo.children import Child, Command
    command = Command("family", (sys.executable, "-c", sys.argv[1]), os.environ, remove=sys.argv[2])
    child = Child(command, lambda line: print(line, flush=True), verbose=True)
    child.start()
    print(child.pid, flush=True)
    while True:
        signal.pause()
""")


class Household:
    """Children to start, and what they said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.children: list[Child] = []

    def child(self, code: str, *, verbose: bool = True, quiet: bool = False, program: str = "") -> Child:
        command = Command("child", (sys.executable, "-c", code), os.environ, quiet=quiet, program=program)
        child = Child(command, self.said.append, verbose=verbose)
        self.children.append(child)
        child.start()
        return child


@pytest.fixture
def household() -> Iterator[Household]:
    household = Household()
    yield household
    for child in household.children:
        child.kill()


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet buried does not."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(told.stdout.strip()) and not told.stdout.startswith("Z")


def ended(child: Child) -> str:
    eventually(lambda: not child.is_running, 10, "the end")
    return child.why_ended()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_death_of_the_parent_leaves_nobody_and_nothing(tmp_path: Path, number: int) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "file").write_text("text")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, FAMILY, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    words = [parent.stdout.readline(), parent.stdout.readline()]
    pids = [int(word) for line in words for word in line.replace("[family]", "").split()]
    assert len(pids) == 3
    assert all(is_alive(pid) for pid in pids)
    parent.send_signal(number)
    parent.wait()
    eventually(lambda: not any(is_alive(pid) for pid in pids), 10, "the deaths")
    assert not folder.exists()
    parent.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_the_command_dies_with_its_wrapper(household: Household) -> None:
    child = household.child("import os, signal; print(os.getpid(), flush=True); signal.pause()")
    pid = int(eventually(lambda: household.said, 10, "its number")[0].split()[-1])
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: not is_alive(pid), 10, "the death")
    assert ended(child) == f"ended by SIGKILL; its last line: {pid}"


def test_stopping_ends_all_that_a_child_started(household: Household) -> None:
    child = household.child(FAMILY)
    line = eventually(lambda: household.said, 10, "the numbers")[0]
    pids = [int(word) for word in line.split()[1:]]
    child.stop(5)
    eventually(lambda: not any(is_alive(pid) for pid in pids), 5, "the deaths")


def test_who_does_not_listen_is_killed(household: Household) -> None:
    child = household.child(STUBBORN)
    eventually(lambda: "[child] deaf" in household.said, 10, "it to be deaf")
    child.stop(0.3)
    assert not child.is_running


def test_who_was_asked_to_stop_is_not_signalled_again(household: Household) -> None:
    child = household.child(ONE_SIGNAL)
    eventually(lambda: "[child] listens" in household.said, 10, "it to listen")
    child.ask_to_stop()
    eventually(lambda: "[child] heard" in household.said, 10, "it to hear")
    child.stop(10)
    assert child.why_ended() == "finished"


def test_lines_are_passed_on_with_the_name_before_them(household: Household) -> None:
    child = household.child("import sys; print('out'); print('err', file=sys.stderr)")
    ended(child)
    assert sorted(household.said) == ["[child] err", "[child] out"]


def test_a_quiet_child_is_heard_only_when_it_has_ended(household: Household) -> None:
    child = household.child("import sys; sys.exit('no room')", verbose=False, quiet=True)
    assert ended(child) == "no room"
    assert household.said == []


def test_why_a_program_ended_is_its_own_last_line_said_once(household: Household) -> None:
    code = "import sys; sys.stderr.write('12:00:00 a warning\\nproducer: no such file\\n'); sys.exit(1)"
    child = household.child(code, verbose=False, program="producer")
    assert ended(child) == "no such file"
    assert household.said == ["[child] 12:00:00 a warning"]


def test_who_ends_without_a_word_is_described(household: Household) -> None:
    assert ended(household.child("import sys; sys.exit(3)")) == "exit status 3"
    assert ended(household.child("import os; os.kill(os.getpid(), 9)")) == "ended by SIGKILL"
    assert how_ended(-15) == "ended by SIGTERM"


def test_a_command_that_cannot_be_started_is_named() -> None:
    child = Child(Command("child", ("/nowhere/program",), os.environ), lambda _line: None, verbose=False)
    child.start()
    assert ended(child) == "cannot start /nowhere/program: no such file or directory"
    child.kill()


def test_readiness_is_waited_for_up_to_a_limit(household: Household) -> None:
    child = household.child("import signal; signal.pause()")
    stop = threading.Event()
    answers = iter([False, True])
    wait_until_ready(child, lambda: next(answers), 5, stop)
    with pytest.raises(NotReady, match="child did not come up within 0 s"):
        wait_until_ready(child, lambda: False, 0.1, stop)
    stop.set()
    with pytest.raises(Interrupted):
        wait_until_ready(child, lambda: False, 5, stop)


def test_a_child_that_ends_before_it_is_ready_tells_why(household: Household) -> None:
    child = household.child("import sys; sys.exit('port taken')")
    with pytest.raises(ChildDied, match="child: port taken"):
        wait_until_ready(child, lambda: False, 10, threading.Event())


def test_pauses_grow_up_to_a_limit() -> None:
    assert [pause_s(failures) for failures in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert pause_s(1000) == PAUSE_MAX_S


def test_who_ended_is_started_again_after_growing_pauses(household: Household) -> None:
    now_s = 100.0
    supervisor = Supervisor(household.said.append, lambda: now_s)
    child = household.child("import sys; sys.exit('failed')", verbose=False, quiet=True)
    supervisor.watch(child)
    for wait in ("0.5", "1", "2"):
        ended(child)
        supervisor.look()
        assert household.said[-1] == f"demo: child has ended: failed; starting it again in {wait} s"
        first = child.pid
        now_s += float(wait) - 0.1
        supervisor.look()
        assert child.pid == first
        now_s += 0.1
        supervisor.look()
        assert child.pid != first
    now_s += STEADY_S
    ended(child)
    supervisor.look()
    assert household.said[-1].endswith("in 0.5 s")


def test_nothing_goes_on_without_a_vital_one(household: Household) -> None:
    supervisor = Supervisor(household.said.append, lambda: 0.0)
    child = household.child("import sys; sys.exit('out of memory')", verbose=False, quiet=True)
    supervisor.watch(child, vital=True)
    ended(child)
    with pytest.raises(ChildDied, match="child has ended: out of memory"):
        supervisor.look()
