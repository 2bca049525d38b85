"""Figures in the words of a store."""
