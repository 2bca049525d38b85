"""A page on paper: the button that prints it. What paper shows, ``theme.STYLE`` says."""

from typing import Final

import streamlit as st

_BUTTON: Final = """
<button type="button" class="ml-print">Print this page</button>
<script>
for (const button of document.querySelectorAll("button.ml-print")) button.onclick = () => window.print();
</script>
"""


def show_print() -> None:
    """The button."""
    with st.container(key="screen-print", horizontal_alignment="right"):
        st.html(_BUTTON, unsafe_allow_javascript=True, width="content")
