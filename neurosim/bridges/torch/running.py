"""Scans as differentiable functions of torch tensors, without copies."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from ...errors import DescriptionError, listing, nearest
from ...gradients import Scan
from ...training import Tape, Trainable
from .exchange import Exchange, check_available, exchange_for

Tensors = Mapping[str, torch.Tensor]
OPTIONS = ("backend", "events", "memory", "segment", "threads")
"""What ``Trainable`` takes and the tensors do not say already."""
DTYPES = {torch.float32: "float32", torch.float64: "float64"}


class ScanFunction:
    """A scan as a function of tensors through which gradients flow.

    It is compiled when it is first called, for the precision and the device of its inputs and for those tensors that
    want gradients: what nobody asks for, such as the gradient of the data, is not computed. On the CPU it runs on the
    backend ``numba``, on a GPU on ``cupy``, queued on torch's current stream.

    Parameters
    ----------
    scan
        What runs.
    **options
        See ``neurosim.training.Trainable``.
    """

    def __init__(self, scan: Scan, **options: Any):
        unknown = sorted(set(options) - set(OPTIONS))
        if unknown:
            hint = nearest(unknown[0], OPTIONS)
            raise DescriptionError(f"no option {unknown[0]!r}{hint}; there are: {listing(OPTIONS)}")
        self.scan, self._options = scan, options
        self._starts = {c.start: (c.lag, scan.size(c.start)) for c in scan.pasts()}
        self._made: dict[tuple[torch.dtype, frozenset[str], Exchange], Trainable] = {}

    @torch.compiler.disable  # what is compiled already has nothing to trace; the graph goes on behind it
    def __call__(self, inputs: Tensors, parameters: Tensors,
                 starts: Tensors) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Run all steps.

        Parameters
        ----------
        inputs, parameters, starts
            (T, B, N) for each input, a number, (N,) or (M, N) for each parameter, (lag, B, N) for carries by their
            starts; all of one dtype, float32 or float64, and on one device.

        Returns
        -------
        Outputs, (T, B, N), and ends by the starts of their carries, (lag, B, N).
        """
        names = (tuple(inputs), tuple(parameters), tuple(starts))
        self.check_starts(starts, next(iter(inputs.values())))
        device = next(iter(inputs.values())).device
        numbers = (x.to(device) if x.ndim == 0 else x for x in parameters.values())  # which torch mixes too
        given = (*inputs.values(), *numbers, *starts.values())
        record = torch.is_grad_enabled() and any(x.requires_grad for x in given)
        wanted = frozenset(n for n, x in (*inputs.items(), *parameters.items()) if x.requires_grad)
        place = exchange_for(dict(zip(sum(names, ()), given, strict=True)))
        trainable = self._trainable(next(iter(inputs.values())).dtype, wanted, place)
        found = _Run.apply(trainable, place, names, record, *given)
        outputs = self.scan.outputs
        ends = [c.start for c in self.scan.pasts()]
        return dict(zip(outputs, found, strict=False)), dict(zip(ends, found[len(outputs) :], strict=True))

    def check_starts(self, starts: Tensors, like: torch.Tensor) -> None:
        """Refuse states of another scan, batch or precision."""
        for name, x in starts.items():
            if name not in self._starts:
                raise DescriptionError(f"no state {name!r}; there are: {listing(self._starts)}")
            lag, size = self._starts[name]
            shape = (lag, like.shape[1], size)
            # the reference backend gives float64 whatever it is given
            exact = self._options.get("backend") == "reference" and x.dtype == torch.float64
            if x.shape != shape or (x.dtype != like.dtype and not exact):
                raise DescriptionError(f"state {name!r} must be {like.dtype} {shape} as the inputs are, got {x.dtype} "
                                       f"{tuple(x.shape)}")

    def _trainable(self, dtype: torch.dtype, wanted: frozenset[str], place: Exchange) -> Trainable:
        key = dtype, wanted, place
        if key not in self._made:
            check_available(place)
            options = {"backend": place.backend, **self._options}
            self._made[key] = Trainable(self.scan, sorted(wanted), dtype=DTYPES[dtype], **options)
        return self._made[key]


class _Run(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, trainable: Trainable, place: Exchange, names: tuple[tuple[str, ...], ...], record: bool,
                *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        ctx.set_materialize_grads(False)
        with place.queued():
            arrays = [place.array(x) for x in given]
            cut = [dict(zip(part, arrays[first:], strict=False)) for part, first in
                   zip(names, (0, len(names[0]), len(names[0]) + len(names[1])), strict=True)]
            tape = trainable.forward(*cut, record=record)
            found = tuple(place.tensor(x) for x in (*tape.outputs.values(), *tape.ends.values()))
        ctx.trainable, ctx.place, ctx.names = trainable, place, names
        ctx.tape = tape if _hooked() else None
        if record:
            ctx.save_for_backward(*_kept(tape, trainable.read_again, sum(names, ()), given, found))
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        first, *_ = ctx.saved_tensors  # torch looks here whether it was let go, and what was changed
        tape: Tape = ctx.tape or first.tape
        place: Exchange = ctx.place
        results: list[torch.Tensor | None] = []
        with place.queued():
            seeds = {n: place.array(_rows(g)) for n, g in zip(tape.outputs, grads, strict=False) if g is not None}
            rest = zip(tape.ends, grads[len(tape.outputs) :], strict=True)
            found = ctx.trainable.backward(tape, seeds, {n: place.array(g) for n, g in rest if g is not None})
            parts = (found.inputs, found.parameters, found.starts)
            for name, part in ((n, part) for names, part in zip(ctx.names, parts, strict=True) for n in names):
                value = part.get(name)
                needed = ctx.needs_input_grad[4 + len(results)]
                results.append(None if value is None or not needed else place.tensor(value))
        return (None, None, None, None, *results)


def _kept(tape: Tape, read: Collection[str], names: Iterable[str], given: Iterable[torch.Tensor],
          found: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    """What torch is to keep for the backward run.

    The tape goes with a tensor of its own, so that torch lets go of it as of all else that it keeps: after a backward
    run without ``retain_graph``. Tensors that it shares memory with are kept too, because torch then refuses a
    backward run after they were changed in place.
    """
    first = torch.empty(0)
    first.tape = tape  # type: ignore[attr-defined]
    shared = (*zip(names, given, strict=True), *zip(tape.outputs, found, strict=False))
    return [first, *(tensor for name, tensor in shared if name in read)]


def _hooked() -> bool:
    """Whether what torch keeps goes through hooks, as for checkpoints, which give other tensors back without a tape."""
    top = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)
    return top is None or top(False) is not None


def _rows(gradient: torch.Tensor) -> torch.Tensor:
    """The gradient of an output; one that is the same in all steps, as that of a sum, is a single row."""
    return gradient[:1] if gradient.stride(0) == 0 else gradient
