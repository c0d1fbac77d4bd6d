"""Neurons whose update is a text for one step, in the place of differential equations: those of trained networks."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ..errors import DescriptionError, check_choice, fields_by_name, listing, take_count
from ..program import Scope
from ..units import DIMENSIONLESS, Dimension
from .part import Part
from .sparse.layers import Layers

RESETS = {
    "subtract": "mem = _m - _r*threshold",
    "zero": "mem = (1 - _r)*_m",
    "none": "mem = _m",
}
UPDATES: Mapping[str, Mapping[str, str]] = {
    # here a reset to zero takes the membrane of the last step, elsewhere that of this one
    "leaky": {"subtract": "mem = beta*mem + _x - _r*threshold", "zero": "mem = beta*((1 - _r)*mem) + _x",
              "none": "mem = beta*mem + _x"},
    "rleaky": {name: f"_m = beta*mem + _x\n{reset}" for name, reset in RESETS.items()},
    "lapicque": {name: f"_m = _x*R*(1/(R*C))*time_step + (1 - time_step/(R*C))*mem\n{reset}"
                 for name, reset in RESETS.items()},
    "synaptic": {name: f"syn = alpha*syn + _x\n_m = beta*mem + syn\n{reset}" for name, reset in RESETS.items()},
    "alpha": {name: "_e = alpha*syn_exc + _x\n_h = beta*syn_inh - _x\n"
              f"_m = (log(alpha)/(log(beta) - log(alpha)) + 1)*(_e + _h)\n{reset}" for name, reset in {
                  "subtract": "mem = _m + syn_inh*_r\nsyn_exc = _e - threshold*_r\nsyn_inh = _h - _h*_r",
                  "zero": "mem = _m - _m*_r\nsyn_exc = _e - _e*_r\nsyn_inh = _h - _h*_r",
                  "none": "mem = _m\nsyn_exc = _e\nsyn_inh = _h"}.items()},
    "rectified": {"none": "_m = beta*mem + _x\nmem = _m if _m > 0 else 0"},
    "delta": {"none": "_m = mem\nmem = beta*_m + _x\nchange = abs(mem - _m)"},
}
"""One step by kind and reset; ``_x`` is the input, ``_r`` whether the step begins above the threshold."""
STATES = {"leaky": (), "rleaky": (), "lapicque": (), "synaptic": ("syn",), "alpha": ("syn_exc", "syn_inh"),
          "rectified": (), "delta": ("change",)}
NUMBERS = {"leaky": ("beta",), "rleaky": ("beta",), "lapicque": ("R", "C", "time_step"), "synaptic": ("alpha", "beta"),
           "alpha": ("alpha", "beta"), "rectified": ("beta",), "delta": ("beta",)}
SPIKES = {"delta": "change > threshold"}
"""When a neuron spikes; those that are not named here when their membrane is above the threshold."""
OPTIONAL = ("alpha", "beta", "R", "C", "time_step")


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class StepNeurons(Part):
    r"""Spiking neurons in discrete time; a step of the run is their unit of time, however long it is.

    Of the kind ``leaky``, with delayed reset by subtraction,

    .. math:: m \leftarrow \beta m + x - r \theta, \qquad r = H(m_{before} - \theta), \qquad s = H(m - \theta)

    A spike is made strictly above the threshold. With the delayed reset the membrane that is recorded at a spike is the
    one above the threshold, and the step after it is reset; else the reset ends the step of the spike itself.

    Parameters
    ----------
    size
        Number of neurons, N.
    kind
        ``leaky``; ``synaptic`` and ``alpha``, with currents that decay by ``alpha``; ``lapicque``, with R, C and
        ``time_step``; ``rleaky``, which differs from ``leaky`` in what a reset to zero takes. Without a reset:
        ``rectified``, whose membrane never falls below 0, and ``delta``, which spikes when its membrane changes by
        more than the threshold, up or down.
    beta, alpha
        What is left of the membrane and of the synaptic current after a step, 0 to 1, a number or (N,); any number for
        ``rectified`` and ``delta``.
    R, C, time_step
        Resistance, capacitance and the length of a step, in the same units.
    threshold
        Above which a neuron spikes, > 0, a number or (N,).
    reset
        ``subtract`` the threshold, to ``zero``, or ``none``, which is the only one of ``rectified`` and ``delta``.
    delayed
        Whether a spike resets in the step after its own.
    bias
        Input in every step, a number or (N,).
    begins
        Steps at the start during which there is no input, so that the neurons rest until the first spikes of layers
        before them can have come.

    States
    ------
    x : (N,) input of this step; joins add to it
    current : (N,) more input, set by coupling
    mem : (N,) membrane
    syn, syn_exc, syn_inh : (N,) synaptic currents of the kinds that have them
    change : (N,) how much the membrane has changed, of the kind ``delta``

    References
    ----------
    Eshraghian et al. (2023). Proc IEEE 111, 1016-1054. doi:10.1109/JPROC.2023.3308088, and snnTorch 1.0
    """

    size: int
    _: KW_ONLY
    kind: str = "leaky"
    beta: Any = None
    alpha: Any = None
    R: Any = None
    C: Any = None
    time_step: Any = None
    threshold: Any = 1.0
    reset: str = "subtract"
    delayed: bool = True
    bias: Any = 0.0
    begins: int = 0

    def __post_init__(self) -> None:
        take_count(self, "size")
        check_choice(self, "kind", UPDATES)
        check_choice(self, "reset", UPDATES[self.kind])
        for name in (*OPTIONAL, "threshold", "bias"):
            object.__setattr__(self, name, self._number(name))
        self._check_numbers()
        if not isinstance(self.delayed, bool) or not (self.delayed or self.kind in ("leaky", "rleaky", "synaptic")):
            raise DescriptionError(f"StepNeurons.delayed must be True for {self.kind!r}, got {self.delayed!r}")
        whole = isinstance(self.begins, int | np.integer) and not isinstance(self.begins, bool)
        if not whole or self.begins < 0:
            raise DescriptionError(f"StepNeurons.begins must be a whole number of steps >= 0, got {self.begins!r}")

    def _number(self, name: str) -> Any:
        """A field as a number or an array (N,) of its own."""
        value = getattr(self, name)
        if value is None:
            return None
        numbers = np.array(value, dtype=float)
        if numbers.shape not in ((), (self.size,)) or not np.isfinite(numbers).all():
            raise DescriptionError(f"StepNeurons.{name} must be finite, a number or ({self.size},), got {value!r:.60}")
        numbers.setflags(write=False)
        return numbers if numbers.ndim else float(numbers)

    def _check_numbers(self) -> None:
        needed = NUMBERS[self.kind]
        for name in OPTIONAL:
            if (getattr(self, name) is None) == (name in needed):
                raise DescriptionError(f"StepNeurons of kind {self.kind!r} need {listing(needed)}, got {name} = "
                                       f"{getattr(self, name)!r:.60}")
        for name in {"alpha", "beta"} & set(needed) if "subtract" in UPDATES[self.kind] else ():
            values = np.asarray(getattr(self, name))
            if values.min() < 0 or values.max() > 1:
                raise DescriptionError(f"StepNeurons.{name} must be within 0 and 1, got {getattr(self, name)!r:.60}")
        if self.kind == "alpha" and not np.all(np.asarray(self.alpha) > np.asarray(self.beta)):
            raise DescriptionError("StepNeurons.alpha must be above beta for the kind 'alpha'")
        for name in ("threshold", *({"R", "C", "time_step"} & set(needed))):
            if np.min(getattr(self, name)) <= 0:
                raise DescriptionError(f"StepNeurons.{name} must be > 0 and finite, got {getattr(self, name)!r:.60}")

    @property
    def dimensions(self) -> Mapping[str, Dimension]:
        """Variables and numbers, none of which has a unit."""
        names = ("x", "current", "mem", *STATES[self.kind], *NUMBERS[self.kind], "threshold", "bias")
        return dict.fromkeys(names, DIMENSIONLESS)

    @property
    def targets(self) -> frozenset[str]:
        """Joins and drives may change the inputs and the states."""
        return frozenset({"x", "current", "mem", *STATES[self.kind]})

    @property
    def spiking(self) -> bool:
        """Always."""
        return True

    def build(self, scope: Scope) -> None:
        """The input begins anew, the text of the kind, the threshold, and a reset that does not wait."""
        layers = Layers(scope, {"": self.size})
        layers.constants("", threshold=self.threshold, bias=self.bias,
                         **{name: getattr(self, name) for name in NUMBERS[self.kind]})
        layers.states("", x=self.bias, current=0.0, mem=0.0)
        for name in STATES[self.kind]:
            layers.states("", "float", **{name: 0.0})
        layers.map("", "x = bias", phase="arrive")  # joins are added behind this
        reset = "_r = 1.0 if mem > threshold else 0.0"
        if not self.delayed:
            layers.states("", was_above=0.0)
            reset += "\nwas_above = _r"
        layers.map("", f"{self._input(layers)}\n{reset}\n{UPDATES[self.kind][self.reset]}")
        scope.events("spikes", SPIKES.get(self.kind, "mem > threshold"))
        if not self.delayed and self.reset != "none":
            # what the step began above the threshold with has been taken already
            by = "threshold" if self.reset == "subtract" else "mem"
            text = f"_s = 1.0 if mem > threshold else 0.0\nmem = mem - (_s - was_above)*{by}"
            layers.map("", text, phase="reset")

    def _input(self, layers: Layers) -> str:
        if not self.begins:
            return "_x = x + current"
        layers.states("", waiting=float(self.begins))
        return "_x = x + current if waiting <= 0 else 0.0\nwaiting = waiting - 1 if waiting > 0 else 0.0"
