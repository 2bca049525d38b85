"""URLs as they may be shown and logged."""

import re


def without_secrets(url: str) -> str:
    """A URL without user, password and query, which may hold a token.

    A password may hold any sign: what stands before the last ``@`` is not shown, and an ``@`` behind a ``?``
    or ``#`` leaves nothing to be shown.
    """
    scheme, _, rest = url.partition("://")
    place, *query = re.split("[?#]", rest, maxsplit=1)
    if query and "@" in query[0]:
        return f"{scheme}://…"
    return f"{scheme}://{place.rpartition('@')[2]}"
