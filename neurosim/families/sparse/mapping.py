r"""From support and familiarity to win probabilities: the published curves, each as text.

All begin with the expansivity eta, the ratio between the most and the least favoured cell,

.. math:: \eta = 1 + \left(\frac{\max(0, G - G^-)}{1 - G^-}\right)^\gamma \chi

(with chi times K where ``per_cell``), but the oldest, which has its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import DescriptionError, check_below, check_choice, check_not_negative, check_positive, fields_by_name


@dataclass(frozen=True, kw_only=True)
class Curve(ABC):
    """What all curves have: the floor of familiarity and the greatest expansivity.

    Parameters
    ----------
    floor
        Familiarity up to which all is left to chance, G-, in [0, 1).
    gamma, chi
        Exponent and factor of the expansivity.
    per_cell
        Whether chi is multiplied by the number of cells in a module.
    """

    floor: float = 0.1
    gamma: float = 2.0
    chi: float = 100.0
    per_cell: bool = True

    def __post_init__(self) -> None:
        check_not_negative(self, "floor")
        check_positive(self, "gamma", "chi")
        if self.floor >= 1:
            raise DescriptionError(f"{type(self).__name__}.floor must be < 1, got {self.floor!r}")

    def constants(self, cells: int) -> Mapping[str, float]:
        """The numbers that the texts name, for modules of ``cells`` cells."""
        return {"G_floor": self.floor, "chi": self.chi * (cells if self.per_cell else 1)}

    @property
    def expansivity(self) -> str:
        """eta, from G."""
        return f"1 + max(0, (G - G_floor) / (1 - G_floor))**{self.gamma!r} * chi"

    @property
    @abstractmethod
    def chance(self) -> str:
        """mu, from V and eta."""


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Logistic(Curve):
    r"""The curve of the author's demonstration, :math:`\mu = 1 + (\eta - 1) / (1 + e^{-(V - v_0) / s})`.

    Its own numbers are a floor of 0, chi 400 for any number of cells, centre 0.5 and slope 0.15. They are soft: with
    30 items stored the best cell of a familiar one is drawn four times in ten. The defaults here are steep.

    Parameters
    ----------
    centre, slope
        v0 and s.
    """

    centre: float = 0.9
    slope: float = 0.02

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "slope")

    def constants(self, cells: int) -> Mapping[str, float]:
        """The numbers that the texts name."""
        return {**super().constants(cells), "v0": self.centre, "slope": self.slope}

    @property
    def chance(self) -> str:
        """mu, from V and eta."""
        return "1 + (eta - 1) / (1 + exp(-(V - v0) / slope))"


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Ratchet(Curve):
    r"""The curve of the author's Java program as its documents tell it, :math:`\max(\eta / (1 + e^{-k (V - v_0)}), 1)`.

    From V = 0.999 on it is eta. The centre goes up by a hundredth of its range in each learning frame in which the
    mean of V over the mac is above 0.3 and above all before.

    Parameters
    ----------
    steepness, low, high
        k, and the range of v0.
    """

    steepness: float = 4.0
    low: float = 0.5
    high: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "steepness")
        check_below(self, "low", "high")

    def constants(self, cells: int) -> Mapping[str, float]:
        """The numbers that the texts name."""
        own = {"steepness": self.steepness, "v0_high": self.high, "v0_up": (self.high - self.low) / 100}
        return {**super().constants(cells), **own}

    @property
    def chance(self) -> str:
        """mu, from V and eta."""
        return "eta if V >= 0.999 else max(eta / (1 + exp(-steepness * (V - v0))), 1)"


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Generalised(Curve):
    r"""The curve of the 2014 paper, :math:`\mu = 1 + (\eta - 1) / (1 + s_1 e^{-s_2 (V - s_3)})^{s_4}`.

    Parameters
    ----------
    s1, s2, s3, s4
        Its constants. The defaults are those of an independent program, which raises the exponential term alone to
        the power s4: that is ``inside``. The paper's form is recalled, not read.
    inside
        Whether only the exponential term is raised to the power.
    """

    s1: float = 0.1
    s2: float = 4.0
    s3: float = 1.0
    s4: float = 8.0
    inside: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "s1", "s2", "s4")

    def constants(self, cells: int) -> Mapping[str, float]:
        """The numbers that the texts name."""
        return {**super().constants(cells), "s1": self.s1, "s2": self.s2, "s3": self.s3, "s4": self.s4}

    @property
    def chance(self) -> str:
        """mu, from V and eta."""
        term = "s1 * exp(-s2 * (V - s3))"
        return f"1 + (eta - 1) / (1 + ({term})**s4)" if self.inside else f"1 + (eta - 1) / (1 + {term})**s4"


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Simple(Curve):
    r"""The curve of 2010, :math:`\mu = 1 + a G^b / (1 + e^{-(\lambda V + \varphi)})`, as a third party read the paper.

    ``chi`` is a, ``gamma`` is b, and ``floor`` is 0.

    Parameters
    ----------
    steepness, shift
        lambda and phi.
    """

    floor: float = 0.0
    gamma: float = 7.0
    chi: float = 1e4
    per_cell: bool = False
    steepness: float = 26.0
    shift: float = -13.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "steepness")

    def constants(self, cells: int) -> Mapping[str, float]:
        """The numbers that the texts name."""
        return {**super().constants(cells), "steepness": self.steepness, "shift": self.shift}

    @property
    def chance(self) -> str:
        """mu, from V and eta."""
        return "1 + (eta - 1) / (1 + exp(-(steepness * V + shift)))"


@fields_by_name
@dataclass(frozen=True, kw_only=True)
class Hypotheses:
    """How strongly a mac sends that holds several codes at once.

    The number z of its hypotheses is the mean over modules of the cells with V above ``above``, rounded, 1 at least.

    Parameters
    ----------
    above
        V from which on a cell competes.
    how
        ``boost`` sends z**exponent (the 2014 paper, recalled), ``discount`` 1 / z**exponent.
    exponent
        Of z.
    most
        Hypotheses beyond which nothing is sent.
    """

    above: float = 0.5
    how: str = "boost"
    exponent: float = 1.0
    most: float = 3.0

    def __post_init__(self) -> None:
        check_not_negative(self, "above", "exponent")
        check_positive(self, "most")
        check_choice(self, "how", ("boost", "discount"))

    @property
    def factor(self) -> str:
        """The factor of what is sent, from z."""
        power = "z**sent_exponent"
        return f"0 if z > sent_most else {power if self.how == 'boost' else f'1 / {power}'}"
