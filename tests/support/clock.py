"""A clock that a test turns."""


class Clock:
    """Stands still until its seconds are set.

    Attributes:
        s: what it shows.
    """

    def __init__(self) -> None:
        self.s = 1_000.0

    def now_s(self) -> float:
        return self.s

    def now_ms(self) -> int:
        return round(self.s * 1000)
