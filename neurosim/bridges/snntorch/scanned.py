"""A neuron of snnTorch whose sequences are one compiled scan."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import torch

from ...errors import DescriptionError
from ...gradients import Scan, Unrolling
from ..torch.running import ScanFunction
from .surrogates import SurrogateCall, surrogate_call, surrogate_text


class Scanned:
    """Mixed into a neuron of snnTorch: what it computes for all steps, as the text of one.

    Parameters
    ----------
    *args, **options
        What the neuron of snnTorch takes.
    threads, memory
        See ``neurosim.training.Trainable``.
    compat
        Whether to do what snnTorch 1.0 does also where that is a defect.
    """

    states: ClassVar[tuple[str, ...]] = ()
    """Names of the states in the order in which a call takes and returns them."""
    numbers: ClassVar[tuple[str, ...]]
    """What the text reads that is the same in all steps: attributes of the neuron, or see ``_parameter``."""
    inputs: ClassVar[Mapping[str, str]] = {"x": "cells"}
    """What the text reads that is given anew for each step, and the space of each."""

    # what the neuron of snnTorch that this is mixed into has
    inhibition: bool = False
    surrogate_disable: bool
    spike_grad: Any
    reset_mechanism: str
    reset_delay: bool = True

    def __init__(self, *args: Any, threads: int = 0, memory: str = "full", compat: bool = False, **options: Any):
        self.compat = compat  # some constructors of snnTorch come to what it decides
        super().__init__(*args, **options)
        self._run_options: dict[str, Any] = {"threads": threads, "memory": memory}
        self._fused: dict[Any, ScanFunction] = {}
        self._slope_of: tuple[Any, str | None] = (None, surrogate_text(None))

    def update(self) -> str:
        """The states of a step, as assignments."""
        raise NotImplementedError

    def firing(self) -> str:
        """The end of a step: spikes of the new membrane, and the reset that does not wait for the next step."""
        spike = "stop(H(mem - threshold))" if self.surrogate_disable else "H(mem - threshold)"
        # with inhibition snnTorch leaves the factor out
        lines = [f"_s = {spike}*stop(first)", "spk = _s"] if self._competes else [
            f"_s = {spike}", "spk = _s*graded_spikes_factor"]
        if self.resets_at_once and self.reset_mechanism != "none":
            by = "threshold" if self.reset_mechanism == "subtract" else "mem"
            lines += ["_d = spk/graded_spikes_factor - _r", f"mem = mem - _d*{by}"]
        return "; ".join(lines)

    def before_step(self, layer: Unrolling) -> None:
        """Products that a step needs before its text."""

    def spaces(self, size: int) -> dict[str, int]:
        """Sizes of the spaces of the scan, of which ``cells`` has the states."""
        return {"cells": size}

    @property
    def slope(self) -> str | None:
        """The surrogate as a text, None where it has none."""
        if self.surrogate_disable:
            return "straight_through"  # nothing flows through a spike, and any slope will do
        function, _ = self._slope_of
        if function is not self.spike_grad:  # looking into a function takes longer than all else that a call decides
            self._slope_of = (self.spike_grad, surrogate_text(self.spike_grad))
        return self._slope_of[1]

    @property
    def _competes(self) -> bool:
        """Whether only the neuron that is furthest above its threshold spikes."""
        return bool(self.inhibition)

    @property
    def resets_at_once(self) -> bool:
        """Whether a spike resets the membrane at the end of its own step."""
        return not self.reset_delay

    @torch.compiler.disable  # neither what decides about the text nor the scan has anything to trace
    def _run(self, inputs: Mapping[str, torch.Tensor], shape: torch.Size, wanted: Sequence[str],
             begun: Mapping[str, torch.Tensor]) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
        """Run all steps.

        Parameters
        ----------
        inputs
            (T, B, ...) for each.
        shape
            Of a state, (B, ...).
        wanted
            Names of what is returned for all steps, (T, B, ...).
        begun
            States to begin with, (B, ...); zeros where missing.

        Returns
        -------
        What was wanted, and the states at the end.
        """
        size = shape[1:].numel()
        run = self._made(size, tuple(wanted))
        dtype = next(iter(inputs.values())).dtype
        given = {n: x.reshape(len(x), shape[0], -1).contiguous() for n, x in inputs.items()}
        numbers = (*run.scan.of_kind("matrix"), *run.scan.of_kind("parameter"))
        parameters = {n: self._number(n, shape[1:], run.scan).to(dtype) for n in numbers}
        starts = {f"{n}.before": x.reshape(1, -1, size).to(dtype).contiguous() for n, x in begun.items()}
        outputs, ends = run(given, parameters, starts)
        found = [outputs[n].reshape(-1, *shape) for n in run.scan.outputs]
        # snnTorch cuts states off in place, which torch does not do to a view
        return found, {n: ends[f"{n}.before"][0].reshape(shape).clone() for n in self.states}

    def _number(self, name: str, shape: torch.Size, scan: Scan) -> torch.Tensor:
        value = self._parameter(name)
        if scan.values[name].kind == "matrix":
            if value.shape != scan.shape(name):
                raise DescriptionError(f"{type(self).__name__}.{name} must be {scan.shape(name)} for the input that is "
                                       f"given, got {tuple(value.shape)}")
            return value.contiguous()
        if value.numel() == 1:
            return value.reshape(())
        try:
            return value.broadcast_to(shape).reshape(-1)
        except RuntimeError:
            raise DescriptionError(f"{type(self).__name__}.{name} must be one number or {tuple(shape)} as the input "
                                   f"has it, got {tuple(value.shape)}") from None

    def _parameter(self, name: str) -> torch.Tensor:
        value: Any = getattr(self, name)
        return value if isinstance(value, torch.Tensor) else torch.as_tensor(value, dtype=torch.float64)

    def _made(self, size: int, wanted: tuple[str, ...]) -> ScanFunction:
        """The compiled scan; what decides about its text is the key."""
        texts = (self.update(), self.firing() if "spk" in wanted else "")
        single = {n: self._parameter(n).numel() == 1 for n in self.numbers}
        slope = self.slope or ""
        key = (size, wanted, texts, tuple(single.values()), slope)
        if key not in self._fused:
            scan = self._scan(size, wanted, texts, single, slope)
            self._fused[key] = ScanFunction(scan, events=False, **self._run_options)
        return self._fused[key]

    def _scan(self, size: int, wanted: Iterable[str], texts: tuple[str, str], single: Mapping[str, bool],
              slope: str) -> Scan:
        spaces = self.spaces(size)
        layer = Unrolling(spaces)
        for name, space in self.inputs.items():
            layer.input(name, space)
        for name, one in single.items():
            layer.parameter(name, None if one else "cells")
        for name in self.states:
            layer.state(name, "cells")
        self.before_step(layer)
        segments = [name for name, space in self.inputs.items() if space != "cells"]
        update, firing = texts
        if firing and self._competes:
            layer.step("cells", f"{update}; was = _r; above = mem - threshold", surrogate=slope)
            layer.winner("above", "first")
            layer.step("cells", f"_r = was; {firing}", surrogate=slope)
        else:
            layer.step("cells", f"{update}; {firing}", surrogate=slope, segments=segments)
        return layer.finish(wanted)

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs: states without the graph that they came from, and no compiled code.

        A surrogate of snnTorch is a function made inside another, which no pickle takes: its name and numbers go.
        """
        state = {name: _cut_off(value) for name, value in self.__dict__.items()}
        state["_buffers"] = {name: _cut_off(value) for name, value in state["_buffers"].items()}
        fresh = {"_fused": {}, "_slope_of": (None, surrogate_text(None))}
        return {**state, **fresh, "spike_grad": surrogate_call(self.spike_grad) or self.spike_grad}

    def __setstate__(self, state: dict[str, Any]) -> None:
        call = state["spike_grad"]
        made = call.made() if isinstance(call, SurrogateCall) else call
        super().__setstate__({**state, "spike_grad": made})  # type: ignore[misc]


def _cut_off(value: Any) -> Any:
    """A tensor that was computed, without its graph; anything else as it is."""
    return value.detach() if isinstance(value, torch.Tensor) and not value.is_leaf else value
