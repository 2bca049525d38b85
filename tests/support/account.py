"""What is known of one camera of a test: the figures of its account."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Account:
    """One camera's figures, in frames unless said otherwise.

    Attributes:
        camera: ``site/camera``.
        sent: published.
        faces_sent: faces in them.
        is_believed: its clock is within what workers accept; else its reports are refused like its frames.
        frames, face_frames, shed, dropped, refused, published, late, visits: the windows' columns.
        tracks: different tracks among the classified faces; each is one visit.
        missing_ms: capture times, by the right clock, of frames that were published and are not in the log.
        under_way: those of them that may still come.
        reports_missing: reports published and not in the log.
        faults: whatever does not fit.
    """

    camera: str
    sent: int
    faces_sent: int
    is_believed: bool = True
    frames: int = 0
    face_frames: int = 0
    shed: int = 0
    dropped: int = 0
    refused: int = 0
    published: int = 0
    late: int = 0
    visits: int = 0
    tracks: int = 0
    missing_ms: list[int] = field(default_factory=list)
    under_way: int = 0
    reports_missing: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Frames that are not in the log."""
        return len(self.missing_ms)

    @property
    def expired(self) -> int:
        """What a reader of the windows takes for expired; of refused reports nothing follows."""
        if not self.is_believed:
            return 0
        return self.published - self.frames - self.shed - self.refused - self.dropped
