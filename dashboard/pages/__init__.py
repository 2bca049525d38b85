"""The pages; each has ``show``, which draws it."""
