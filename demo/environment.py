"""The environment of the demo's processes."""

from collections.abc import Mapping

from demo.ports import HOST
from runtime.settings import PREFIX

_NOT_OURS = tuple(
    f"{PREFIX}{name}"
    for name in (
        "MQTT_",
        "REDIS_",
        "HEALTH_",
        "LOG_",
        "AGGREGATOR_WEBHOOK_",
        "DASHBOARD_USERS_FILE",
        "DASHBOARD_TLS_",
        "PRODUCER_CAMERA",
        "PRODUCER_SOURCE",
        "PRODUCER_LOOP",
        "PRODUCER_ONCE",
        "WORKER_PERSISTENT_SESSION",
        "STORE_",
        "SECRETS_DIR",
    )
)
"""What a person may have set for another installation, and the demo decides itself."""


def child_environment(
    own: Mapping[str, str], *, mqtt_port: int, redis_url: str, sessions_kept: bool, verbose: bool
) -> dict[str, str]:
    """The environment that every process of the demo gets.

    Args:
        own: of the demo itself; settings that do not say where things are, such as
            ``MOODLENS_PRODUCER_YUNET_FILE``, are passed on.
        mqtt_port: of the broker.
        redis_url: of Redis.
        sessions_kept: whether the broker can keep the session of a worker that died.
        verbose: log what goes well, too.
    """
    kept = {name: value for name, value in own.items() if not name.startswith(_NOT_OURS)}
    return {
        **kept,
        "PYTHONUNBUFFERED": "1",
        f"{PREFIX}LOG_LEVEL": "INFO" if verbose else "WARNING",
        f"{PREFIX}MQTT_HOST": HOST,
        f"{PREFIX}MQTT_PORT": str(mqtt_port),
        f"{PREFIX}REDIS_URL": redis_url,
        f"{PREFIX}WORKER_PERSISTENT_SESSION": "true" if sessions_kept else "false",
    }
