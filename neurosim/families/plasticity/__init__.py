"""Rules of plasticity: texts that a join takes over, and structures by which its edges come and go."""

from .eligibility import EProp
from .growth import GaussianGrowth, GrowthCurve, LinearGrowth, SigmoidGrowth, with_elements
from .homeostasis import Scaling
from .reward import RewardSTDP
from .rule import Rule, Texts
from .short_term import ShortTerm
from .spike_timing import STDP, InhibitorySTDP, TripletSTDP
from .structural import STRUCTURES, SynapticElements, Turnover
from .structure import Change, Lots, Structure, Wires
from .voltage import FILTERS, VoltageSTDP

__all__ = [
    "FILTERS", "STDP", "STRUCTURES", "Change", "EProp", "GaussianGrowth", "GrowthCurve", "InhibitorySTDP",
    "LinearGrowth", "Lots", "RewardSTDP", "Rule", "Scaling", "ShortTerm", "SigmoidGrowth", "Structure",
    "SynapticElements", "Texts", "TripletSTDP", "Turnover", "VoltageSTDP", "Wires", "with_elements",
]
