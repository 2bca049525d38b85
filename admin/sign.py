"""A sign for a shop window: large letters, a drawn camera and face, everything on one page."""

from typing import Final, Literal

from admin.errors import Refused
from admin.page import ACCENT, FONT, INK, PAPER_MM, QUIET, Page, printable
from admin.prose import GAP, Block, Shape

LEAST_SCALE: Final = 0.72
"""Smaller letters nobody reads in passing."""

MOST_SCALE: Final = 1.4

_STEP: Final = 0.02
_TO_WRITE: Final = "_" * 28
_BOX_FILL: Final = (232, 240, 245)
_BAND_MM: Final = 56.0
_FOOT_MM: Final = 11.0


def draw_sign(blocks: list[Block], size: Literal["A4", "A5"], language: str, foot: str) -> bytes:
    """A PDF of one page, with letters as large as fit.

    Args:
        blocks: a title, what is said first, headings and their words, a rule, and the same for the box below.
        size: of the paper.
        language: its code.
        foot: said in small letters at the bottom.

    Raises:
        Refused: there is too much text, or a letter cannot be printed.
    """
    scale = MOST_SCALE
    while scale >= LEAST_SCALE:
        sign = _Sign(blocks, size, language, scale)
        if sign.fits:
            sign.finish(foot)
            return bytes(sign.pdf.output())
        scale -= _STEP
    raise Refused("a sign cannot hold so much: shorten the names, the contact or the purpose")


class _Sign:
    """One attempt to draw a sign, with letters of one scale."""

    def __init__(self, blocks: list[Block], size: Literal["A4", "A5"], language: str, scale: float) -> None:
        self.width, self.height = PAPER_MM[size]
        self._paper = self.width / PAPER_MM["A4"][0]
        self._letters = self._paper * scale
        self._margin = 17 * self._paper
        self.pdf = Page(size, printable(blocks[0].text), language)
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(self._margin)
        self.pdf.add_page()
        rule = next(i for i, block in enumerate(blocks) if block.shape is Shape.RULE)
        self._band(blocks[0].text)
        self._lead(blocks[1].text)
        self._points(blocks[2:rule])
        self._end_of_points = self.pdf.get_y()
        self._box_height = self._box(blocks[rule + 1 :], draw=False)

    @property
    def fits(self) -> bool:
        """Whether words and box are above the foot, and the title within its band."""
        room = self.height - _FOOT_MM * self._paper - self._end_of_points
        return self._box_height + 5 * self._paper <= room and self._title_fits

    def finish(self, foot: str) -> None:
        """Draws the box, at the bottom, and the foot."""
        foot_at = self.height - _FOOT_MM * self._paper
        self.pdf.set_y(foot_at - self._box_height)
        self._box(self._boxed, draw=True)
        self.pdf.set_xy(self._margin, foot_at + 2.4 * self._paper)
        self.pdf.set_font(FONT, "", 7.5 * self._paper + 1)
        self.pdf.set_text_color(*QUIET)
        self.pdf.cell(0, 3.4, printable(foot), align="C")

    def _band(self, title: str) -> None:
        pdf, unit = self.pdf, self._paper
        band = _BAND_MM * unit
        pdf.set_fill_color(*ACCENT)
        pdf.rect(0, 0, self.width, band, style="F")
        _draw_icon(pdf, self._margin, 10 * unit, 36 * unit)
        x = self._margin + 44 * unit
        size = 30 * min(self._letters, unit)
        width = self.width - x - self._margin
        height = pdf.height_of(title, size, bold=True, width=width)
        self._title_fits = height <= band - 8 * unit
        pdf.set_xy(x, (band - height) / 2)
        pdf.words(title, size, bold=True, colour=(255, 255, 255), width=width)
        pdf.set_xy(self._margin, band + 8 * unit)

    def _lead(self, text: str) -> None:
        self.pdf.words(text, 15.5 * self._letters)
        self.pdf.ln(4.5 * self._letters)

    def _points(self, blocks: list[Block]) -> None:
        for block in blocks:
            if block.shape is Shape.HEADING:
                self.pdf.ln(2.6 * self._letters)
                self.pdf.words(block.text, 17 * self._letters, bold=True, colour=ACCENT)
                self.pdf.ln(0.6 * self._letters)
            else:
                self.pdf.words(block.text, 13.5 * self._letters)
                self.pdf.ln(1.4 * self._letters)

    def _box(self, blocks: list[Block], *, draw: bool) -> float:
        """Its height; where it is drawn, it begins at the cursor."""
        self._boxed = blocks
        pdf, pad = self.pdf, 5 * self._paper
        top = pdf.get_y()
        if draw:
            pdf.set_fill_color(*_BOX_FILL)
            width = self.width - 2 * self._margin + 2 * pad
            pdf.rect(self._margin - pad, top, width, self._box_height, style="F")
        height = pad
        pdf.set_xy(self._margin, top + pad)
        for block in blocks:
            heading = block.shape is Shape.HEADING
            size = (17 if heading else 13.5) * self._letters
            text = GAP.sub(_TO_WRITE, block.text)
            if draw:
                pdf.words(text, size, bold=heading, colour=ACCENT if heading else INK)
            height += pdf.height_of(text, size, bold=heading) + 1.6 * self._letters
            pdf.set_xy(self._margin, top + height)
        return height + pad - 1.6 * self._letters


def _draw_icon(pdf: Page, x: float, y: float, side: float) -> None:
    """A camera that looks at a face, in a square of ``side`` mm."""
    unit = side / 36
    pdf.set_line_width(1.3 * unit)
    pdf.set_draw_color(255, 255, 255)
    pdf.set_fill_color(255, 255, 255)
    pdf.rect(x, y, 20 * unit, 11 * unit, style="F", round_corners=True, corner_radius=2 * unit)
    lens = ((21.0, 5.5), (26.0, 2.0), (26.0, 9.0))
    pdf.polygon([(x + right * unit, y + down * unit) for right, down in lens], style="F")
    pdf.set_fill_color(*ACCENT)
    pdf.circle(x + 6 * unit, y + 5.5 * unit, 2.6 * unit, style="F")
    cx, cy, radius = x + 23 * unit, y + 24 * unit, 11 * unit
    pdf.circle(cx, cy, radius, style="D")
    pdf.set_fill_color(255, 255, 255)
    for side_of in (-1, 1):
        pdf.circle(cx + side_of * 4 * unit, cy - 3 * unit, 1.3 * unit, style="F")
    pdf.arc(cx - 5 * unit, cy - 3 * unit, 10 * unit, 25, 155, b=9 * unit, style="D")
