"""What a module said in the log: a thread of another test may speak into the same log."""

from types import ModuleType

import pytest


def said(caplog: pytest.LogCaptureFixture, module: ModuleType) -> list[str]:
    """The messages of a module, in order."""
    return [record.getMessage() for record in caplog.records if record.name == module.__name__]
