"""docs/settings.md lists every setting there is, with its default."""

from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from aggregator.settings import AggregatorSettings
from classifier_worker.settings import SHIPPED_MODEL, WorkerSettings
from dashboard.settings import DashboardSettings
from demo.store import StoreSettings
from producer.settings import ProducerSettings
from runtime.settings import MqttSettings, ProcessSettings, RedisSettings
from tests.support.golden import compare

TABLE = Path(__file__).parents[2] / "docs/settings.md"

HEAD = """# Settings

Every process reads its settings from environment variables, once, when it starts. A value that cannot be used
ends it with one line that names the variable.
"""

WHO: dict[type[BaseSettings], str] = {
    ProcessSettings: "every process",
    MqttSettings: "`producer`, `classifier_worker`, `aggregator`, `dashboard`",
    RedisSettings: "`classifier_worker`, `aggregator`, `dashboard`",
    ProducerSettings: "`producer`",
    WorkerSettings: "`classifier_worker`",
    AggregatorSettings: "`aggregator`",
    DashboardSettings: "`dashboard`",
    StoreSettings: "`producer` with `store:`",
}


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
    for kind, who in WHO.items():
        for name, field in kind.model_fields.items():
            assert field.default is not PydanticUndefined, f"{name} has no default"
            assert field.description, f"{name} has no description"
            variable = f"{kind.model_config['env_prefix']}{name}".upper()
            lines.append(f"| `{variable}` | {shown(field.default)} | {field.description} | {who} |")
    compare(TABLE, ("\n".join(lines) + "\n").encode(), write=write_golden)
