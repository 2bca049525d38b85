"""A camera on an AWS DeepLens. An island: Python 3.7, and of this project nothing but this folder.

What it says to the broker is MoodLens' contract; tests hold its events, bytes, tracks, crops, reports and
outbox against those of ``contract/`` and ``producer/``.
"""
