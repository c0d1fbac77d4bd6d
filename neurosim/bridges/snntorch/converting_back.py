"""Networks of step neurons as modules of snnTorch."""

from typing import Any

import numpy as np
import snntorch
import torch
from torch import nn

from ... import Network
from ...connectivity import AllToAll, OneToOne
from ...errors import DescriptionError, listing
from ...families import Part, StepNeurons
from ...network import Join
from .converting import COUPLE, ON_PRE, WEIGHT

CLASSES = {"leaky": snntorch.Leaky, "lapicque": snntorch.Lapicque, "synaptic": snntorch.Synaptic,
           "alpha": snntorch.Alpha, "delta": snntorch.DeltaLeaky}
RECURRENT = {"rleaky": snntorch.RLeaky, "synaptic": snntorch.RSynaptic}


def to_snntorch(network: Network) -> nn.Sequential:
    """A chain of layers of ``StepNeurons`` as ``Linear`` and neurons of snnTorch, which keep their state themselves.

    Neurons are made with ``init_hidden=True``, and the last one with ``output=True``: a call takes a step, (B, N), and
    returns spikes and membrane. The input part is left out; its lines are what a call is given.

    Raises
    ------
    DescriptionError
        When a part, a join or a delay has no counterpart; it is named.
    """
    chain, joins = _chain(network)
    modules: list[tuple[str, nn.Module]] = []
    for position, (name, join) in enumerate(zip(chain, joins, strict=True)):
        part = network.parts[name]
        if not isinstance(part, StepNeurons):
            raise DescriptionError(f"part {name!r} must be StepNeurons, got {type(part).__name__}")
        back = next((j for j in network.joins.values() if j.source == j.target == name), None)
        modules += [(f"{name}_input", _linear(network.parts[join.source], part, join)),
                    (name, _neuron(name, part, back, last=position == len(chain) - 1))]
    found = nn.Sequential()
    for name, module in modules:
        found.add_module(name, module)
    return found


def _chain(network: Network) -> tuple[list[str], list[Join]]:
    """The layers behind the one part that nothing reaches, and the joins into them."""
    if network.drives:
        raise DescriptionError(f"drives cannot be carried over: {listing(network.drives)}")
    onward: dict[str, Join] = {}
    for name, join in network.joins.items():
        _check_join(name, join)
        if join.source == join.target:
            continue
        if join.source in onward or join.target in {j.target for j in onward.values()}:
            raise DescriptionError(f"join {name!r}: layers must form a chain, without branches")
        onward[join.source] = join
    begins = [name for name in network.parts if name not in {j.target for j in onward.values()}]
    if len(begins) != 1 or not onward:
        raise DescriptionError(f"a network must be one chain behind its input, got these without an input: "
                               f"{listing(begins)}")
    chain, joins, now = [], [], begins[0]
    while now in onward:
        joins.append(onward[now])
        now = onward[now].target
        chain.append(now)
    return chain, joins


def _check_join(name: str, join: Join) -> None:
    for field in ("model", "on_post", "glia"):
        if getattr(join, field):
            raise DescriptionError(f"join {name!r}: {field} cannot be carried over, got {getattr(join, field)!r:.60}")
    if (join.on_pre or ON_PRE, join.couple or COUPLE) != (ON_PRE, COUPLE):
        raise DescriptionError(f"join {name!r} must do {ON_PRE!r} or {COUPLE!r}, got {join.on_pre or join.couple!r}")
    if join.between != (join.source, join.target):
        raise DescriptionError(f"join {name!r} must connect whole parts, got {' -> '.join(join.between)}")
    rules = (AllToAll, OneToOne) if join.source == join.target else (AllToAll,)
    if not isinstance(join.rule, rules):
        raise DescriptionError(f"join {name!r}: the rule must be {listing(r.__name__ for r in rules)}, got {join.rule}")
    if isinstance(join.values.get(WEIGHT), str):
        raise DescriptionError(f"join {name!r}: {WEIGHT} must be numbers, got the text {join.values[WEIGHT]!r}")


def _linear(source: Part, part: StepNeurons, join: Join) -> nn.Linear:
    linear = nn.Linear(source.size, part.size, dtype=torch.float64)
    weight = np.broadcast_to(np.asarray(join.values[WEIGHT], float), (source.size * part.size,))
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(weight.reshape(source.size, part.size).T.copy()))
        linear.bias.copy_(torch.as_tensor(np.broadcast_to(part.bias, (part.size,)).copy()))
    return linear.to(torch.get_default_dtype())


def _neuron(name: str, part: StepNeurons, back: Join | None, *, last: bool) -> Any:
    classes = CLASSES if back is None else RECURRENT
    kind = part.kind
    if kind == "rleaky" and back is None:
        kind = "leaky" if part.reset != "zero" else kind
    if kind == "leaky" and back is not None and part.reset != "zero":
        kind = "rleaky"
    if kind not in classes:
        raise DescriptionError(f"part {name!r}: snnTorch has no {'recurrent ' if back else ''}neuron of the kind "
                               f"{part.kind!r} with reset {part.reset!r} that takes one step at a time")
    if kind == "delta" and not last:
        raise DescriptionError(f"part {name!r}: snnTorch's DeltaLeaky always returns its state too, so it can only be "
                               "the last layer")
    threshold = "delta_threshold" if kind == "delta" else "threshold"
    options: dict[str, Any] = {threshold: _number(part.threshold), "reset_mechanism": part.reset, "init_hidden": True,
                               "output": last}
    options |= {n: _number(getattr(part, n)) for n in ("beta", "alpha", "R", "C", "time_step")
                if getattr(part, n) is not None}
    if kind in ("leaky", "rleaky", "synaptic"):
        if not part.delayed and back is not None and kind == "synaptic":
            raise DescriptionError(f"part {name!r}: RSynaptic of snnTorch 1.0 has no working immediate reset")
        options["reset_delay"] = part.delayed
    if back is None:
        return classes[kind](**options)
    return _recurrent(classes[kind], options, part, back)


def _recurrent(kind: Any, options: dict[str, Any], part: StepNeurons, back: Join) -> Any:
    weight = np.asarray(back.values[WEIGHT], float)
    if isinstance(back.rule, OneToOne):
        return kind(**options, all_to_all=False, V=_number(weight if weight.ndim else float(weight)))
    neuron = kind(**options, linear_features=part.size)
    square = np.broadcast_to(weight, (part.size**2,)).reshape(part.size, part.size)
    with torch.no_grad():
        neuron.recurrent.weight.copy_(torch.from_numpy(square.T.copy()))
        neuron.recurrent.bias.zero_()  # the part's own bias holds it
    return neuron


def _number(value: Any) -> Any:
    return torch.as_tensor(np.array(value)).to(torch.get_default_dtype()) if np.ndim(value) else value
