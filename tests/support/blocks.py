"""Pages written by hand, with blocks that are made of the code.

A block stands between ``<!-- NAME: made of the code -->`` and ``<!-- end -->``.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

_BLOCK: Final = re.compile(r"(<!-- (\w+): made of the code -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(page: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """The page with each of its blocks made anew."""
    assert {match[2] for match in _BLOCK.finditer(page)} == set(blocks), (
        "the page lacks a block, or has others"
    )
    return _BLOCK.sub(lambda block: f"{block[1]}\n{blocks[block[2]]()}\n\n{block[3]}", page)
