"""Buttons that download figures."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.figures.downloads import CSV, PARQUET, file_name, to_csv, to_parquet


def show_downloads(frame: pd.DataFrame, *about: str) -> None:
    """Two buttons: the figures as CSV and as Parquet.

    Args:
        frame: a line a cell or a camera, as ``queries`` makes it.
        about: words that name the file.
    """
    name = file_name(*about)
    kinds: tuple[tuple[str, str, str, Callable[[pd.DataFrame], bytes]], ...] = (
        ("CSV", "csv", CSV, to_csv),
        ("Parquet", "parquet", PARQUET, to_parquet),
    )
    with st.container(horizontal=True, key=f"screen-downloads-{name}"):
        for title, ending, mime, write in kinds:
            st.download_button(
                f"Download {title}",
                partial(write, frame),
                file_name=f"{name}.{ending}",
                mime=mime,
                icon=":material/download:",
                type="tertiary",
                on_click="ignore",
                key=f"{ending} {name}",
            )
