"""Pages say how a camera is attached and started, as the README does."""

from dashboard.pages.cameras import how_to_attach
from dashboard.shell.attach import attach_commands, start_command


def test_a_system_that_asks_nobody_needs_no_permission() -> None:
    assert "MOODLENS_MQTT_HOST" in how_to_attach(is_guarded=False)
    assert attach_commands("shop-1/name", is_guarded=False) == (
        "python -m producer --camera shop-1/name --source 0"
    )


def test_a_server_lets_a_camera_in_first() -> None:
    assert how_to_attach(is_guarded=True).startswith("On the server, let it in")
    assert attach_commands("shop-1/name", is_guarded=True).splitlines() == [
        "docker compose run --rm -T admin enroll shop-1/name --env > name.env",
        "python -m producer --env-file name.env --source 0",
    ]


def test_a_camera_that_a_server_has_let_in_starts_with_its_file() -> None:
    assert (
        start_command("shop-1/till", is_guarded=True) == "python -m producer --env-file till.env --source 0"
    )
