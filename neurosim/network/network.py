"""Named parts and what joins them."""

import keyword
import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ..equations import Checked
from ..errors import DescriptionError, NetworkError, listing, nearest
from ..families import Part
from ..families.plain import checked_mapping, to_plain
from ..program import Builder, Program, Scope
from ..units import TIME, to_internal
from .delays import delay_steps
from .drive import Drive, checked_drive, lower_drive
from .ends import chosen, split
from .files import from_dict, from_yaml, to_yaml
from .glia import count_synapses
from .join import CheckedJoin, Join, checked_join
from .learning import with_rules
from .lowering import JoinLowering
from .memory import check_fits
from .rewiring import Rewiring
from .show import as_html, as_text
from .structures import groups_of
from .writers import check_writers, coupled


class Network:
    """Parts by name, joined by edges and driven by noise; plain, printable, comparable.

    Parameters
    ----------
    parts
        Parts to begin with, by name; more come by ``add``.

    Examples
    --------
    >>> from neurosim import LIF, Network
    >>> from neurosim.connectivity import Bernoulli
    >>> net = Network({"exc": LIF(80, i=25.0), "inh": LIF(20)})
    >>> net.connect("exc", ["exc", "inh"], Bernoulli(0.1), on_pre="v += w", w=0.2)
    ['exc_to_exc', 'exc_to_inh']
    """

    def __init__(self, parts: Mapping[str, Part] | None = None):
        self._parts: dict[str, Part] = {}
        self._joins: dict[str, CheckedJoin] = {}
        self._drives: dict[str, tuple[Drive, Checked]] = {}
        if not isinstance(parts or {}, Mapping):
            raise NetworkError(f"parts must be a dict of parts by name, such as {{'exc': LIF(80)}}, got {parts!r:.80}")
        for name, part in (parts or {}).items():
            self.add(name, part)

    @property
    def parts(self) -> Mapping[str, Part]:
        """The parts by name."""
        return MappingProxyType(self._parts)

    @property
    def joins(self) -> Mapping[str, Join]:
        """The joins by name."""
        return MappingProxyType({name: checked.join for name, checked in self._joins.items()})

    @property
    def drives(self) -> Mapping[str, Drive]:
        """The drives by name."""
        return MappingProxyType({name: drive for name, (drive, _) in self._drives.items()})

    def add(self, name: str, part: Part) -> None:
        """Add a part under a name of its own."""
        if not isinstance(part, Part):
            raise NetworkError(f"part {name!r} must be a family such as Neurons or Poisson, got {part!r:.80}")
        self._check_name(name)
        self._parts[name] = part

    def connect(
        self,
        source: str,
        target: str | Iterable[str],
        rule: Any,
        *,
        name: str | None = None,
        model: str = "",
        on_pre: str = "",
        on_post: str = "",
        delay: Any = None,
        couple: str | None = None,
        glia: str | None = None,
        domain: Any = None,
        plasticity: Any = None,
        structure: Any = None,
        method: str = "auto",
        initial: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> Any:
        """Join one part to another, or to several, each by edges of its own.

        Parameters
        ----------
        source, target
            Names of parts, or ranges of their neurons such as ``"exc[:100]"`` and ``"exc[-1]"``, between which the
            join is drawn as between parts of their own: what a rule, an array or a text counts begins at 0 with the
            first neuron of a range. A list of targets makes a join for each.
        rule
            Who is connected to whom: a rule of ``neurosim.connectivity``.
        name
            Name of the join; ``exc_to_inh`` by default, ``exc_to_inh_2`` where that is taken.
        model
            Variables of the edges as equations; differential ones are integrated at every step, those flagged
            ``(event-driven)`` when a spike reaches the edge.
        on_pre, on_post
            What a spike of the source does after the delay, and one of the target at once: ``"g_e += w"``. A
            bare name is the edge's, else the target's; ``v_pre`` and ``v_post`` name a side.
        delay
            ms: a number, a quantity, a distribution (drawn again below one step), (E,) for given edges, or a text as
            for values below, ``"1*ms + distance/(300*um/ms)"``; None is one step. It is rounded to whole steps;
            below one step it is an error. A spike of step k with a delay of d steps arrives at the beginning of
            step k + d.
        couple
            Continuous coupling, ``"I_gap = g*(v_pre - v_post)"``: before each step a variable of the target
            is set to the sum over its edges; several joins onto one variable add up.
        glia
            Name of a third part, of astrocytes, whose variables texts may name with the suffix ``_glia``: read as
            they were at the beginning of the step, or add to (``"Y_S_glia += r_S"``). ``synapses_glia`` is the
            number of synapses in the domain of that astrocyte, of all joins with the same glia.
        domain
            Which astrocyte a synapse belongs to: ``"nearest"`` to the target (also None; both have positions), or
            (size of the target,) whole numbers, one for each target, -1 for none. Or for each synapse its own: (E,)
            whole numbers where the rule gives the edges, or a text as below, rounded down, that may also name
            ``N_glia``: ``"N_glia*rand()"``.
        plasticity
            A rule of ``neurosim.families.plasticity`` such as ``STDP()``, or a list of rules, whose texts are
            added to those given; the weight that they change is called ``w``.
        structure
            A rule of ``neurosim.families.plasticity`` such as ``SynapticElements()``, by which edges come and go while
            the network runs; joins with equal rules are rewired together.
        method
            Solver of the model's differential equations.
        initial
            Start of the model's variables: numbers, arrays, distributions or texts as below.
        **values
            What the texts need: a number for all edges, an array (E,), a distribution, or a text that may draw and
            name ``i`` and ``j``, the indices of source and target, ``N_pre``, ``N_post``, and of parts with positions
            ``x_pre``, ``y_post``, … and ``distance`` (µm): ``"0.5*exp(-distance/(100*um))"``.

        Returns
        -------
        The name of the join, or a list of names where ``target`` is a list.
        """
        fields = {
            "model": model,
            "on_pre": on_pre,
            "on_post": on_post,
            "delay": delay,
            "couple": couple,
            "glia": glia,
            "domain": domain,
            "structure": structure,
            "method": method,
            "initial": checked_mapping(initial, "initial"),
            "values": values,
        }
        if isinstance(target, str):
            return self._join(source, target, rule, name, fields, plasticity)
        if not isinstance(target, Iterable):
            raise NetworkError(f"target must be the name of a part or a list of names, got {target!r:.80}")
        if name is not None:
            raise NetworkError(f"a name ({name!r}) can be given for one target only, got {list(target)}")
        before = dict(self._joins)
        try:
            return [self._join(source, one, rule, None, fields, plasticity) for one in target]
        except DescriptionError:
            self._joins = before  # all or none
            raise

    def _join(
        self, source: str, target: str, rule: Any, name: str | None, fields: Mapping[str, Any], plasticity: Any
    ) -> str:
        source, source_range = self._end(source, "source")
        target, target_range = self._end(target, "target")
        if name is None:
            name = self._free_name(f"{source}_to_{target}")
        self._check_name(name)
        ends = self._parts[source], self._parts[target]
        learning = with_rules(fields, plasticity, *ends, f"join {name!r}")
        join = Join(name=name, source=source, target=target, rule=rule, source_range=source_range,
                    target_range=target_range, **learning)
        third = None
        if join.glia is not None:
            self._check_part(join.glia, "glia")
            third = self._parts[join.glia]
        checked = checked_join(join, *ends, third)
        check_writers(target, ends[1], [*self._joins.values(), checked], self._drives.values())
        self._joins[name] = checked
        return name

    def drive(
        self, part: str, on_event: str, *, rate: Any, count: int = 1, name: str | None = None, **values: Any
    ) -> str:
        """Let independent Poisson trains act on each neuron of a part.

        Parameters
        ----------
        part
            Name of the part, whole.
        on_event
            What an event adds: ``"I += w"``.
        rate
            Rate of one train, Hz: a number, an array (N,), in which 0 leaves a neuron out, a text in ``t`` and ``i``,
            or a TimedArray, (T,) or (T, N).
        count
            Number of trains onto each neuron.
        name
            Name of the drive; ``exc_drive`` by default.
        **values
            What ``on_event`` needs: a number or an array (N,).

        Returns
        -------
        The name of the drive.
        """
        self._check_part(part, "part")
        if name is None:
            name = self._free_name(f"{part}_drive")
        self._check_name(name)
        drive = Drive(name=name, part=part, on_event=on_event, rate=rate, count=count, values=values)
        checked = checked_drive(drive, self._parts[part])
        check_writers(part, self._parts[part], self._joins.values(), [*self._drives.values(), checked])
        self._drives[name] = checked
        return name

    def build(
        self, *, dt: float, seed: int = 0, replicas: int = 1, max_memory: int | None = None, held: bool = True,
        observed: Iterable[str] = (),
    ) -> Program:
        """The program of one time step.

        Parameters
        ----------
        dt
            Time step, ms.
        seed
            Edges, values and initial values are drawn from it; replica b starts from ``seed + b``.
        replicas
            Number of copies with the same structure.
        max_memory
            Bytes allowed; by default what is free.
        held
            Whether memory must hold all edges; a backend may draw many of them on a device.
        observed
            Subexpressions of parts, ``exc.I_syn``, that are to be variables too, so that they can be recorded.

        Raises
        ------
        MemoryForeseenError
            When the network would not fit; nothing has been drawn then.
        """
        if not self._parts:
            raise NetworkError("the network has no parts; add one with add(name, part)")
        dt = to_internal(dt, TIME, "dt")
        if np.ndim(dt) or not (math.isfinite(dt) and dt > 0):
            raise DescriptionError(f"dt must be > 0 and finite, got {dt!r}")
        for what, value, low in (("seed", seed, 0), ("replicas", replicas, 1)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
                raise DescriptionError(f"{what} must be a whole number >= {low}, got {value!r}")
        builder = Builder(dt=dt, seed=int(seed), replicas=int(replicas), inputs=self._inputs())
        for checked in self._joins.values():
            delay_steps(checked.join, dt)  # refuse a short delay before anything is drawn
        groups_of(self.joins, dt, int(replicas))
        check_fits(self._joins, self._parts, replicas, max_memory, held)
        scopes = {name: Scope(builder, name) for name in self._parts}
        for name, part in self._parts.items():
            part.build(scopes[name])
        for name, part in self._parts.items():
            part.link(scopes[name])
        places = [coupled(checked) for checked in self._joins.values()]
        joins = [
            JoinLowering(checked, self._parts, builder, adds=place is not None and place in places[:number])
            for number, (checked, place) in enumerate(zip(self._joins.values(), places, strict=True))
        ]
        for join in joins:
            join.lower()
        count_synapses((join.domain, join.edges) for join in joins if join.domain is not None)
        # drives after joins: next to the equations, with which they then share a pass over memory
        for drive, texts in self._drives.values():
            lower_drive(drive, texts, scopes[drive.part], self.parts[drive.part].guarded)
        for owner, _, name in (full.partition(".") for full in observed):
            self._parts[owner].observe(scopes[owner], name)
        return builder.finish()

    def rewiring(self, program: Program) -> Rewiring:
        """What makes edges come and go in the ``program`` of this network, between two of its steps."""
        return Rewiring(self._joins, self._parts, program)

    def _inputs(self) -> set[str]:
        """Full names of the variables that joins and drives change."""
        by_joins = {
            f"{checked.join.target}.{checked.sides[a.target][0]}"
            for checked in self._joins.values()
            for body in checked.checked.statements.values()
            for a in body
            if checked.sides.get(a.target, ("", ""))[1] == "target"
        }
        by_drives = {
            f"{drive.part}.{a.target}" for drive, texts in self._drives.values() for a in texts.statements["on_event"]
        }
        return by_joins | by_drives

    def to_dict(self) -> dict[str, Any]:
        """The whole network as plain numbers, texts, lists and dicts."""
        return {
            "parts": {name: part.to_dict() for name, part in self._parts.items()},
            "joins": [to_plain(join.to_dict()) for join in self.joins.values()],
            "drives": [to_plain(drive.to_dict()) for drive in self.drives.values()],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Network":
        """The network that ``to_dict`` wrote down."""
        return from_dict(cls, data)

    def to_yaml(self) -> str:
        """The network as YAML text."""
        return to_yaml(self.to_dict())

    @classmethod
    def from_yaml(cls, text: str) -> "Network":
        """The network of a YAML text."""
        return from_dict(cls, from_yaml(text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def _taken(self) -> set[str]:
        return {*self._parts, *self._joins, *self._drives}

    def _free_name(self, wanted: str) -> str:
        taken, name, number = self._taken(), wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def _check_name(self, name: str) -> None:
        valid = isinstance(name, str) and name.isidentifier() and name.isascii() and not name.startswith("_")
        if not valid:
            raise NetworkError(
                f"a name must be letters, digits and underscores, beginning with a letter, got {name!r}"
            )
        if keyword.iskeyword(name):
            raise NetworkError(f"a name must not be a word of Python, got {name!r}")
        if name in self._taken():
            raise NetworkError(f"the name {name!r} is taken; there are: {listing(self._taken())}")

    def _end(self, text: str, what: str) -> tuple[str, range | None]:
        """The part that a text such as ``exc[:100]`` names, and the neurons of it; None for all."""
        name, _ = split(text)
        self._check_part(name, what)
        return name, chosen(text, self._parts[name].size, what)

    def _check_part(self, name: str, what: str) -> None:
        if name not in self._parts:
            raise NetworkError(
                f"{what}: no part {name!r}{nearest(str(name), self._parts)}; "
                f"there are: {listing(self._parts)}"
            )
