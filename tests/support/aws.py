"""Moto's AWS behind real HTTP, which notes every request and can fail some of them."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

REGION = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/moodlens-training"


@dataclass(frozen=True)
class Request:
    """A request as AWS got it.

    Attributes:
        method: of HTTP.
        path: without the query.
        query: its names and first values.
        operation: of a service that names it in a header, e.g. ``CreateTrainingJob``.
        headers: as WSGI names them.
    """

    method: str
    path: str
    query: dict[str, str]
    operation: str
    headers: dict[str, str]


@dataclass
class Aws:
    """The stand-in for AWS.

    Attributes:
        address: URL of all services.
        requests: all so far.
        answer: is asked about each request; status and body to answer with, or None to leave it to moto.
    """

    address: str = ""
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], tuple[str, bytes] | None] = lambda _request: None

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.address,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106
        )

    def put_object(self, bucket: str, key: str, content: bytes) -> None:
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=content)

    def make_bucket(self, name: str) -> None:
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    def find(self, method: str) -> list[Request]:
        return [one for one in list(self.requests) if one.method == method]

    def environment(self) -> dict[str, str]:
        """Variables with which a program talks to this stand-in."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def serve_aws() -> Iterator[Aws]:
    """A stand-in of its own, empty."""
    aws = Aws()
    moto_api_backend.reset()  # moto keeps everything in this process
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        request = Request(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            {name: values[0] for name, values in query.items()},
            environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2],
            {name: str(value) for name, value in environ.items() if name.startswith("HTTP_")},
        )
        aws.requests.append(request)
        answered = aws.answer(request)
        if answered:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(answered[0], [("Content-Type", "application/xml")])
            return [answered[1]]
        result: Iterable[bytes] = moto(environ, start_response)
        return result

    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    aws.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield aws
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refuse_with(code: str, status: str = "403 Forbidden") -> Callable[[Request], tuple[str, bytes]]:
    """Answers everything as S3 answers an error."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>told by the test</Message></Error>"
    return lambda _request: (status, body.encode())


@contextmanager
def use_aws(monkeypatch: pytest.MonkeyPatch, folder: Path, bucket: str) -> Iterator[Aws]:
    """A stand-in with one empty bucket that this process talks to, in this folder, with its own cache."""
    with serve_aws() as aws:
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        monkeypatch.chdir(folder)
        aws.make_bucket(bucket)
        aws.requests.clear()
        yield aws
