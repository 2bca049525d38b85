"""The one file that Streamlit runs, in a folder of its own.

Streamlit takes a folder ``pages`` beside it for scripts to be run, each at its own address.
"""
