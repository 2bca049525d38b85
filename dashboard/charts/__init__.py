"""Drawings of figures, in one theme."""
