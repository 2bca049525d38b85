"""Stands for TensorFlow Lite's runtime on a Python that has none: LiteRT, which speaks the same."""
