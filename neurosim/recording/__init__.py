"""What a run left behind: spikes and traces, in memory or on disk."""

from .channel import Channel
from .recorder import Recorder
from .recording import Recording
from .spikes import Spikes
from .traces import Traces

__all__ = ["Channel", "Recorder", "Recording", "Spikes", "Traces"]
