"""A page that is printed: what fpdf2 is told alike for signs and papers."""

from typing import Final, Literal, cast

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from admin.errors import Refused

FONT: Final = "helvetica"
"""Every reader has it, so that nothing is embedded or fetched; it has the letters of Western Europe."""

ENCODING: Final = "cp1252"

INK: Final = (28, 36, 48)
QUIET: Final = (96, 104, 116)
ACCENT: Final = (18, 66, 96)

PAPER_MM: Final = {"A4": (210.0, 297.0), "A5": (148.0, 210.0)}

_LINE_MM: Final = 25.4 / 72 * 1.32
"""Height of a line, for each point of its letters."""


class Page(FPDF):
    """An FPDF of one size, with the letters of Western Europe.

    Args:
        size: of the paper.
        title: of the document.
        language: its code.
    """

    def __init__(self, size: Literal["A4", "A5"], title: str, language: str) -> None:
        super().__init__(format=PAPER_MM[size])
        self.core_fonts_encoding = ENCODING
        self.c_margin = 0.0
        self.set_title(title)
        self.set_lang(language)
        self.set_creator("MoodLens")
        self.set_text_color(*INK)

    def words(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
        width: float = 0,
    ) -> None:
        """A paragraph at the cursor, which then stands below it.

        Args:
            text: ``**…**`` is bold.
            size: of its letters, points.
            bold: all of it.
            colour: red, green, blue.
            width: mm; 0: up to the margin.
        """
        self.set_font(FONT, "B" if bold else "", size)
        self.set_text_color(*colour)
        self.multi_cell(
            width,
            size * _LINE_MM,
            printable(text),
            align="L",
            markdown=True,
            new_x=XPos.LEFT,
            new_y=YPos.NEXT,
        )

    def height_of(self, text: str, size: float, *, bold: bool = False, width: float = 0) -> float:
        """How many mm the paragraph would take that ``words`` would write."""
        self.set_font(FONT, "B" if bold else "", size)
        height = self.multi_cell(
            width,
            size * _LINE_MM,
            printable(text),
            align="L",
            markdown=True,
            dry_run=True,
            output=MethodReturnValue.HEIGHT,
        )
        return cast("float", height)  # that is what was asked for


def printable(text: str) -> str:
    """The text, if its letters can be printed.

    Raises:
        Refused: names one that cannot.
    """
    for letter in text:
        try:
            letter.encode(ENCODING)
        except UnicodeEncodeError:
            raise Refused(f"the letter {letter!r} cannot be printed; spell the word without it") from None
    return text
