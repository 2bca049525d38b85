"""What a broker keeps, counted by what it tells."""

from collections.abc import Iterable

import pytest

from admin.retained import COUNT, UPTIME, Ledger, Retained
from contract.codec import encode
from contract.events import SCHEMA, CameraStatus
from contract.topics import Suffix, topic
from tests.support.events import CAMERA

STATUS = topic(CAMERA, Suffix.STATUS)
VERSION = "$SYS/broker/version"
CLIENTS = "$SYS/broker/clients/total"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(range(200))


def status() -> bytes:
    return encode(CameraStatus(SCHEMA, CAMERA, True, "1.0", "yunet", 5.0, 0))


def told(*messages: tuple[str, bytes]) -> Ledger:
    ledger = Ledger()
    for name, payload in messages:
        ledger.take(name, payload)
    return ledger


def kept(*names: str) -> Iterable[tuple[str, bytes]]:
    return ((name, b"x") for name in names)


def test_only_the_status_of_cameras_may_be_kept_by_the_broker() -> None:
    faces = topic(CAMERA, Suffix.FACES)
    assert Retained({STATUS: status()}, hidden=0).misfits == []
    assert {f.where for f in Retained({faces: b"x"}, hidden=0).misfits} == {faces}
    assert Retained({STATUS: JPEG}, hidden=0).misfits
    assert "3 messages" in Retained({}, hidden=3).misfits[0].what
    assert Retained({}, hidden=None).misfits


def test_a_broker_that_has_not_told_its_count_hides_nobody_knows_how_many() -> None:
    assert told(*kept(VERSION, UPTIME, STATUS)).hidden() is None


def test_a_count_is_held_against_what_was_kept_when_it_was_made() -> None:
    idle = told(*kept(VERSION, UPTIME, STATUS))
    idle.take(UPTIME, b"110 seconds")
    idle.take(CLIENTS, b"1")
    idle.take(COUNT, b"5")
    idle.take("$SYS/broker/heap/current", b"50000")  # which the next count has, and so that count itself
    assert idle.hidden() == 1
    idle.take(UPTIME, b"121 seconds")
    idle.take(COUNT, b"7")
    assert idle.hidden() == 1


def test_a_count_that_has_not_changed_still_holds() -> None:
    ledger = told(*kept(VERSION, UPTIME, STATUS), (COUNT, b"4"))
    ledger.take(UPTIME, b"110 seconds")
    assert ledger.hidden() == 0


def test_a_camera_that_came_meanwhile_hides_no_crop() -> None:
    ledger = told(*kept(VERSION, UPTIME), (COUNT, b"4"))  # one of them is hidden
    ledger.take(STATUS, status())
    ledger.take(UPTIME, b"110 seconds")
    ledger.take(COUNT, b"5")
    assert ledger.hidden() == 1


@pytest.mark.parametrize("nonsense", [b"", b"many", b"-1"])
def test_a_count_that_is_no_number_is_none(nonsense: bytes) -> None:
    assert told(*kept(UPTIME), (COUNT, nonsense)).hidden() is None


def test_what_is_taken_back_is_not_kept() -> None:
    ledger = told(*kept(UPTIME, STATUS, "moodlens/v1/shop-1/b/status"))
    ledger.take(STATUS, b"")
    assert set(ledger.kept) == {UPTIME, "moodlens/v1/shop-1/b/status"}
