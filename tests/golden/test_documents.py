"""What documents point to is there: pages, headings, files, tests, settings."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = "|".join(
    path.name for path in sorted(ROOT.iterdir()) if path.is_dir() and not path.name.startswith(".")
)
OF_COMPOSE = (ROOT / "docker-compose.yml").read_text()
OF_SETTINGS = (ROOT / "docs" / "settings.md").read_text()
OF_PROGRAMS = "".join(
    path.read_text() for folder in ("tests", "edge") for path in (ROOT / folder).rglob("*.py")
)


@cache
def anchors(document: Path) -> set[str]:
    """Of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def named(document: Path, pattern: str) -> set[str]:
    return set(re.findall(pattern, document.read_text()))


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


def test_links_lead_somewhere(document: Path) -> None:
    lost = []
    for link in named(document, r"\]\(([^)\s]+)\)"):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = document.parent / file if file else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert not lost


def test_files_that_are_named_are_there(document: Path) -> None:
    files = named(document, rf"`((?:{FOLDERS})/[\w/.-]*\.\w+)`")
    tests = named(document, r"`(test_\w+\.py)`")
    lost = [file for file in files if not (ROOT / file).exists()]
    lost += [test for test in tests if not list((ROOT / "tests").rglob(test))]
    assert not lost


def test_settings_that_are_named_exist(document: Path) -> None:
    settings = named(document, r"\bMOODLENS_[A-Z0-9_]*[A-Z0-9]\b")
    assert not [name for name in settings if name not in OF_SETTINGS + OF_COMPOSE + OF_PROGRAMS]
