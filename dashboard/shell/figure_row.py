"""Single figures side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import streamlit as st

WIDTH_PX: Final = 168
"""Two side by side on a phone."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure.

    Attributes:
        title: what it is.
        told: the figure itself.
        beside: in small letters below, such as how it changed; may be empty.
        meaning: in a tooltip; may be empty.
    """

    title: str
    told: str
    beside: str = ""
    meaning: str = ""


def show_figures(name: str, figures: Iterable[Figure]) -> None:
    """Figures in a row, as many as there is room for, and the others below.

    Args:
        name: of the row, unique on the page.
        figures: in order.
    """
    with st.container(horizontal=True, key=f"figures-{name}"):
        for figure in figures:
            st.metric(
                figure.title,
                figure.told,
                figure.beside or None,
                delta_color="off",
                delta_arrow="off",
                help=figure.meaning or None,
                border=True,
                width=WIDTH_PX,
            )
