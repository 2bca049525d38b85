"""AWS DeepLens: ``device/`` is what runs there, ``package.py`` makes the zip of it."""
