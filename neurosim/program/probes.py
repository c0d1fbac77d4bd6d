"""What of a program is to be recorded."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Probe:
    """One recorded thing: the events of a list, or samples of a buffer.

    Parameters
    ----------
    key
        Name in the recording.
    kind
        ``events`` or ``samples``.
    source
        Full name of the event list or buffer.
    indices
        Ascending indices to record, (n,); None for all.
    every
        Sample after every ``every``-th step: after steps k with (k + 1) % every == 0.
    """

    key: str
    kind: Literal["events", "samples"]
    source: str
    indices: np.ndarray | None = field(default=None, compare=False)
    every: int = 1
