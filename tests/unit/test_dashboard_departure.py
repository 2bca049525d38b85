"""Who leaves a page in mid-sentence leaves no error behind; an error before that is one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard import departure
from dashboard.departure import Departure
from tests.support.logs import said


async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
    """Speaks, and listens on although that failed, as Streamlit does; Starlette refuses it."""
    websocket = WebSocket(scope, receive, send)
    await websocket.accept()
    try:
        await websocket.send_bytes(b"a page")
    except WebSocketDisconnect:
        await websocket.receive_bytes()
    raise TypeError("not the visitor's fault")


def visit(*, leaves: bool) -> None:
    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        if leaves and message["type"] == "websocket.send":
            raise OSError

    async def come() -> None:
        await Departure(streamlit)({"type": "websocket"}, receive, send)

    with ThreadPoolExecutor(1) as thread:  # a browser's test before this one leaves its event loop in ours
        thread.submit(asyncio.run, come()).result()


def test_who_leaves_in_mid_sentence_leaves_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", departure.__name__)
    visit(leaves=True)
    (told,) = said(caplog, departure)
    assert told.startswith("a visitor has left, and then: WebSocketDisconnected(")


def test_an_error_while_the_visitor_is_there_is_one() -> None:
    with pytest.raises(TypeError, match="not the visitor's fault"):
        visit(leaves=False)
