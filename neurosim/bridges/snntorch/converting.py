"""Feed-forward networks of snnTorch as networks that are simulated event by event."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import snntorch
import torch
from torch import nn

from ... import Network, Recording, TimedArray
from ...connectivity import AllToAll, OneToOne
from ...errors import DescriptionError, listing
from ...families import Afferents, StepNeurons

INPUT, WEIGHT = "inputs", "w"
ON_PRE, COUPLE = f"x += {WEIGHT}", f"current = {WEIGHT}*x_pre"
KINDS: Mapping[type, str] = {
    snntorch.Leaky: "leaky", snntorch.RLeaky: "rleaky", snntorch.Lapicque: "lapicque", snntorch.Synaptic: "synaptic",
    snntorch.RSynaptic: "synaptic", snntorch.Alpha: "alpha",
}
"""Neurons that have a text; those of ``neurosim.bridges.snntorch`` are kinds of them."""
NUMBERS = {"leaky": ("beta",), "rleaky": ("beta",), "lapicque": ("R", "C", "time_step"), "synaptic": ("alpha", "beta"),
           "alpha": ("alpha", "beta")}
RECURRENT = (snntorch.RLeaky, snntorch.RSynaptic)
REFUSED = {
    "state_quant": "quantised states", "inhibition": "inhibition between the neurons of a layer",
}


class Layer(NamedTuple):
    """A product and the neurons that it drives, with their names."""

    linear: Any
    name: str
    neuron: Any


def from_snntorch(model: nn.Module, inputs: Any = None, *, layers: Iterable[str] | None = None,
                  dt: float = 1.0) -> Network:
    """A network that gives the spikes of a model of snnTorch.

    The input lines are the part ``inputs``; each neuron layer is a part of ``StepNeurons`` with the name that it has
    in the model (``layer_1`` for the number 1), each ``Linear`` a join. A spike takes a step to the next layer, so
    layer k, counted from 0, is k steps behind snnTorch's, and rests until then; ``spikes_by_step`` takes that off.

    Parameters
    ----------
    model
        An ``nn.Sequential``, or any module whose ``layers`` are named: Linear and neuron in turn. ``nn.Flatten`` and
        ``nn.Identity`` are passed over. Parameters are taken as they are now.
    inputs
        (T, N), or (T, B, N) for ``replicas=B``, array or tensor; None for lines to which joins may add.
    layers
        Names of the modules in the order in which they act, such as ``["fc1", "lif1", "fc2", "lif2"]``.
    dt
        What a step of the model stands for, ms; to be given to ``simulate`` too.

    Raises
    ------
    DescriptionError
        When a layer or an option of it cannot be carried over; it is named.

    Examples
    --------
    >>> import snntorch, torch
    >>> from neurosim import simulate
    >>> from neurosim.bridges.snntorch import from_snntorch
    >>> model = torch.nn.Sequential(torch.nn.Linear(4, 3), snntorch.Leaky(beta=0.9))
    >>> network = from_snntorch(model, torch.rand(20, 4))
    >>> network.parts["layer_1"].begins
    0
    """
    found = _layers(model, layers)
    table = None if inputs is None else TimedArray(_array(inputs), dt)
    network = Network({INPUT: Afferents(found[0].linear.in_features, x=table)})
    before = INPUT
    for number, layer in enumerate(found):
        network.add(layer.name, _part(layer, number))
        text = {"couple": COUPLE} if number == 0 else {"on_pre": ON_PRE, "delay": dt}
        network.connect(before, layer.name, AllToAll(), **text, w=_array(layer.linear.weight).T.ravel())
        if isinstance(layer.neuron, RECURRENT):
            _connect_back(network, layer, dt)
        before = layer.name
    return network


def spikes_by_step(recording: Recording, network: Network, part: str, steps: int | None = None) -> np.ndarray:
    """The spikes of a converted layer as snnTorch gives them, without the steps by which the layer is behind.

    Parameters
    ----------
    recording
        Of ``network``, with the spikes of the part.
    network, part
        What ``from_snntorch`` gave, and the name of a layer.
    steps
        How many steps, T; by default all that there are.

    Returns
    -------
    (T, B, N) of 0 and 1, B being 1 where there are no replicas.
    """
    spikes, behind = recording[f"{part}.spikes"], network.parts[part].begins  # type: ignore[attr-defined]
    count = spikes.stop_step - behind if steps is None else steps
    if not 0 < count <= spikes.stop_step - behind:
        raise DescriptionError(f"{part} is {behind} steps behind: {steps} steps need a run of at least "
                               f"{(steps or 1) + behind}, got {spikes.stop_step}")
    found = np.zeros((count, spikes.batch or 1, spikes.size))
    step = spikes.steps - behind
    chosen = (step >= 0) & (step < count)
    copies = np.zeros_like(spikes.indices) if spikes.replicas is None else spikes.replicas
    found[step[chosen], copies[chosen], spikes.indices[chosen]] = 1.0
    return found


def _layers(model: nn.Module, layers: Iterable[str] | None) -> list[Layer]:
    """Pairs of a Linear and the neurons behind it."""
    if layers is None and not isinstance(model, nn.Sequential):
        raise DescriptionError(f"layers must name the modules of {type(model).__name__} in their order, such as "
                               f"{[name for name, _ in model.named_children()]}")
    named = list(model.named_children()) if layers is None else [(name, model.get_submodule(name)) for name in layers]
    acting = [(n, m) for n, m in named if not isinstance(m, nn.Flatten | nn.Identity)]
    for position, (name, module) in enumerate(acting):
        wanted = "nn.Linear" if position % 2 == 0 else f"a neuron such as {listing(k.__name__ for k in KINDS)}"
        if not (isinstance(module, nn.Linear) if position % 2 == 0 else neuron_class(module)):
            raise DescriptionError(f"layer {name!r} must be {wanted}, got {type(module).__name__}")
    if not acting or len(acting) % 2:
        raise DescriptionError("a model must be pairs of nn.Linear and a neuron, and end with a neuron")
    pairs = zip(acting[::2], acting[1::2], strict=True)
    return [Layer(linear, f"layer_{name}" if name.isdigit() else name.replace(".", "_"), neuron)
            for (_, linear), (name, neuron) in pairs]


def neuron_class(module: nn.Module) -> type | None:
    """The class of snnTorch whose step a neuron takes; None for one that has no text."""
    own = next((c for c in type(module).__mro__ if c.__module__.partition(".")[0] == "snntorch"), None)
    return own if own in KINDS else None


def _part(layer: Layer, number: int) -> StepNeurons:
    neuron, size = layer.neuron, layer.linear.out_features
    for option, words in REFUSED.items():
        if getattr(neuron, option, False):
            raise DescriptionError(f"layer {layer.name!r}: {option} cannot be carried over ({words})")
    if not bool((neuron.graded_spikes_factor == 1).all()):
        raise DescriptionError(f"layer {layer.name!r}: graded_spikes_factor must be 1, got "
                               f"{neuron.graded_spikes_factor}; a spike of a simulation has no size")
    bias = np.zeros(size) if layer.linear.bias is None else _array(layer.linear.bias)
    if isinstance(neuron, RECURRENT) and neuron.all_to_all and isinstance(neuron.recurrent, nn.Linear):
        bias = bias + _array(neuron.recurrent.bias)
    kind = KINDS[neuron_class(neuron)]  # type: ignore[index]
    values = {name: _per_neuron(layer, name, size) for name in (*NUMBERS[kind], "threshold")}
    for name in {"alpha", "beta"} & set(values):
        values[name] = np.clip(values[name], 0.0, 1.0)  # as snnTorch does in every step
    # with compat the neurons of the bridge, and always those of snnTorch, reset RSynaptic late whatever they are told
    mended = getattr(neuron, "is_mended", lambda: False)() and not getattr(neuron, "compat", False)
    delayed = bool(getattr(neuron, "reset_delay", True)) or (isinstance(neuron, snntorch.RSynaptic) and not mended)
    return StepNeurons(size, kind=kind, reset=neuron.reset_mechanism, delayed=delayed, begins=number,
                       bias=bias, **values)


def _connect_back(network: Network, layer: Layer, dt: float) -> None:
    """The spikes of a layer that come back to it in the step after."""
    neuron = layer.neuron
    if not neuron.all_to_all:
        weight = np.broadcast_to(_array(neuron.recurrent.V), (layer.linear.out_features,))
        network.connect(layer.name, layer.name, OneToOne(), on_pre=ON_PRE, delay=dt, w=np.array(weight))
    elif isinstance(neuron.recurrent, nn.Linear):
        weight = _array(neuron.recurrent.weight).T.ravel()
        network.connect(layer.name, layer.name, AllToAll(), on_pre=ON_PRE, delay=dt, w=weight)
    else:
        raise DescriptionError(f"layer {layer.name!r}: its recurrent {type(neuron.recurrent).__name__} cannot be "
                               "carried over; linear_features and V can")


def _per_neuron(layer: Layer, name: str, size: int) -> Any:
    value = _array(getattr(layer.neuron, name))
    if value.size == 1:
        return float(value.reshape(()))
    if value.shape != (size,):
        raise DescriptionError(f"layer {layer.name!r}: {name} must be one number or ({size},), got {value.shape}")
    return value


def _array(value: Any) -> np.ndarray:
    """Double precision, of a tensor or an array."""
    found = value.detach().cpu().double().numpy() if isinstance(value, torch.Tensor) else value
    return np.array(found, dtype=float)
