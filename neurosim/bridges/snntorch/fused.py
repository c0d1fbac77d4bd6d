"""What all fused neurons share: one scan over the sequence in the place of a loop over steps."""

from typing import Any, ClassVar

import torch

from ...gradients import Scan, Unrolling
from ...training import Trainable
from ..torch.running import DTYPES, run
from .surrogates import surrogate_text


class Fused:
    """Mixed into a neuron of snnTorch, whose constructor, parameters and state it keeps.

    With ``sequence=True`` a call takes (T, B, ...) in the place of (B, ...), and returns spikes and states of all
    steps. Without it a call is snnTorch's own step. Where an option cannot be fused (see ``why_not_fused``) the
    steps are snnTorch's too, one after another.
    """

    states: ClassVar[tuple[str, ...]]
    """Names of the states in the order in which a call takes and returns them."""
    numbers: ClassVar[tuple[str, ...]]
    """Attributes that the text reads."""

    # what the neuron of snnTorch that this is mixed into has
    state_quant: Any
    inhibition: bool
    init_hidden: bool
    output: bool
    surrogate_disable: bool
    spike_grad: Any
    reset_mechanism: str

    def __init__(self, *args: Any, sequence: bool = False, threads: int = 0, memory: str = "full",
                 compat: bool = False, **options: Any):
        super().__init__(*args, **options)
        self.sequence, self.compat = sequence, compat
        self._run_options: dict[str, Any] = {"threads": threads, "memory": memory}
        self._fused: dict[Any, Trainable] = {}

    def text(self) -> str:
        """One step as assignments; ``x`` is the input, ``spk`` the output."""
        raise NotImplementedError

    def firing(self, *, reset_delay: bool = True) -> str:
        """The end of a step: spikes of the new membrane, and the reset that does not wait for the next step."""
        spike = "stop(H(mem - threshold))" if self.surrogate_disable else "H(mem - threshold)"
        lines = [f"_s = {spike}", "spk = _s*graded_spikes_factor"]
        if not reset_delay and self.reset_mechanism != "none":
            by = "threshold" if self.reset_mechanism == "subtract" else "mem"
            lines += ["_d = spk/graded_spikes_factor - _r", f"mem = mem - _d*{by}"]
        return "; ".join(lines)

    def is_mended(self) -> bool:
        """Whether a single step must be ours, because snnTorch's differs from what it says."""
        return False

    @property
    def why_not_fused(self) -> str | None:
        """None when sequences run as one scan, else the reason why they run step by step."""
        if self.state_quant:
            return "state_quant changes the states between steps"
        if self.inhibition:
            return "inhibition compares neurons with each other within a step"
        if not self.surrogate_disable and surrogate_text(self.spike_grad) is None:
            return "the surrogate is not one of snnTorch's that have a text"
        return None

    def forward(self, input_: torch.Tensor, *states: torch.Tensor | None, **named: torch.Tensor | None) -> Any:
        """One step as in snnTorch, or with ``sequence`` all of them, (T, B, ...)."""
        if not self.sequence and (self.compat or not self.is_mended()):
            return super().forward(input_, *states, **named)  # type: ignore[misc]
        self._take(dict(zip(self.states, states, strict=False)) | named)
        if not self.sequence:
            return self._given_out([x[0] for x in self._scanned(input_.unsqueeze(0))])
        if self.why_not_fused is not None:
            return self._stepped(input_)
        return self._given_out(self._scanned(input_))

    def _take(self, given: dict[str, torch.Tensor | None]) -> None:
        given = {name: value for name, value in given.items() if value is not None}
        if given and self.init_hidden:
            kept = f"{type(self).__name__} keeps its state (init_hidden=True)"
            raise TypeError(f"{kept} and takes none, got {', '.join(given)}")
        for name, value in given.items():
            if name not in self.states:
                raise TypeError(f"{type(self).__name__} has no state {name!r}; it has: {', '.join(self.states)}")
            setattr(self, name, value)

    def _given_out(self, found: list[torch.Tensor]) -> Any:
        """Spikes and states as a call returns them."""
        if self.init_hidden and not self.output:
            return found[0]
        return tuple(found)

    def _stepped(self, input_: torch.Tensor) -> Any:
        """snnTorch's own steps, one after another."""
        steps = []
        for x in input_:
            given = () if self.init_hidden else tuple(getattr(self, name) for name in self.states)
            if given and any(s.shape != x.shape for s in given):
                given = ()
            found = super().forward(x, *given)  # type: ignore[misc]
            steps.append(found if isinstance(found, tuple) else (found,))
        return self._given_out([torch.stack(x) for x in zip(*steps, strict=True)])

    def _scanned(self, input_: torch.Tensor) -> list[torch.Tensor]:
        shape = input_.shape[1:]
        size = shape[1:].numel()
        x = input_.reshape(len(input_), -1, size).contiguous()
        names = ["spk", *(n for n in self.states if n != "spk")]
        wanted = names if self.output or not self.init_hidden else names[:1]
        trainable, scan = self._made(size, x.dtype, tuple(wanted))
        parameters = {n: self._number(n, shape[1:]).to(x.dtype) for n in scan.of_kind("parameter", "matrix")}
        begun = {n: self._state(n, shape).reshape(1, -1, size) for n in self.states if f"{n}.before" in scan.values}
        starts = {f"{n}.before": state.to(x.dtype).contiguous() for n, state in begun.items()}
        outputs, ends = run(trainable, {"x": x}, parameters, starts)
        found = [outputs[n].reshape(input_.shape) for n in scan.outputs]
        for name in self.states:
            end = ends.get(f"{name}.before")
            setattr(self, name, found[names.index(name)][-1] if end is None else end[0].reshape(shape))
        return found

    def _state(self, name: str, shape: torch.Size) -> torch.Tensor:
        """A state as it stands, or zeros where it has another shape than the input, as in snnTorch."""
        state: torch.Tensor = getattr(self, name)
        return state if state.shape == shape else torch.zeros(shape, dtype=state.dtype)

    def _number(self, name: str, shape: torch.Size) -> torch.Tensor:
        value = self._parameter(name)
        if value.ndim == 2 and name == "weight":
            return value.contiguous()
        return value.reshape(()) if value.numel() == 1 else value.broadcast_to(shape).reshape(-1)

    def _parameter(self, name: str) -> torch.Tensor:
        value: torch.Tensor = getattr(self, name)
        return value

    def _made(self, size: int, dtype: torch.dtype, outputs: tuple[str, ...]) -> tuple[Trainable, Scan]:
        """The compiled scan; what decides about its text is part of the key."""
        text = self.text()
        single = tuple(self._parameter(n).numel() == 1 for n in self.numbers)
        key = (size, dtype, outputs, text, single)
        if key not in self._fused:
            scan = self._scan(size, text, dict(zip(self.numbers, single, strict=True)), outputs)
            wanted = ["x", *scan.of_kind("parameter", "matrix")]
            self._fused[key] = Trainable(scan, wanted, dtype=DTYPES[dtype], events=False, **self._run_options)
        return self._fused[key], self._fused[key].scan

    def _scan(self, size: int, text: str, single: dict[str, bool], outputs: tuple[str, ...]) -> Scan:
        layer = Unrolling({"cells": size})
        layer.input("x", "cells")
        for name, one in single.items():
            layer.parameter(name, None if one else "cells")
        for name in self.states:
            layer.state(name, "cells")
        self.before_step(layer)
        # without a surrogate nothing flows through a spike, and any slope will do
        slope = "straight_through" if self.surrogate_disable else surrogate_text(self.spike_grad)
        layer.step("cells", text, surrogate=slope or "")
        return layer.finish(outputs)

    def before_step(self, layer: Unrolling) -> None:
        """Products that a step needs before its text."""
