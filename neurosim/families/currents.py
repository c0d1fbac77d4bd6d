r"""Currents that are added to any neuron as text: synapses, gap junctions, noise.

>>> from neurosim import AdEx
>>> from neurosim.families import Receptor, with_currents
>>> cells = with_currents(AdEx(10), Receptor("ampa", tau=5.0, reversal=0.0))
>>> print(cells.equations.splitlines()[-3])
I_total = I + I_ampa : pA

A spike then acts by ``on_pre="g_ampa += w"``.
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any

from ..equations import unparse
from ..errors import DescriptionError, check_not_negative, check_positive, fields_by_name, listing
from .named import Named
from .neurons import Neurons
from .plain import show

CONDUCTANCES = {"pA": "nS", "mV": "1"}
"""Unit of a conductance by the unit of the current that it makes; currents in mV are times a resistance."""


class Current(ABC):
    """The contract of a current: lines of equations that end in a variable ``I_<name>``, and their numbers."""

    name: str

    @abstractmethod
    def equations(self, unit: str, v: str) -> str:
        """The lines that define ``I_<name>`` in ``unit``; ``v`` is the name of the membrane potential."""

    @property
    def values(self) -> dict[str, float]:
        """The constants that the lines name."""
        return {}

    @property
    def initial(self) -> dict[str, Any]:
        """Where its variables begin, if not at 0."""
        return {}

    def __repr__(self) -> str:
        return show(self)


@fields_by_name
@dataclass(frozen=True, repr=False)
class Receptor(Current):
    r"""What spikes open: a current or conductance that rises and decays.

    .. math::
        \dot g = a h - g/\tau, \quad \dot h = -h/\tau_{rise}, \quad I = g \, B(v) \, (E - v), \quad
        B(v) = \frac{1}{1 + [Mg] \, e^{-0.062 v} / 3.57}

    A spike adds its weight to ``target``. With ``tau_rise = 0`` that is g itself, which jumps and decays; with
    ``tau_rise = tau`` an alpha function; else the difference of two exponentials. ``a`` is such that the weight is
    the greatest g that one spike makes.

    Parameters
    ----------
    name
        Name of the receptor, part of the names of its variables.
    tau, tau_rise
        Time constants of decay and rise, ms.
    reversal
        Reversal potential, mV; None for a current that does not depend on the potential.
    magnesium
        Concentration outside, mM, that blocks the channel at low potentials (1 for NMDA); None for no block. The
        block is that of the step's beginning, which leaves the potential's equation linear.

    References
    ----------
    Jahr and Stevens (1990). J Neurosci 10, 3178-3182. doi:10.1523/JNEUROSCI.10-09-03178.1990 (the block)
    Roth and van Rossum (2009), Modeling synapses. doi:10.7551/mitpress/9780262013277.003.0007 (the time courses)
    """

    name: str
    _: KW_ONLY
    tau: float
    tau_rise: float = 0.0
    reversal: float | None = None
    magnesium: float | None = None

    def __post_init__(self) -> None:
        _check_name(self)
        check_positive(self, "tau")
        check_not_negative(self, "tau_rise")
        if self.magnesium is not None:
            check_not_negative(self, "magnesium")
            if self.reversal is None:
                raise DescriptionError("Receptor.magnesium needs a reversal: only a conductance is blocked")

    @property
    def opening(self) -> str:
        """The variable that decays with ``tau``: a conductance ``g_<name>`` or the current itself."""
        return f"I_{self.name}" if self.reversal is None else f"g_{self.name}"

    @property
    def target(self) -> str:
        """The variable to which a spike adds its weight."""
        return f"h_{self.name}" if self.tau_rise else self.opening

    @property
    def scale(self) -> float:
        """The factor ``a``, 1/ms, that makes the peak 1."""
        fast, slow = sorted((self.tau_rise, self.tau))
        ratio = math.log(slow / fast)
        if ratio < 1e-6:
            return math.e / slow  # the limit of equal time constants
        peak = fast * slow / (slow - fast) * ratio
        area = (math.exp(-peak / slow) - math.exp(-peak / fast)) * fast * slow / (slow - fast)
        return 1.0 / area

    def equations(self, unit: str, v: str) -> str:
        """The lines that define ``I_<name>`` in ``unit``; ``v`` is the name of the membrane potential."""
        n, g = self.name, self.opening
        own = unit if self.reversal is None else CONDUCTANCES[unit]
        rise = f"a_{n}*h_{n} - {g}/tau_{n}" if self.tau_rise else f"-{g}/tau_{n}"
        lines = [f"d{g}/dt = {rise} : {own}"]
        if self.tau_rise:
            lines.append(f"dh_{n}/dt = -h_{n}/rise_{n} : {own}")
        if self.reversal is not None:
            block = "" if self.magnesium is None else f"*block_{n}"
            lines.insert(0, f"I_{n} = {g}{block}*(E_{n} - {v}) : {unit}")
        if self.magnesium is not None:
            lines.append(f"block_{n} = 1/(1 + Mg_{n}*exp(-0.062*{v}/mV)/3.57) : 1 (constant over dt)")
        return "\n".join(lines)

    @property
    def values(self) -> dict[str, float]:
        """The constants that the lines name."""
        n = self.name
        found = {f"tau_{n}": self.tau}
        if self.tau_rise:
            found |= {f"rise_{n}": self.tau_rise, f"a_{n}": self.scale * 1000.0}  # shown in Hz
        if self.reversal is not None:
            found[f"E_{n}"] = self.reversal
        if self.magnesium is not None:
            found[f"Mg_{n}"] = self.magnesium
        return found


@fields_by_name
@dataclass(frozen=True, repr=False)
class GapJunction(Current):
    """A place for what gap junctions carry; ``net.connect(..., couple=GapJunction().couple, g=1.0)`` fills it.

    Parameters
    ----------
    name
        Part of the names of its variables.
    """

    name: str = "gap"

    def __post_init__(self) -> None:
        _check_name(self)

    @property
    def couple(self) -> str:
        """The statement of a join between neurons whose potential is called v; ``g`` is nS."""
        return f"I_{self.name} = g*(v_pre - v_post)"

    def equations(self, unit: str, v: str) -> str:
        """A variable that a join sets before each step."""
        return f"I_{self.name} : {unit}"


@fields_by_name
@dataclass(frozen=True, repr=False)
class Noise(Current):
    r"""An Ornstein-Uhlenbeck current, :math:`\tau \dot I = mean - I + sd \sqrt{2\tau}\, \xi`, one for each neuron.

    It has the stated mean, standard deviation and autocorrelation :math:`e^{-t/\tau}` at any time step: the text is
    written so that a step of Euler's (``euler_maruyama``, the solver that noise calls for) is the exact one. It
    begins in its stationary state.

    Parameters
    ----------
    name
        Part of the names of its variables.
    tau
        Time constant, ms.
    sd, mean
        Standard deviation and mean, in the neuron's unit of current.
    """

    name: str = "noise"
    _: KW_ONLY
    tau: float
    sd: float
    mean: float = 0.0

    def __post_init__(self) -> None:
        _check_name(self)
        check_positive(self, "tau")
        check_not_negative(self, "sd")

    def equations(self, unit: str, v: str) -> str:
        """The line of the process; its two factors are those of a whole step, divided by that of Euler's."""
        n = self.name
        pull = f"(mean_{n} - I_{n})*(-expm1(-dt/tau_{n})/dt)"
        return f"dI_{n}/dt = {pull} + sd_{n}*sqrt(-expm1(-2*dt/tau_{n})/dt)*xi_{n} : {unit}"

    @property
    def values(self) -> dict[str, float]:
        """The constants that the line names."""
        return {f"tau_{self.name}": self.tau, f"sd_{self.name}": self.sd, f"mean_{self.name}": self.mean}

    @property
    def initial(self) -> dict[str, Any]:
        """A draw from the stationary state."""
        return {f"I_{self.name}": f"mean_{self.name} + sd_{self.name}*randn()"}


def with_currents(
    neurons: Named | Neurons,
    *currents: Current,
    into: str | None = None,
    v: str = "v",
    initial: Mapping[str, Any] | None = None,
) -> Neurons:
    """The same neurons with currents added to their input.

    Parameters
    ----------
    neurons
        Any neurons whose input is a declared parameter, as ``I : pA``; it stays as it is.
    *currents
        What is added, such as ``Receptor``, ``GapJunction`` and ``Noise``; a solver that was asked for is dropped
        for noise.
    into, v
        Names of the input (by default ``I``, or else ``drive``) and of the membrane potential.
    initial
        Where the currents' variables begin, as of ``Neurons``.
    """
    whole = neurons.as_neurons() if isinstance(neurons, Named) else neurons
    if not isinstance(whole, Neurons):
        raise DescriptionError(f"with_currents: neurons must be Neurons or named ones such as LIF, got {neurons!r:.60}")
    for current in currents:
        if not isinstance(current, Current):
            raise DescriptionError(f"with_currents: a current must be such as Receptor or Noise, got {current!r:.60}")
    if into is None:
        into = "I" if "I" in whole.parsed.variables else "drive"
    if into not in whole.parsed.parameters:
        raise DescriptionError(f"with_currents: into must be a parameter that the equations declare, got {into!r}; "
                               f"there are: {listing(whole.parsed.parameters)}")
    unit = whole.parsed.parameters[into].unit.name
    if unit not in CONDUCTANCES:
        raise DescriptionError(f"with_currents: {into} must be in {listing(CONDUCTANCES)}, got {unit}")
    lines = [current.equations(unit, v) for current in currents]
    text = "\n".join([_summed(whole, into, [f"I_{c.name}" for c in currents], unit), *lines])
    noisy = any(isinstance(current, Noise) for current in currents)
    given = {f.name: getattr(whole, f.name) for f in fields(whole) if f.name not in ("equations", "parameters")}
    given["initial"] = {**whole.initial, **_united([c.initial for c in currents]), **(initial or {})}
    given["method"] = "auto" if noisy else whole.method
    return Neurons(equations=text, **given, **whole.parameters, **_united([c.values for c in currents]))


def _summed(whole: Neurons, into: str, added: list[str], unit: str) -> str:
    """The equations with ``<into>_total`` in the place of the input, and the line that says what it is."""
    total, rows = f"{into}_total", whole.equations.split("\n")
    known = whole.parsed.subexpressions.get(total)
    if known is not None and known.expression is not None:
        rows[known.line - 1] = f"{total} = {' + '.join([unparse(known.expression), *added])} : {unit}"
        return "\n".join(row for row in rows if row.strip())
    declared = whole.parsed.parameters[into].line - 1
    renamed = [row if k == declared else re.sub(rf"\b{into}\b", total, row) for k, row in enumerate(rows)]
    renamed.append(f"{total} = {' + '.join([into, *added])} : {unit}")
    return "\n".join(row for row in renamed if row.strip())


def _united(dicts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: value for one in dicts for name, value in one.items()}


def _check_name(current: Current) -> None:
    if not (isinstance(current.name, str) and current.name.isidentifier() and current.name.isascii()):
        raise DescriptionError(f"{type(current).__name__}.name must be letters, digits and underscores, "
                               f"got {current.name!r}")
