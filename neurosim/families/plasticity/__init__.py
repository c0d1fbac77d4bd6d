"""Rules of plasticity: texts that a join takes over with ``connect(..., plasticity=...)``."""

from .homeostasis import Scaling
from .reward import RewardSTDP
from .rule import Rule, Texts
from .short_term import ShortTerm
from .spike_timing import STDP, InhibitorySTDP, TripletSTDP
from .voltage import FILTERS, VoltageSTDP

__all__ = [
    "FILTERS", "STDP", "InhibitorySTDP", "RewardSTDP", "Rule", "Scaling", "ShortTerm", "Texts", "TripletSTDP",
    "VoltageSTDP",
]
