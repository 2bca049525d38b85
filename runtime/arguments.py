"""Values on command lines: what is wrong with one is told in the words of its option."""

import argparse


def read_port(text: str) -> int:
    """Reads a TCP port.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: 1 to 65535")
    return int(text)
