"""Generalised leaky integrate-and-fire neurons of the Allen Institute, in five levels."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

from ..errors import DescriptionError, check_not_negative, fields_by_name, listing
from ..units import CAPACITANCE, CONDUCTANCE, CURRENT, FREQUENCY, TIME, VOLTAGE
from .named import Named, beginning, chosen, take_fields
from .neurons import Neurons
from .plain import shown


@fields_by_name
@dataclass(frozen=True, eq=False, repr=False)
class GLIF(Named):
    r"""Generalised leaky integrate-and-fire neurons, levels 1 to 5.

    .. math::
        C \dot v = g (E_L - v) + I + \textstyle\sum_j I_j, \quad \dot I_j = -k_j I_j, \quad
        \dot\theta_s = -b_s \theta_s, \quad \dot\theta_v = a_v (v - E_L) - b_v \theta_v

    A spike at :math:`v > V_{th} + \theta_s + \theta_v`. For ``refractory`` ms everything then rests, and begins anew
    from

    .. math::
        v = E_L + f_v (v - E_L) + \delta v, \quad I_j \leftarrow f_j I_j e^{-k_j t_{ref}} + \delta I_j, \quad
        \theta_s \leftarrow \theta_s e^{-b_s t_{ref}} + \delta\theta_s

    Level 1 (LIF) has a plain reset to ``v_reset``. Level 2 (LIF-R) has ``reset`` and ``spike_threshold``, level 3
    (LIF-ASC) ``currents``, level 4 (LIF-R-ASC) both, and level 5 (LIF-R-ASC-A) also ``voltage_threshold``. All are
    linear between spikes and advanced exactly.

    Parameters
    ----------
    size
        Number of neurons, N.
    C, g
        Capacitance, pF, and membrane conductance, nS.
    E_L, V_th, v_reset
        Resting potential, threshold at rest, and reset where there is no rule for it, mV.
    refractory
        How long everything rests after a spike, ms.
    reset
        Pair of the share :math:`f_v` of the potential that is kept and of what is added, :math:`\delta v`, mV; or None.
    spike_threshold
        Pair of the rate :math:`b_s`, Hz, and the jump :math:`\delta\theta_s`, mV; or None.
    currents
        For each after-spike current its rate :math:`k_j`, Hz, jump :math:`\delta I_j`, pA, and the share :math:`f_j`
        that is kept, 1 if left out.
    voltage_threshold
        Pair of the rates :math:`a_v` and :math:`b_v`, Hz; or None.
    I
        Input current, pA, a number or (N,), where the variable ``I`` begins, or a TimedArray, which it follows.
    initial
        Start of ``v`` where it is not E_L, and of ``I_1``, ``theta_s``, ``theta_v``; see ``Neurons``.
    positions
        Where the neurons are, (N, 1..3), µm; None where no join asks.

    States
    ------
    v : (N,) membrane potential, mV
    I_1 ... : (N,) after-spike currents, pA
    theta_s, theta_v : (N,) moves of the threshold by spikes and by the potential, mV
    I : (N,) input current, pA

    References
    ----------
    Teeter et al. (2018). Nat Commun 9, 709. doi:10.1038/s41467-017-02717-4. Where the paper and NEST's ``glif_psc``
    leave a choice (what rests, and that decay during the rest is put into the reset) it is made as there, but the
    potential that the reset keeps a share of is that at the spike, not that of the step before.
    """

    size: int
    _: KW_ONLY
    C: Any = 58.72
    g: Any = 9.12
    E_L: Any = -78.85
    V_th: Any = -37.88
    v_reset: Any = -78.85
    refractory: Any = 3.75
    reset: Any = None
    spike_threshold: Any = None
    currents: Any = ()
    voltage_threshold: Any = None
    I: Any = 0.0  # noqa: E741
    initial: Mapping[str, Any] = field(default_factory=dict)
    positions: Any = None
    inputs: ClassVar[Mapping[str, str]] = {"I": "I"}

    def __post_init__(self) -> None:
        pure = VOLTAGE / VOLTAGE
        _take(self, "reset", (pure, VOLTAGE))
        _take(self, "spike_threshold", (FREQUENCY, VOLTAGE))
        _take(self, "voltage_threshold", (FREQUENCY, FREQUENCY))
        rows = [(*row, 1.0) if len(row) == 2 else row for row in map(tuple, self.currents)]
        rows = [_numbers(row, (FREQUENCY, CURRENT, pure), "GLIF.currents") for row in rows]
        object.__setattr__(self, "currents", tuple(rows))
        volts = dict.fromkeys(("E_L", "V_th", "v_reset"), VOLTAGE)
        others = {"C": CAPACITANCE, "g": CONDUCTANCE, "I": CURRENT, "refractory": TIME}
        take_fields(self, {**volts, **others}, "C", "g")
        check_not_negative(self, "refractory")

    def as_neurons(self) -> Neurons:
        """The same neurons with their equations as text."""
        names = [f"I_{j + 1}" for j in range(len(self.currents))]
        values: dict[str, Any] = dict(chosen(self, "C", "g", "E_L", "V_th", "v_reset"))
        lines = [f"dv/dt = (g*(E_L - v) + {' + '.join(['I', *names])}) / C : mV (unless refractory)", "I : pA"]
        reset, threshold = ["v = v_reset"], "V_th"
        if self.reset is not None:
            reset = ["v = E_L + f_v*(v - E_L) + delta_v"]
            values |= dict(zip(("f_v", "delta_v"), self.reset, strict=True))
            del values["v_reset"]
        for j, (name, (rate, jump, share)) in enumerate(zip(names, self.currents, strict=True), start=1):
            lines.append(f"d{name}/dt = -k_{j}*{name} : pA (unless refractory)")
            reset.append(f"{name} = f_{j}*{name}*exp(-k_{j}*t_ref) + delta_{j}")
            values |= {f"k_{j}": rate, f"delta_{j}": jump, f"f_{j}": share}
        if self.spike_threshold is not None:
            lines.append("dtheta_s/dt = -b_s*theta_s : mV (unless refractory)")
            reset.append("theta_s = theta_s*exp(-b_s*t_ref) + delta_s")
            values |= dict(zip(("b_s", "delta_s"), self.spike_threshold, strict=True))
            threshold += " + theta_s"
        if self.voltage_threshold is not None:
            lines.append("dtheta_v/dt = a_v*(v - E_L) - b_v*theta_v : mV (unless refractory)")
            values |= dict(zip(("a_v", "b_v"), self.voltage_threshold, strict=True))
            threshold += " + theta_v"
        if self.currents or self.spike_threshold is not None:
            values["t_ref"] = self.refractory
        return Neurons(
            self.size, "\n".join(lines), threshold=f"v > {threshold}", reset="; ".join(reset),
            refractory=self.refractory or None, positions=self.positions, **beginning(self, v=self.E_L), **values,
        )


CELL: Mapping[int, dict[str, Any]] = {
    1: {"g": 9.12, "V_th": -37.88},
    2: {"g": 9.12, "V_th": -37.14, "reset": (0.2, 18.56), "spike_threshold": (9.0, 0.37)},
    3: {"g": 9.43, "V_th": -50.19, "currents": ((3.0, -9.18), (100.0, -198.94))},
    4: {"g": 9.43, "V_th": -50.19, "reset": (0.2, 18.56), "spike_threshold": (9.0, 0.37),
        "currents": ((3.0, -9.18), (100.0, -198.94))},
    5: {"g": 9.43, "V_th": -51.68, "reset": (0.2, 18.56), "spike_threshold": (9.0, 0.37),
        "currents": ((3.0, -9.18), (100.0, -198.94)), "voltage_threshold": (5.0, 90.0)},
}  # fmt: skip
"""Cell 490626718 of the Allen Cell Types Database at each level, rounded as in NEST's example ``glif_psc_neuron``; C,
E_L and the refractory time are the same at all and are the defaults of ``GLIF``."""


def glif(level: int, size: int = 1, **changes: Any) -> GLIF:
    """Generalised leaky integrate-and-fire neurons of a level, with the parameters of a cell of mouse cortex.

    Parameters
    ----------
    level
        1 (LIF), 2 (LIF-R), 3 (LIF-ASC), 4 (LIF-R-ASC) or 5 (LIF-R-ASC-A).
    size
        Number of neurons, N.
    **changes
        Fields of ``GLIF`` that are to differ.

    References
    ----------
    Allen Cell Types Database, cell 490626718; Teeter et al. (2018). Nat Commun 9, 709. doi:10.1038/s41467-017-02717-4.
    """
    if level not in CELL:
        raise DescriptionError(f"glif: level must be one of {listing(map(str, CELL))}, got {level!r}")
    return GLIF(size, **{**CELL[level], **changes})


def _take(part: GLIF, name: str, dimensions: tuple[Any, ...]) -> None:
    given = getattr(part, name)
    if given is not None:
        object.__setattr__(part, name, _numbers(given, dimensions, f"GLIF.{name}"))


def _numbers(given: Any, dimensions: tuple[Any, ...], where: str) -> tuple[float, ...]:
    """Numbers in the units in which they are shown, from numbers or quantities."""
    if not isinstance(given, list | tuple) or len(given) != len(dimensions):
        raise DescriptionError(f"{where} must have {len(dimensions)} numbers, got {given!r:.60}")
    found = [shown(value, dim, where) for value, dim in zip(given, dimensions, strict=True)]
    for value, dim in zip(found, dimensions, strict=True):
        if dim == FREQUENCY and not value >= 0:
            raise DescriptionError(f"{where}: a rate must be >= 0 Hz, got {value!r}")
    return tuple(float(value) for value in found)
