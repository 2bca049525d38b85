import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from admin.cli import build_parser
from admin.errors import Refused
from admin.inventory import kinds
from admin.notice import SIGN, TEXTS, make_papers, text_of, zipped
from admin.particulars import CROP_GONE_S, UNKNOWN, Keeping, Shop, particulars
from admin.prose import Block, Shape, blocks, filled
from admin.sign import draw_sign
from admin.words import PAPERS, Language, Words, read_words
from contract.events import CROP_LIFETIME_S, PREVIEW_FOR_S
from contract.labels import LABELS
from contract.retention import STANDARD, Retention
from contract.windows import KEPT_MS, Resolution
from tests.support.services import free_port

SHOP = Shop("Café „Größe“ – Filiale 1", "privacy@shop.example", "Shop GmbH, Hauptstraße 1, Köln", "", 5)
TODAY = date(2026, 11, 26)
POINTS_A_MM = 72 / 25.4
SIZES_MM = {"a4": (210, 297), "a5": (148, 210)}


@pytest.fixture(scope="module")
def papers() -> dict[str, bytes]:
    return make_papers(SHOP, list(Language), "1.2.3", TODAY)


def papers_of(keeping: Keeping) -> dict[str, bytes]:
    return make_papers(replace(SHOP, keeping=keeping), list(Language), "1.2.3", TODAY)


def words_of(pdf: bytes) -> str:
    """The text of all pages, with single spaces, as one line."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join(" ".join(pages).split())


def sizes_mm(pdf: bytes) -> list[tuple[int, int]]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [
            (round(page.get_width() / POINTS_A_MM), round(page.get_height() / POINTS_A_MM))
            for page in document
        ]


def language_of(name: str) -> Words:
    return read_words(Language(name.split(".")[1]))


def test_there_is_a_sign_of_each_size_and_every_paper_in_each_language(papers: dict[str, bytes]) -> None:
    names = [f"{SIGN}-a4", f"{SIGN}-a5", *TEXTS]
    assert set(papers) == {f"{name}.{language}.pdf" for name in names for language in Language}


def test_signs_are_one_page_of_their_size_and_papers_are_a4(papers: dict[str, bytes]) -> None:
    for name, pdf in papers.items():
        size = SIZES_MM["a5" if "-a5." in name else "a4"]
        assert set(sizes_mm(pdf)) == {size}, name
        assert len(sizes_mm(pdf)) == 1 or not name.startswith(SIGN), name
        assert len(sizes_mm(pdf)) <= 4, name


def test_every_paper_says_whose_it_is_and_that_it_is_no_legal_advice(papers: dict[str, bytes]) -> None:
    for name, pdf in papers.items():
        text, words = words_of(pdf), language_of(name)
        assert SHOP.store in text, name
        assert words.notice.advice in text.lower() or words.notice.advice in text, name
        assert words.day(TODAY) in text, name
        assert "1.2.3" in text, name
        assert SHOP.contact in text or name.startswith("works-council"), name
        assert not re.search(r"[{}]|\*\*|\[\[|\]\]", text), f"markup is left in {name}"


def test_retention_and_lifetimes_are_those_of_the_code(papers: dict[str, bytes]) -> None:
    for name, pdf in papers.items():
        text, words = words_of(pdf), language_of(name)
        told = (
            [KEPT_MS[Resolution.HOUR], KEPT_MS[Resolution.DAY]] if name.startswith(SIGN) else KEPT_MS.values()
        )
        assert all(words.duration(ms) in text for ms in told), name
        assert str(CROP_GONE_S) in text, name
        if not name.startswith(SIGN):
            assert str(CROP_LIFETIME_S) in text, name
    assert KEPT_MS[Resolution.HOUR] == 400 * 86_400_000, "signs in shop windows say otherwise"
    assert "400 days" in words_of(papers[f"{SIGN}-a4.en.pdf"])
    assert "5 Jahre" in words_of(papers[f"{SIGN}-a5.de.pdf"])


def test_papers_say_what_a_site_keeps_itself() -> None:
    kept = Retention.read([None, None, b"7d", b"90d", b"2y"])
    papers = papers_of(Keeping.of([kept, kept]))
    assert "by the hour for 90 days, by the day for 2 years" in words_of(papers[f"{SIGN}-a4.en.pdf"])
    for name in TEXTS:
        text = words_of(papers[f"{name}.en.pdf"])
        assert "Sums of a quarter of an hour 7 days" in text, name
        assert "Sums of an hour 90 days" in text, name
        assert "Sums of a minute 2 days" in text, name
        assert "at most 400 days" not in text, name


@pytest.mark.parametrize(
    "keeping",
    [Keeping.of([Retention.read([None, None, None, b"90d", None]), STANDARD]), UNKNOWN],
    ids=["sites differ", "nobody could be asked"],
)
def test_papers_say_the_longest_where_no_one_time_holds(keeping: Keeping) -> None:
    papers = papers_of(keeping)
    assert "by the hour for at most 400 days" in words_of(papers[f"{SIGN}-a5.en.pdf"])
    assert "nach Stunden höchstens 400 Tage lang" in words_of(papers[f"{SIGN}-a4.de.pdf"])
    assert "Summen einer Stunde höchstens 400 Tage" in words_of(papers["dpia.de.pdf"])
    exact = "Sums of a day 5 years" in words_of(papers["dpia.en.pdf"])
    assert exact == (keeping is not UNKNOWN), "of days all sites say the same"


def test_the_impact_assessment_and_the_record_list_all_that_is_stored(papers: dict[str, bytes]) -> None:
    for name in ("dpia", "processing-record"):
        for language in Language:
            text, words = words_of(papers[f"{name}.{language}.pdf"]), read_words(language)
            rows = [f"{words.stored[kind.name]} {words.kept(kind)}" for kind in kinds()]
            assert [row for row in rows if row not in text] == []
    assert f"{PREVIEW_FOR_S // 60} min" in words_of(papers["dpia.en.pdf"])


def test_signs_name_the_expressions_and_k(papers: dict[str, bytes]) -> None:
    for language in Language:
        words = read_words(language)
        for size in SIZES_MM:
            text = words_of(papers[f"{SIGN}-{size}.{language}.pdf"])
            assert all(words.expressions[label] in text for label in LABELS)
            assert SHOP.controller in text
    assert "of 5 visits or more" in words_of(papers[f"{SIGN}-a4.en.pdf"])


def test_german_letters_and_quotes_are_as_they_should_be(papers: dict[str, bytes]) -> None:
    assert "Datenschutz-Folgenabschätzung" in words_of(papers["dpia.de.pdf"])
    assert "„admin data-map“" in words_of(papers["dpia.de.pdf"])
    assert "Café „Größe“" in words_of(papers[f"{SIGN}-a5.en.pdf"])
    for text in PAPERS.iterdir():
        if ".de." in text.name:
            content = text.read_text(encoding="utf-8")
            assert not re.search(r"\b(ueber|fuer|Groesse|koennen|muessen)\b", content), text.name
            assert text.name.endswith(".toml") or '"' not in content, f"{text.name} has a straight quote"


def test_nothing_is_drawn_over_the_edge_and_words_keep_off_it(papers: dict[str, bytes]) -> None:
    for name, pdf in papers.items():
        with pypdfium2.PdfDocument(pdf) as document:
            for page in document:
                least = 8 * POINTS_A_MM * (0.7 if "-a5." in name else 1)
                for mark in page.get_objects():
                    if mark.type == pypdfium2.raw.FPDF_PAGEOBJ_TEXT:
                        left, bottom, right, top = mark.get_bounds()
                        assert left >= least, name
                        assert right <= page.get_width() - least, name
                        assert bottom >= least / 2, name
                        assert top <= page.get_height() - least, name


def test_what_is_not_told_is_a_gap_to_be_filled_in() -> None:
    papers = make_papers(Shop("Shop", "a@b.example", "", "", 7), [Language.ENGLISH], "1", TODAY)
    assert "Responsible: ____" in words_of(papers[f"{SIGN}-a4.en.pdf"])
    assert "[name and address of the controller]" in words_of(papers["dpia.en.pdf"])
    assert words_of(papers["dpia.en.pdf"]).count("To fill in:") >= 10
    assert "of 7 visits or more" in words_of(papers[f"{SIGN}-a4.en.pdf"])


def test_long_particulars_still_fit_a_sign_or_are_refused() -> None:
    long = Shop(
        "The very long name of a store " * 3, "someone@a-long-name.example", "Ltd " * 30, "to know " * 15, 5
    )
    signs = make_papers(long, list(Language), "1", TODAY)
    assert len(sizes_mm(signs[f"{SIGN}-a5.de.pdf"])) == 1
    with pytest.raises(Refused, match="at most 160 characters"):
        make_papers(Shop("x" * 161, "a", "", "", 5), [Language.ENGLISH], "1", TODAY)
    known = particulars(SHOP, read_words(Language.ENGLISH), "1", TODAY)
    too_much = [*text_of(SIGN, Language.ENGLISH, known), *[Block(Shape.PARAGRAPH, "more and more " * 40)] * 5]
    with pytest.raises(Refused, match="cannot hold so much"):
        draw_sign(too_much, "A4", "en", "")


@pytest.mark.parametrize(
    ("shop", "why"),
    [
        (Shop("Łódź", "a@b", "", "", 5), "the letter 'Ł' cannot be printed"),
        (Shop("Shop\nTwo", "a@b", "", "", 5), "one line"),
        (Shop(" ", "a@b", "", "", 5), "--store is empty"),
        (Shop("Shop", "", "", "", 5), "--contact is empty"),
        (Shop("Shop", "a@b", "", "", 1), "k = 1"),
    ],
)
def test_what_cannot_stand_on_a_sign_is_refused_in_a_line(shop: Shop, why: str) -> None:
    with pytest.raises(Refused, match=re.escape(why)) as refused:
        make_papers(shop, [Language.ENGLISH], "1", TODAY)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("language", list(Language))
def test_texts_use_known_particulars_and_have_the_same_parts_in_each_language(language: Language) -> None:
    known = particulars(SHOP, read_words(language), "1", TODAY)
    used = set()
    for name in (SIGN, *TEXTS):
        text = PAPERS.joinpath(f"{name}.{language}.md").read_text(encoding="utf-8")
        used |= set(re.findall(r"\{(\w+)\}", text))
        english = PAPERS.joinpath(f"{name}.en.md").read_text(encoding="utf-8")
        assert [block.shape for block in blocks(text)] == [block.shape for block in blocks(english)], name
    assert used == set(known), "a particular is missing, or stands nowhere"


def test_a_text_is_read_as_its_parts() -> None:
    text = "# A {name}\none\nline\n\n## H\n- p1\n- p2\n| a | b |\n| 1 | [[gap]] |\n? q\n---\nend"
    assert blocks(filled(text, {"name": "title"})) == [
        Block(Shape.TITLE, "A title"),
        Block(Shape.PARAGRAPH, "one line"),
        Block(Shape.HEADING, "H"),
        Block(Shape.POINT, "p1"),
        Block(Shape.POINT, "p2"),
        Block(Shape.TABLE, rows=(("a", "b"), ("1", "[[gap]]"))),
        Block(Shape.GAP, "q"),
        Block(Shape.RULE),
        Block(Shape.PARAGRAPH, "end"),
    ]
    with pytest.raises(KeyError):
        filled("{other}", {"name": "x"})


def test_the_command_writes_a_folder_or_one_zip_and_needs_no_redis(
    tmp_path: Path,
    papers: dict[str, bytes],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOODLENS_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    words = ["notice", "--store", "Shop 1", "--contact", "a@b.example", "--language", "de"]
    for more in (["--folder", str(tmp_path / "out")], ["--output", str(tmp_path / "all.zip")]):
        arguments = build_parser().parse_args([*words, *more])
        assert arguments.do(arguments) is None
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {name for name in papers if ".de." in name}
    said = capsys.readouterr()
    assert "Redis does not answer" in said.err
    assert "Papers say the longest that figures can be kept." in said.err
    told = said.out.splitlines()
    assert {Path(line).name for line in told} == written
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert set(archive.namelist()) == written
    with zipfile.ZipFile(io.BytesIO(zipped(papers))) as archive:
        assert archive.testzip() is None
    (tmp_path / "file").write_text("")
    arguments = build_parser().parse_args([*words, "--folder", str(tmp_path / "file")])
    with pytest.raises(Refused, match="file"):
        arguments.do(arguments)
