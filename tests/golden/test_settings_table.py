"""docs/settings.md lists every setting there is, with its default."""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from admin.settings import AdminSettings
from aggregator.settings import AggregatorSettings
from classifier_worker.settings import SHIPPED_MODEL, WorkerSettings
from dashboard.settings import DashboardSettings
from demo.store import StoreSettings
from producer.settings import ProducerSettings
from runtime.settings import MqttSettings, ProcessSettings, RedisSettings
from tests.support.golden import compare

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs/settings.md"

HEAD = """# Settings

Every process reads its settings from environment variables, once, when it starts. A value that cannot be used
ends it with one line that names the variable.

A setting may also lie in a file named like its variable, in lower case, in the folder that
`MOODLENS_SECRETS_DIR` names: a password, say, in `moodlens_mqtt_password`. A variable that is set goes before
a file. A camera also reads lines `NAME=value` of a file: `python -m producer --env-file camera.env`.

With `docker compose`, a line of `.env` reaches a service only where `docker-compose.yml` passes it on: its
head lists these names, of which `MOODLENS_K` and `MOODLENS_TIME_ZONE` set aggregator and dashboard alike. All
else goes into `docker-compose.override.yml`:

```yaml
services:
  dashboard:
    environment: {MOODLENS_DASHBOARD_SESSION_HOURS: 12}
```
"""

KINDS: tuple[type[BaseSettings], ...] = (
    ProcessSettings,
    MqttSettings,
    RedisSettings,
    ProducerSettings,
    WorkerSettings,
    AggregatorSettings,
    DashboardSettings,
    StoreSettings,
    AdminSettings,
)
ROOMS = ("producer", "classifier_worker", "aggregator", "dashboard", "admin")


@cache
def source(room: str) -> str:
    """The code of a room, without that of its settings."""
    return "".join(file.read_text() for file in (ROOT / room).rglob("*.py") if file.name != "settings.py")


def readers(kind: type[BaseSettings], name: str) -> str:
    """The rooms that read a setting."""
    if kind is StoreSettings:
        return "`producer` with `store:`"
    sought = "serve_health(" if name.startswith("health_") else kind.__name__
    return ", ".join(f"`{room}`" for room in ROOMS if sought in source(room))


def shown(default: Any) -> str:
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if default == SHIPPED_MODEL:
        return "the shipped model"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "" if default in (None, "") else f"`{default}`"


def test_the_table_of_settings_is_complete(write_golden: bool) -> None:
    lines = [HEAD, "| Variable | Default | Meaning | Read by |", "|---|---|---|---|"]
    for kind in KINDS:
        for name, field in kind.model_fields.items():
            assert field.default is not PydanticUndefined, f"{name} has no default"
            assert field.description, f"{name} has no description"
            variable = f"{kind.model_config['env_prefix']}{name}".upper()
            lines.append(
                f"| `{variable}` | {shown(field.default)} | {field.description} | {readers(kind, name)} |"
            )
    compare(TABLE, ("\n".join(lines) + "\n").encode(), write=write_golden)
