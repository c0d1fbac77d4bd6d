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
from .scanned import Scanned

INPUT, WEIGHT = "inputs", "w"
ON_PRE, COUPLE = f"x += {WEIGHT}", f"current = {WEIGHT}*x_pre"
KINDS: Mapping[type, str] = {
    snntorch.Leaky: "leaky", snntorch.RLeaky: "rleaky", snntorch.Lapicque: "lapicque", snntorch.Synaptic: "synaptic",
    snntorch.RSynaptic: "synaptic", snntorch.Alpha: "alpha", snntorch.DeltaLeaky: "delta",
    snntorch.StateLeaky: "leaky", snntorch.LinearLeaky: "leaky", snntorch.LeakyParallel: "rectified",
}
"""Neurons that have a text; those of ``neurosim.bridges.snntorch`` are kinds of them."""
CANNOT: Mapping[type, str] = {
    snntorch.SLSTM: "its gates multiply what comes in with what it holds",
    snntorch.SConv2dLSTM: "its membrane comes back through a convolution",
    snntorch.AssociativeLeaky: "its decays depend on the input",
}
"""Why the other neurons of snnTorch are refused."""
NUMBERS = {"leaky": ("beta",), "rleaky": ("beta",), "lapicque": ("R", "C", "time_step"), "synaptic": ("alpha", "beta"),
           "alpha": ("alpha", "beta"), "delta": ("beta",), "rectified": ("beta",)}
RECURRENT = (snntorch.RLeaky, snntorch.RSynaptic)
PARALLEL = (snntorch.StateLeaky, snntorch.LeakyParallel)
WITH_WEIGHTS = (snntorch.LinearLeaky, snntorch.LeakyParallel)
"""Neurons that have a linear layer in themselves."""
REFUSED = {
    "state_quant": "quantised states", "inhibition": "inhibition between the neurons of a layer",
}


class Layer(NamedTuple):
    """Weights (N, M), a bias (N,), and the neurons that they drive, with their name."""

    weight: np.ndarray
    bias: np.ndarray
    name: str
    neuron: Any

    @property
    def size(self) -> int:
        """Number of neurons, N."""
        return len(self.weight)


def from_snntorch(model: nn.Module, inputs: Any = None, *, layers: Iterable[str] | None = None,
                  dt: float = 1.0) -> Network:
    """A network that gives the spikes of a model of snnTorch.

    The input lines are the part ``inputs``; each neuron layer is a part of ``StepNeurons`` with the name that it has
    in the model (``layer_1`` for the number 1), each ``Linear`` a join, also one that is within a neuron. A spike takes
    a step to the next layer, so layer k, counted from 0, is k steps behind snnTorch's, and rests until then;
    ``spikes_by_step`` takes that off.

    Parameters
    ----------
    model
        An ``nn.Sequential``, or any module whose ``layers`` are named: Linear and neuron in turn; ``LinearLeaky`` and
        ``LeakyParallel`` have their Linear in themselves. ``nn.Flatten``, ``nn.Identity`` and ``nn.Dropout``, which
        does nothing in a trained model, are passed over. Parameters are taken as they are now.
    inputs
        (T, N), or (T, B, ...) for ``replicas=B``, of which what is behind B is flattened, array or tensor; None for
        lines to which joins may add.
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
    table = None if inputs is None else TimedArray(_lines(inputs), dt)
    network = Network({INPUT: Afferents(found[0].weight.shape[1], x=table)})
    before = INPUT
    for number, layer in enumerate(found):
        network.add(layer.name, _part(layer, number))
        text = {"couple": COUPLE} if number == 0 else {"on_pre": ON_PRE, "delay": dt}
        network.connect(before, layer.name, AllToAll(), **text, w=layer.weight.T.ravel())
        if isinstance(layer.neuron, RECURRENT):
            _connect_back(network, layer, dt)
        before = layer.name
    return network


def _lines(inputs: Any) -> np.ndarray:
    """Inputs as the lines have them, (T, N) or (T, B, N)."""
    found = _array(inputs)
    return found.reshape(*found.shape[:2], -1) if found.ndim > 3 else found


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
    """Weights and the neurons behind them."""
    if layers is None and not isinstance(model, nn.Sequential):
        raise DescriptionError(f"layers must name the modules of {type(model).__name__} in their order, such as "
                               f"{[name for name, _ in model.named_children()]}")
    named = list(model.named_children()) if layers is None else [(name, model.get_submodule(name)) for name in layers]
    found: list[Layer] = []
    linear: nn.Linear | None = None
    for name, module in named:
        if isinstance(module, nn.Flatten | nn.Identity | nn.Dropout):
            continue
        if linear is None and isinstance(module, nn.Linear):
            linear = module
            continue
        _check_place(name, module, behind_linear=linear is not None)
        found.append(Layer(*_weights(module if linear is None else linear),
                           f"layer_{name}" if name.isdigit() else name.replace(".", "_"), module))
        linear = None
    if linear is not None or not found:
        raise DescriptionError("a model must be pairs of nn.Linear and a neuron, and end with a neuron")
    return found


def _check_place(name: str, module: nn.Module, *, behind_linear: bool) -> None:
    """Refuse what is no neuron, has no text, or misses its weights."""
    for kind, reason in CANNOT.items():
        if isinstance(module, kind):
            raise DescriptionError(f"layer {name!r}: {kind.__name__} cannot be carried over ({reason})")
    alone = isinstance(module, WITH_WEIGHTS)
    if not neuron_class(module) or alone == behind_linear:
        others = [k.__name__ for k in KINDS if issubclass(k, WITH_WEIGHTS) != behind_linear]
        wanted = f"a neuron such as {listing(others)}" if behind_linear else f"nn.Linear or one of {listing(others)}"
        raise DescriptionError(f"layer {name!r} must be {wanted}, got {type(module).__name__}")


def _weights(module: nn.Module) -> tuple[np.ndarray, np.ndarray]:
    """Weights (N, M) and bias (N,) of a linear layer, or of a neuron that has one."""
    if isinstance(module, snntorch.LeakyParallel):
        rnn = module.rnn
        weight, biases = rnn.weight_ih_l0, [rnn.bias_ih_l0, rnn.bias_hh_l0] if rnn.bias else []
    else:
        linear: Any = module.linear if isinstance(module, snntorch.LinearLeaky) else module
        weight, biases = linear.weight, [] if linear.bias is None else [linear.bias]
    return _array(weight), sum((_array(b) for b in biases), np.zeros(len(weight)))


def neuron_class(module: nn.Module) -> type | None:
    """The class of snnTorch whose step a neuron takes; None for one that has no text."""
    own = next((c for c in type(module).__mro__ if c.__module__.partition(".")[0] == "snntorch"), None)
    return own if own in KINDS else None


def _part(layer: Layer, number: int) -> StepNeurons:
    neuron, size, bias = layer.neuron, layer.size, layer.bias
    _check_options(layer)
    if isinstance(neuron, RECURRENT) and neuron.all_to_all and isinstance(neuron.recurrent, nn.Linear):
        bias = bias + _array(neuron.recurrent.bias)
    kind = KINDS[neuron_class(neuron)]  # type: ignore[index]
    values = {name: _per_neuron(layer, name, size) for name in (*NUMBERS[kind], "threshold")}
    for name in {"alpha", "beta"} & set(values) if kind not in ("delta", "rectified") else ():
        values[name] = np.clip(values[name], 0.0, 1.0)  # as snnTorch does in every step
    never = isinstance(neuron, (*PARALLEL, snntorch.DeltaLeaky))
    return StepNeurons(size, kind=kind, reset="none" if never else neuron.reset_mechanism,
                       delayed=never or _is_delayed(neuron), begins=number, bias=bias, **values)


def _is_delayed(neuron: Any) -> bool:
    """Whether a spike resets in the step after its own; that of snnTorch's RSynaptic does whatever it is told."""
    if isinstance(neuron, Scanned):
        return not neuron.resets_at_once
    return bool(getattr(neuron, "reset_delay", True)) or isinstance(neuron, snntorch.RSynaptic)


def _check_options(layer: Layer) -> None:
    neuron, where = layer.neuron, f"layer {layer.name!r}"
    for option, words in REFUSED.items():
        if getattr(neuron, option, False) and option not in getattr(neuron, "ignored", ()):
            raise DescriptionError(f"{where}: {option} cannot be carried over ({words})")
    if not isinstance(neuron, snntorch.DeltaLeaky) and not bool((neuron.graded_spikes_factor == 1).all()):
        raise DescriptionError(f"{where}: graded_spikes_factor must be 1, got {neuron.graded_spikes_factor}; a spike "
                               "of a simulation has no size")
    if isinstance(neuron, snntorch.StateLeaky) and (neuron.kernel_truncation_steps or not neuron.output):
        raise DescriptionError(f"{where}: kernel_truncation_steps and output=False cannot be carried over")
    if isinstance(neuron, snntorch.LeakyParallel):
        weight = _array(neuron.rnn.weight_hh_l0)
        if np.count_nonzero(weight) > np.count_nonzero(np.diagonal(weight)):
            raise DescriptionError(f"{where}: weights between different neurons of LeakyParallel cannot be carried "
                                   "over, because membranes and not spikes go through them")


def _connect_back(network: Network, layer: Layer, dt: float) -> None:
    """The spikes of a layer that come back to it in the step after."""
    neuron = layer.neuron
    if not neuron.all_to_all:
        weight = np.broadcast_to(_array(neuron.recurrent.V), (layer.size,))
        network.connect(layer.name, layer.name, OneToOne(), on_pre=ON_PRE, delay=dt, w=np.array(weight))
    elif isinstance(neuron.recurrent, nn.Linear):
        weight = _array(neuron.recurrent.weight).T.ravel()
        network.connect(layer.name, layer.name, AllToAll(), on_pre=ON_PRE, delay=dt, w=weight)
    else:
        raise DescriptionError(f"layer {layer.name!r}: its recurrent {type(neuron.recurrent).__name__} cannot be "
                               "carried over; linear_features and V can")


def _per_neuron(layer: Layer, name: str, size: int) -> Any:
    value = _array(_value(layer.neuron, name))
    if value.size == 1:
        return float(value.reshape(()))
    if value.shape != (size,):
        raise DescriptionError(f"layer {layer.name!r}: {name} must be one number or ({size},), got {value.shape}")
    return value


def _value(neuron: Any, name: str) -> Any:
    """What snnTorch has for a number of a part."""
    if name == "beta" and isinstance(neuron, snntorch.StateLeaky):
        return torch.exp(-1 / neuron.tau)
    if name == "beta" and isinstance(neuron, snntorch.LeakyParallel):
        return neuron.rnn.weight_hh_l0.diagonal()
    if name == "threshold" and isinstance(neuron, snntorch.DeltaLeaky):
        return neuron.delta_threshold
    return getattr(neuron, name)


def _array(value: Any) -> np.ndarray:
    """Double precision, of a tensor or an array."""
    found = value.detach().cpu().double().numpy() if isinstance(value, torch.Tensor) else value
    return np.array(found, dtype=float)
