"""Neurons that snnTorch calls step by step, over whole sequences."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import nn

from ...errors import DescriptionError
from ..torch.checks import checked_sequence
from .scanned import Scanned

Given = Mapping[str, torch.Tensor | None]


class Fused(Scanned):
    """Mixed into a neuron of snnTorch, whose constructor, parameters and state it keeps.

    With ``sequence=True`` a call takes (T, B, ...) in the place of (B, ...), and returns spikes and states of all
    steps. Without it a call is snnTorch's own step. Where an option cannot be fused (see ``why_not_fused``) the
    steps are snnTorch's too, one after another.
    """

    ignored: ClassVar[frozenset[str]] = frozenset()
    """Options that snnTorch takes and does nothing with."""
    sequence_order: ClassVar[str] = "(T, B, ...)"
    """The axes of a sequence as an error names them."""
    sequence_axes: ClassVar[int | None] = None
    """How many there are, where that is settled."""

    # what the neuron of snnTorch that this is mixed into has
    state_quant: Any
    init_hidden: bool
    output: bool
    mem: Any

    def __init__(self, *args: Any, sequence: bool = False, **options: Any):
        self.sequence = sequence
        super().__init__(*args, **options)

    @property
    def why_not_fused(self) -> str | None:
        """None when sequences run as one scan, else the reason why they run step by step."""
        if self.state_quant and "state_quant" not in self.ignored:
            return "state_quant changes the states between steps"
        if self.slope is None:
            return "the surrogate is not one of snnTorch's that have a text"
        return None

    @property
    def _competes(self) -> bool:
        return bool(self.inhibition) and "inhibition" not in self.ignored

    def step(self, input_: torch.Tensor, *states: Any, **named: Any) -> Any:
        """One step: snnTorch's own, mended where it is."""
        return super().forward(input_, *states, **named)  # type: ignore[misc]

    def forward(self, input_: torch.Tensor, *states: Any, **named: Any) -> Any:
        """One step as in snnTorch, or with ``sequence`` all of them, (T, B, ...)."""
        if not self.sequence:
            return self.step(input_, *states, **named)
        axes = self.sequence_axes
        input_ = checked_sequence(input_, "input", self.sequence_order, least=axes or 2, most=axes)
        self._take(input_, self._named(states) | named)
        # snnTorch's inhibition is for (B, N) alone, and what it makes of images is for it to say
        if self.why_not_fused is not None or (self._competes and input_.ndim != 3):
            return self._given_out(self._stepped(input_))
        return self._given_out(self._scanned(input_))

    def _named(self, states: tuple[Any, ...]) -> dict[str, torch.Tensor | None]:
        """The states of a call by their names."""
        if len(states) > len(self.states):
            raise TypeError(f"{type(self).__name__} takes {len(self.states)} states ({', '.join(self.states)}), got "
                            f"{len(states)}")
        return dict(zip(self.states, states, strict=False))

    def _take(self, input_: torch.Tensor, given: Given) -> None:
        kind = type(self).__name__
        found = {name: value for name, value in given.items() if value is not None}
        if found and self.init_hidden:
            raise TypeError(f"{kind} keeps its state (init_hidden=True) and takes none, got {', '.join(found)}")
        shape = self._state_shape(input_[0].shape)
        for name, value in found.items():
            if name not in self.states:
                raise TypeError(f"{kind} has no state {name!r}; it has: {', '.join(self.states)}")
            # reset_mem gives zeros of whatever shape the last batch had, and snnTorch takes those for new ones
            if (value.shape != shape or value.dtype != input_.dtype) and bool(value.any()):
                raise DescriptionError(f"{name} must be {input_.dtype} {tuple(shape)} as the input is, got "
                                       f"{value.dtype} {tuple(value.shape)}")
            setattr(self, name, value)

    def _state_shape(self, shape: torch.Size) -> torch.Size:
        """Shape of a state, (B, ...), for the input of a step."""
        return shape

    @property
    def _gives_states(self) -> bool:
        """Whether a call returns states beside the spikes."""
        return self.output or not self.init_hidden

    def _given_out(self, found: list[torch.Tensor]) -> Any:
        """Spikes and states as a call returns them."""
        return tuple(found) if self._gives_states else found[0]

    def _stepped(self, input_: torch.Tensor) -> list[torch.Tensor]:
        """Steps of snnTorch, one after another."""
        shape, steps = self._state_shape(input_[0].shape), []
        for x in input_:
            given = () if self.init_hidden else tuple(self._state(name, shape, x) for name in self.states)
            steps.append(self._called(x, given))
        return [torch.stack(x) for x in zip(*steps, strict=True)]

    def _called(self, x: torch.Tensor, states: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        """Spikes, and states if they are returned, of a step."""
        found = self.step(x, *states)
        return found if isinstance(found, tuple) else (found,)

    def _inputs(self, input_: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the scan is given for a sequence, (T, B, ...) each."""
        return {"x": input_}

    def _scanned(self, input_: torch.Tensor) -> list[torch.Tensor]:
        shape = self._state_shape(input_[0].shape)
        names = ["spk", *(n for n in self.states if n != "spk")]
        wanted = names if self._gives_states else names[:1]
        begun = {name: self._state(name, shape, input_) for name in self.states}
        found, ends = self._run(self._inputs(input_), shape, wanted, begun)
        for name, end in ends.items():
            setattr(self, name, end)
        return found

    def _state(self, name: str, shape: torch.Size, like: torch.Tensor) -> torch.Tensor:
        """A state as it stands, or zeros where it has another shape than the input, as in snnTorch."""
        state: torch.Tensor | None = getattr(self, name)
        return like.new_zeros(shape) if state is None or state.shape != shape else state


def reset(module: nn.Module) -> None:
    """Set the states of all neurons within a module back, however deep they lie, and of no other.

    ``snntorch.utils.reset`` sees direct children alone, and resets all living neurons of their classes.

    Examples
    --------
    >>> import torch
    >>> from neurosim.bridges.snntorch import Leaky, reset
    >>> net = torch.nn.Sequential(torch.nn.Sequential(Leaky(beta=0.9, init_hidden=True, sequence=True)))
    >>> first = net(torch.full((5, 1, 1), 0.4))
    >>> reset(net)
    >>> bool((net(torch.full((5, 1, 1), 0.4)) == first).all())
    True
    """
    for inner in module.modules():
        begin = getattr(inner, "reset_mem", None)
        if callable(begin):
            begin()
