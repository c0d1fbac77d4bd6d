"""A scan as a differentiable function of torch tensors, without copies on the CPU."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from ...errors import DescriptionError
from ...training import Tape, Trainable

Tensors = Mapping[str, torch.Tensor]
DTYPES = {torch.float32: "float32", torch.float64: "float64"}


@torch.compiler.disable  # what is compiled already has nothing to trace; the graph goes on behind it
def run(trainable: Trainable, inputs: Tensors, parameters: Tensors,
        starts: Tensors) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Run a scan; gradients flow back through what it returns.

    Parameters
    ----------
    trainable
        The scan.
    inputs, parameters, starts
        (T, B, N) for each input, a number, (N,) or (M, N) for each parameter, (lag, B, N) for carries by their starts.

    Returns
    -------
    Outputs, (T, B, N), and ends by the starts of their carries, (lag, B, N).
    """
    names = (tuple(inputs), tuple(parameters), tuple(starts))
    given = (*inputs.values(), *parameters.values(), *starts.values())
    record = torch.is_grad_enabled() and any(x.requires_grad for x in given)
    found = _Run.apply(trainable, names, record, *given)
    outputs = trainable.scan.outputs
    ends = [c.start for c in trainable.scan.pasts()]
    return dict(zip(outputs, found, strict=False)), dict(zip(ends, found[len(outputs) :], strict=True))


def array(tensor: torch.Tensor, name: str) -> np.ndarray:
    """The memory of a tensor as an array; a tensor that does not lie on the CPU is an error."""
    if tensor.device.type != "cpu":
        raise DescriptionError(f"{name} must be on the cpu, got a tensor on {tensor.device}")
    return tensor.detach().numpy()


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, trainable: Trainable, names: tuple[tuple[str, ...], ...], record: bool,
                *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        ctx.set_materialize_grads(False)
        arrays = [array(x, n) for x, n in zip(given, sum(names, ()), strict=True)]
        cut = [dict(zip(part, arrays[first:], strict=False)) for part, first in
               zip(names, (0, len(names[0]), len(names[0]) + len(names[1])), strict=True)]
        tape = trainable.forward(*cut, record=record)
        ctx.trainable, ctx.names, ctx.tape = trainable, names, tape if record else None
        # what comes out must not share memory with the tape under another tensor's version counter
        return tuple(torch.from_numpy(x) for x in (*tape.outputs.values(), *tape.ends.values()))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        tape: Tape | None = ctx.tape
        if tape is None:
            raise DescriptionError("this run kept no tape: it ran without gradients")
        seeds = {n: _rows(g) for n, g in zip(tape.outputs, grads, strict=False) if g is not None}
        ends = {n: array(g, n) for n, g in zip(tape.ends, grads[len(tape.outputs) :], strict=True) if g is not None}
        found = ctx.trainable.backward(tape, seeds, ends)
        parts = (found.inputs, found.parameters, found.starts)
        results: list[torch.Tensor | None] = []
        for names, part in zip(ctx.names, parts, strict=True):
            for name in names:
                value = part.get(name)
                needed = ctx.needs_input_grad[3 + len(results)]
                results.append(None if value is None or not needed else torch.from_numpy(np.ascontiguousarray(value)))
        return (None, None, None, *results)


def _rows(gradient: torch.Tensor) -> np.ndarray:
    """The gradient of an output; one that is the same in all steps, as that of a sum, is a single row."""
    if gradient.stride(0) == 0:
        gradient = gradient[:1]
    return array(gradient, "gradient")
