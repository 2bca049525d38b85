"""What integration tests share beyond real servers."""

from tests.support.doorway import environment_with_people

__all__ = ["environment_with_people"]
