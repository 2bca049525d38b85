"""The one file that Streamlit runs, in a folder of its own.

Streamlit puts the folder of what it runs before all others where modules are looked for (``statistics`` would
be ours), and takes a folder ``pages`` beside it for scripts to be run.
"""
