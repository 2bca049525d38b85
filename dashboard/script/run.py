"""Run by Streamlit, anew for every visitor and every click."""

from dashboard.app import main

main()
