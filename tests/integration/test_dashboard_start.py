"""How a dashboard starts that would let strangers in, or nobody: it says so in one line. And how it ends."""

import ssl
from pathlib import Path
from socket import create_connection

import pytest
import trustme

from tests.support.doorway import ANSWERS_WITHIN_S, certify, dashboard, status_of
from tests.support.services import accepts, eventually, free_port, running

DOCKER_KILLS_AFTER_S = 10.0


@pytest.mark.parametrize(
    ("changes", "arguments", "reason"),
    [
        ({"MOODLENS_DASHBOARD_USERS_FILE": ""}, ("--host", "0.0.0.0"), "without sign-in, 0.0.0.0 would show"),  # noqa: S104
        ({"MOODLENS_DASHBOARD_USERS_FILE": "/no/such/file"}, (), "/no/such/file: no such file"),
        ({}, ("--tls-cert", "/no/such/file"), "HTTPS needs both"),
        ({}, ("--tls-cert", "/no/such/file", "--tls-key", "/no/such/file"), "/no/such/file: no such file"),
    ],
)
def test_what_would_let_strangers_in_or_nobody_is_told_in_one_line(
    environment_with_people: dict[str, str],
    tmp_path: Path,
    changes: dict[str, str],
    arguments: tuple[str, ...],
    reason: str,
) -> None:
    refused = dashboard(environment_with_people | changes, tmp_path, free_port(), *arguments).start()
    assert refused.wait() == 1
    assert refused.output.startswith(f"dashboard: {reason}")
    assert refused.output.count("\n") == 1


SECRETS = {
    "redirect_uri": "https://dashboard.example/oauth2callback",
    "cookie_secret": "0123456789abcdef" * 2,
    "client_id": "moodlens",
    "client_secret": "secret",
    "server_metadata_url": "https://provider.example/.well-known/openid-configuration",
}


@pytest.mark.parametrize(
    ("secrets", "changes", "reason"),
    [
        ({"client_id": "moodlens"}, {}, 'missing the "redirect_uri" key'),
        (SECRETS | {"client_secret": None}, {}, "missing the following keys: ['client_secret']"),
        (SECRETS | {"cookie_secret": "short"}, {}, "cookie_secret in secrets.toml must be random"),
        (SECRETS, {"MOODLENS_DASHBOARD_USERS_FILE": ""}, "but nobody may come in: list the users with"),
    ],
)
def test_a_half_set_up_provider_is_told_in_one_line(
    environment_with_people: dict[str, str],
    tmp_path: Path,
    secrets: dict[str, str | None],
    changes: dict[str, str],
    reason: str,
) -> None:
    (tmp_path / ".streamlit").mkdir()
    lines = [f'{name} = "{value}"' for name, value in secrets.items() if value]
    (tmp_path / ".streamlit/secrets.toml").write_text("\n".join(("[auth]", *lines)))
    refused = dashboard(environment_with_people | changes, tmp_path, free_port()).start()
    assert refused.wait() == 1
    assert reason in refused.output
    assert refused.output.count("\n") == 1


def test_a_dashboard_that_is_meant_to_be_open_asks_nobody(
    environment_with_people: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    meant = {"MOODLENS_DASHBOARD_USERS_FILE": "", "MOODLENS_DASHBOARD_OPEN": "1"}
    with running(dashboard(environment_with_people | meant, tmp_path, port, "--host", "0.0.0.0")):  # noqa: S104
        eventually(lambda: accepts(port), what="the dashboard")
        assert status_of(f"http://127.0.0.1:{port}/") == 200


def test_with_https_it_ends_before_docker_kills_it_also_where_a_browser_takes_no_leave(
    environment_with_people: dict[str, str], tmp_path: Path
) -> None:
    port, authority = free_port(), trustme.CA()
    server = dashboard(environment_with_people, tmp_path, port, *certify(authority, tmp_path))
    with running(server):
        eventually(lambda: accepts(port), what="the dashboard")
        trusting = ssl.create_default_context()
        authority.configure_trust(trusting)
        connection = create_connection(("127.0.0.1", port), ANSWERS_WITHIN_S)
        with trusting.wrap_socket(connection, server_hostname="127.0.0.1") as browser:
            browser.sendall(b"GET /_stcore/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert browser.recv(15) == b"HTTP/1.1 200 OK"
            assert server.stop(DOCKER_KILLS_AFTER_S) == 0
