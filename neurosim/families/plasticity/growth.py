r"""Synaptic elements: what neurons grow and lose by their activity, and joins connect.

>>> from neurosim import LIF
>>> from neurosim.families.plasticity import GaussianGrowth, with_elements
>>> curve = GaussianGrowth(rate=0.1, eta=0.0, eps=0.05)
>>> cells = with_elements(LIF(10), {"axon": curve, "dendrite": curve})
>>> print(cells.equations.splitlines()[2])
dCa/dt = -Ca/tau_Ca : 1

``SynapticElements(axon="axon", dendrite="dendrite")``, given to a join as its ``structure``, pairs them.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...errors import DescriptionError, check_below, check_not_negative, check_positive, fields_by_name
from ..named import Named
from ..neurons import Neurons

COUNT, GROWN = "z_", "grown_"
"""With the name of an element: how many a neuron has, and what has grown since edges were last rewired."""


class GrowthCurve(ABC):
    """The contract of a growth curve: how fast elements grow at a concentration ``Ca``."""

    rate: float

    @abstractmethod
    def growth(self, name: str) -> str:
        """The growth of the element ``name`` as an expression in ``Ca`` and the names of ``values``."""

    @abstractmethod
    def values(self, name: str) -> dict[str, float]:
        """The constants of ``growth``."""


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class LinearGrowth(GrowthCurve):
    r"""Elements grow below a concentration and are lost above it, :math:`\dot z = \nu (1 - Ca/\epsilon)`.

    Parameters
    ----------
    rate
        :math:`\nu`, elements per second (Hz).
    eps
        Concentration that is aimed at.

    References
    ----------
    Butz, Wörgötter and van Ooyen (2009). Brain Res Rev 60, 287-305. doi:10.1016/j.brainresrev.2008.12.023
    """

    rate: float = 1.0
    eps: float = 0.7

    def __post_init__(self) -> None:
        check_positive(self, "rate", "eps")

    def growth(self, name: str) -> str:
        """The line of the curve."""
        return f"nu_{name}*(1 - Ca/eps_{name})"

    def values(self, name: str) -> dict[str, float]:
        """Rate and aim."""
        return {f"nu_{name}": self.rate, f"eps_{name}": self.eps}


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class GaussianGrowth(GrowthCurve):
    r"""Elements grow between two concentrations and are lost outside, fastest halfway.

    .. math::
        \dot z = \nu \left(2 e^{-((Ca - \xi)/\zeta)^2} - 1\right), \quad
        \xi = \frac{\eta + \epsilon}{2}, \quad \zeta = \frac{\epsilon - \eta}{2 \sqrt{\ln 2}}

    Parameters
    ----------
    rate
        :math:`\nu`, elements per second (Hz).
    eta, eps
        Lowest concentration at which elements grow, and the highest, which is stable.

    References
    ----------
    Butz and van Ooyen (2013). PLoS Comput Biol 9, e1003259. doi:10.1371/journal.pcbi.1003259
    """

    rate: float = 1.0
    eta: float = 0.1
    eps: float = 0.7

    def __post_init__(self) -> None:
        check_positive(self, "rate", "eps")
        check_not_negative(self, "eta")
        check_below(self, "eta", "eps")

    def growth(self, name: str) -> str:
        """The line of the curve."""
        return f"nu_{name}*(2*exp(-((Ca - middle_{name})/width_{name})**2) - 1)"

    def values(self, name: str) -> dict[str, float]:
        """Rate, middle and width."""
        middle, width = (self.eta + self.eps) / 2.0, (self.eps - self.eta) / (2.0 * math.sqrt(math.log(2.0)))
        return {f"nu_{name}": self.rate, f"middle_{name}": middle, f"width_{name}": width}


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class SigmoidGrowth(GrowthCurve):
    r"""Elements grow below a concentration and are lost above it, at no more than the rate.

    .. math::
        \dot z = \nu \left(\frac{2}{1 + e^{(Ca - \epsilon)/\psi}} - 1\right)

    Parameters
    ----------
    rate
        :math:`\nu`, elements per second (Hz).
    eps, psi
        Concentration that is aimed at, and how wide the turn around it is.

    References
    ----------
    Butz, Wörgötter and van Ooyen (2009). Brain Res Rev 60, 287-305. doi:10.1016/j.brainresrev.2008.12.023
    """

    rate: float = 1.0
    eps: float = 0.7
    psi: float = 0.1

    def __post_init__(self) -> None:
        check_positive(self, "rate", "eps", "psi")

    def growth(self, name: str) -> str:
        """The line of the curve."""
        return f"nu_{name}*(2/(1 + exp((Ca - eps_{name})/psi_{name})) - 1)"

    def values(self, name: str) -> dict[str, float]:
        """Rate, aim and width."""
        return {f"nu_{name}": self.rate, f"eps_{name}": self.eps, f"psi_{name}": self.psi}


def with_elements(
    neurons: Named | Neurons,
    elements: Mapping[str, GrowthCurve],
    *,
    tau_Ca: Any = 10000.0,
    beta_Ca: float = 0.001,
    initial: Mapping[str, Any] | None = None,
) -> Neurons:
    r"""The same neurons with a trace of their spikes, and synaptic elements that grow by it.

    .. math::
        \dot{Ca} = -Ca/\tau_{Ca} + \beta_{Ca} \textstyle\sum \delta

    At r spikes per ms the trace is :math:`r \tau_{Ca} \beta_{Ca}` in the mean; the defaults make it 0.05 at 5 Hz.
    Growth is integrated at every step, with the concentration at its beginning, and counted in
    ``grown_<name>``. Where edges are rewired it is added to the number of elements, ``z_<name>``, which does not fall
    below zero: small steps onto a large number would be lost in single precision.

    Parameters
    ----------
    neurons
        Any neurons with a threshold.
    elements
        Growth curves by the names of elements, such as ``axon`` and ``dendrite``.
    tau_Ca, beta_Ca
        Time constant of the trace, ms, and what a spike adds to it.
    initial
        Where ``Ca`` and ``z_<name>`` begin, as of ``Neurons``; at 0 by default.

    References
    ----------
    Butz and van Ooyen (2013). PLoS Comput Biol 9, e1003259. doi:10.1371/journal.pcbi.1003259
    """
    whole = neurons.as_neurons() if isinstance(neurons, Named) else neurons
    if not isinstance(whole, Neurons) or whole.threshold is None:
        raise DescriptionError(f"with_elements: neurons must be Neurons with a threshold, got {neurons!r:.80}")
    lines, values = ["dCa/dt = -Ca/tau_Ca : 1"], {"tau_Ca": tau_Ca, "beta_Ca": beta_Ca}
    for name, curve in elements.items():
        _check(name, curve)
        lines += [f"{COUNT}{name} : 1", f"growth_{name} = {curve.growth(name)} : Hz (constant over dt)",
                  f"d{GROWN}{name}/dt = growth_{name} : 1"]
        values |= curve.values(name)
    given = {f.name: getattr(whole, f.name) for f in fields(whole) if f.name not in ("equations", "parameters")}
    given["reset"] = "; ".join([text for text in (whole.reset.strip(),) if text] + ["Ca += beta_Ca"])
    given["initial"] = {**whole.initial, **(initial or {})}
    return Neurons(equations="\n".join([whole.equations.strip(), *lines]), **given, **whole.parameters, **values)


def _check(name: str, curve: GrowthCurve) -> None:
    if not (isinstance(name, str) and name.isidentifier() and name.isascii()):
        raise DescriptionError(f"with_elements: a name must be letters, digits and underscores, got {name!r}")
    if not isinstance(curve, GrowthCurve):
        kinds = "a curve such as GaussianGrowth()"
        raise DescriptionError(f"with_elements: {name} must grow by {kinds}, got {curve!r:.60}")
