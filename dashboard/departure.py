"""A visitor who leaves while the page still speaks: no error of the server, and no traceback in its log."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)


class Departure:
    """ASGI middleware that ends a websocket quietly where its visitor has left.

    Where sending fails, Streamlit goes on to listen, takes the answer for a wrong message, and raises.

    Args:
        app: what speaks with visitors.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on.

        Raises:
            Exception: the app failed and its visitor was still there.
        """
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        has_left = False

        async def send_if_there(message: Message) -> None:
            nonlocal has_left
            try:
                await send(message)
            except OSError:
                has_left = True
                raise

        try:
            await self._app(scope, receive, send_if_there)
        except Exception as error:
            if not has_left:
                raise
            _log.debug("a visitor has left, and then: %r", error)
