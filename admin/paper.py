"""A paper to be read and filled in: its text as a PDF of A4 pages."""

from typing import Final

from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from admin.page import ACCENT, FONT, INK, QUIET, Page, printable
from admin.prose import GAP, Block, Shape
from admin.words import Words

MARGIN_MM: Final = 20.0
TEXT_POINTS: Final = 10.0
GAP_POINTS: Final = 8.8

_GAP_FILL: Final = (255, 246, 214)
_GAP_EDGE: Final = (214, 176, 72)
_HEAD_FILL: Final = (226, 234, 240)
_GAP_MM: Final = 11.0


class _Paper(Page):
    def __init__(self, title: str, language: str, foot: str, page: str) -> None:
        super().__init__("A4", title, language)
        self._foot, self._page = foot, page
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(True, MARGIN_MM + 4)

    def footer(self) -> None:
        self.set_y(-MARGIN_MM + 4)
        self.set_font(FONT, "", 7.5)
        self.set_text_color(*QUIET)
        self.cell(0, 4, printable(self._foot), align="L", new_x=XPos.LMARGIN, new_y=YPos.TOP)
        page = self._page.format(page=self.page_no(), pages="{nb}")
        self.cell(0, 4, printable(page), align="R")


def draw_paper(blocks: list[Block], words: Words, language: str, foot: str) -> bytes:
    """A PDF.

    Args:
        blocks: of the text, the title first.
        words: of its language.
        language: its code.
        foot: said at the foot of each page.

    Raises:
        Refused: a letter cannot be printed.
    """
    pdf = _Paper(printable(blocks[0].text), language, foot, words.notice.page)
    pdf.add_page()
    for block in blocks:
        _draw(pdf, block, words)
    return bytes(pdf.output())


def _draw(pdf: _Paper, block: Block, words: Words) -> None:
    text = GAP.sub(r"**[\1]**", block.text)
    match block.shape:
        case Shape.TITLE:
            pdf.words(text, 19, bold=True, colour=ACCENT)
            pdf.ln(2)
        case Shape.HEADING:
            if pdf.will_page_break(26):
                pdf.add_page()
            pdf.ln(3)
            pdf.words(text, 12.5, bold=True, colour=ACCENT)
            pdf.ln(0.8)
        case Shape.PARAGRAPH:
            pdf.words(text, TEXT_POINTS)
            pdf.ln(1.6)
        case Shape.POINT:
            _draw_point(pdf, text)
        case Shape.TABLE:
            _draw_table(pdf, block.rows)
        case Shape.GAP:
            _draw_gap(pdf, words.notice.gap, text)
        case Shape.RULE:
            pdf.ln(3)


def _draw_point(pdf: _Paper, text: str) -> None:
    left = pdf.l_margin
    pdf.set_font(FONT, "", TEXT_POINTS)
    if pdf.will_page_break(10):
        pdf.add_page()
    pdf.set_text_color(*ACCENT)
    pdf.cell(5, 4.65, "•", new_x=XPos.RIGHT, new_y=YPos.TOP)
    pdf.words(text, TEXT_POINTS)
    pdf.set_x(left)
    pdf.ln(1)


def _draw_table(pdf: _Paper, rows: tuple[tuple[str, ...], ...]) -> None:
    pdf.set_font(FONT, "", GAP_POINTS)
    pdf.set_text_color(*INK)
    pdf.set_draw_color(190, 198, 206)
    pdf.set_fill_color(255, 255, 255)
    longest = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    widths = [min(max(length, 12), 70) for length in longest]
    head = FontFace(emphasis="BOLD", fill_color=_HEAD_FILL, color=INK)
    with pdf.table(
        col_widths=widths,
        borders_layout=TableBordersLayout.ALL,
        headings_style=head,
        line_height=4.3,
        padding=(0.8, 1.6),
        text_align="LEFT",
        markdown=True,
        repeat_headings=1,
    ) as table:
        for row in rows:
            line = table.row()
            for cell in row:
                gap = FontFace(fill_color=_GAP_FILL) if GAP.search(cell) else None
                line.cell(printable(GAP.sub(r"[\1]", cell)), style=gap)
    pdf.ln(2.4)


def _draw_gap(pdf: _Paper, label: str, text: str) -> None:
    """A field to write into: what belongs there, and room for it."""
    question = f"**{label}:** {text}"
    height = _GAP_MM + pdf.height_of(question, GAP_POINTS, width=pdf.epw - 4)
    if pdf.will_page_break(height + 1):
        pdf.add_page()
    x, y = pdf.l_margin, pdf.get_y()
    pdf.set_fill_color(*_GAP_FILL)
    pdf.set_draw_color(*_GAP_EDGE)
    pdf.rect(x, y, pdf.epw, height, style="DF")
    pdf.set_xy(x + 2, y + 1.4)
    pdf.words(question, GAP_POINTS, width=pdf.epw - 4)
    pdf.set_xy(x, y + height + 1.8)
