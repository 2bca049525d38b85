"""docs/contract.md says what the code says: its tables and examples are made of it."""

import re
from pathlib import Path

import pytest

from contract.codec import Event
from contract.events import FrameFaces
from tests.support.blocks import filled
from tests.support.golden import compare
from tests.support.msgpack_bytes import annotated
from tests.support.reference import BLOCKS
from tests.support.struct_sections import PAYLOADS

PAGE = Path(__file__).parents[2] / "docs/contract.md"


def test_the_reference_of_the_contract_is_that_of_the_code(write_golden: bool) -> None:
    compare(PAGE, filled(PAGE.read_text(), BLOCKS).encode(), write=write_golden)


def test_every_event_that_has_bytes_on_file_is_explained() -> None:
    explained = set(re.findall(r"^### (\w+)$", PAGE.read_text(), re.MULTILINE))
    assert {kind.__name__ for kind in Event.__args__} <= explained


def test_links_within_the_page_lead_somewhere() -> None:
    page = PAGE.read_text()
    headings = {re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-")
                for line in re.findall(r"^#+ (.*)$", page, re.MULTILINE)}  # fmt: skip
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings


def test_the_bytes_of_a_crop_are_counted_and_not_shown() -> None:
    shown = annotated((PAYLOADS / "frame_faces.msgpack").read_bytes(), FrameFaces)
    assert shown.count("crop: 2,304 bytes") == 2
    assert max(map(len, shown.splitlines())) < 110


def test_a_page_without_one_of_the_blocks_is_told() -> None:
    with pytest.raises(AssertionError, match="lacks a block"):
        filled(PAGE.read_text().replace("<!-- labels:", "<!-- label:"), BLOCKS)
