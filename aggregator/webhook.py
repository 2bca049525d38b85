"""Alerts to a webhook: an HTTP POST each, with the alert's JSON as its body."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPException
from typing import Final
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import SecretStr

from aggregator import metrics
from aggregator.notifier import Undelivered
from aggregator.outbox import Message
from contract.keys import WEBHOOK

log = logging.getLogger(__name__)

GIVEN_UP_MS: Final = 3_600_000
"""An alert that was not taken for so long is given up, so that it does not stand in the way of newer ones."""


class _NoRedirects(HTTPRedirectHandler):
    """An answer that names another address is a failure: urllib would go on with a GET, without the alert."""

    def redirect_request(self, *_: object) -> None:
        """Goes nowhere."""


_OPENER: Final = build_opener(_NoRedirects)


class WebhookDelivery:
    """Posts. Any answer but 2xx is a failure; the same alert may come twice, and has the same ``id`` then.

    Args:
        url: where to; it may hold a secret and is never logged.
        timeout_s: how long connecting, and each wait for the answer, may take.
        clock_ms: UTC.
    """

    def __init__(
        self,
        url: SecretStr,
        timeout_s: float,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._url = url
        self._timeout_s = timeout_s
        self._clock_ms = clock_ms

    def deliver(self, messages: Iterable[Message]) -> Iterator[Message]:
        """As ``aggregator.notifier.Delivery`` says; one after the other."""
        for message in messages:
            fault = self._post(message.payload)
            if fault:
                if self._clock_ms() - message.posted_ms < GIVEN_UP_MS:
                    raise Undelivered(f"the webhook {fault}")
                log.warning("the webhook %s; an alert of %s is given up", fault, message.topic)
            metrics.DELIVERIES.labels(WEBHOOK, "given_up" if fault else "delivered").inc()
            yield message

    def close(self) -> None:
        """There is no connection between posts."""

    def _post(self, body: bytes) -> str:
        """Posts; what is wrong, or nothing."""
        request = Request(  # noqa: S310 - settings allow http and https alone
            self._url.get_secret_value(),
            data=body,
            headers={"Content-Type": "application/json", "User-Agent": "moodlens"},
            method="POST",
        )
        try:
            with _OPENER.open(request, timeout=self._timeout_s) as reply:
                status = int(reply.status)
        except HTTPError as error:
            status = error.code
            error.close()
        except TimeoutError:
            return f"did not answer within {self._timeout_s:g} s"
        except (OSError, HTTPException, ValueError) as error:
            return f"cannot be reached ({type(error).__name__})"  # its text might hold the address
        return "" if 200 <= status < 300 else f"answered {status}"
