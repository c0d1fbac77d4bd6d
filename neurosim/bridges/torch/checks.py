"""What tensors must be before a scan takes them."""

import torch

from ...errors import DescriptionError
from .running import DTYPES

HALF = (torch.float16, torch.bfloat16)


def widened(x: torch.Tensor) -> torch.Tensor:
    """A tensor that ``torch.autocast`` has made half as precise, in float32 again; any other as it is.

    A recursion over many steps adds its rounding up, so a scan is one of the operations that autocast keeps in float32.
    """
    if not isinstance(x, torch.Tensor):
        raise DescriptionError(f"inputs must be tensors of torch, got {type(x).__name__}")
    here = x.device.type in ("cpu", "cuda") and x.dtype in HALF and torch.is_autocast_enabled(x.device.type)
    return x.float() if here else x


def checked_sequence(
    x: torch.Tensor, name: str, order: str, *, least: int = 2, most: int | None = None
) -> torch.Tensor:
    """A sequence, ``widened``; one whose shape, precision or numbers cannot be run is refused.

    On a GPU the numbers are not looked at, since that would wait for all that is queued there.

    Parameters
    ----------
    x, name
        The tensor, and what it is called.
    order
        Its axes as they are written in an error, such as ``(T, B, ...)``.
    least, most
        How many axes it may have.
    """
    x = widened(x)
    if x.ndim < least or x.ndim > (most or x.ndim) or not x.numel():
        raise DescriptionError(f"{name} must have the shape {order} and not be empty, got {tuple(x.shape)}")
    if x.dtype not in DTYPES:
        raise DescriptionError(f"{name} must be float32 or float64, got {x.dtype}")
    if x.device.type not in ("cpu", "cuda"):
        raise DescriptionError(f"{name} must be on the cpu or on cuda, got a tensor on {x.device}")
    check_finite(x, name)
    return x


def checked_lines(x: torch.Tensor, size: int, axis: str = "N", *, batch_first: bool = False) -> torch.Tensor:
    """A sequence, ``widened`` and steps first, of ``size`` numbers in its last axis, called ``axis``; else refused."""
    x = widened(x)
    x = x.transpose(0, 1) if batch_first and x.ndim == 3 else x
    if x.ndim != 3 or x.shape[2] != size or x.dtype not in DTYPES or not x.numel():
        raise DescriptionError(f"inputs must be (T, B, {axis}) or, with batch_first, (B, T, {axis}), with {axis} = "
                               f"{size}, float32 or float64 and not empty, got {x.dtype} {tuple(x.shape)}")
    check_finite(x, "inputs")
    return x


@torch.compiler.disable  # it looks at the numbers themselves
def check_finite(x: torch.Tensor, name: str) -> None:
    """Refuse ``nan`` and infinities on the CPU: a maximum or a comparison in a text would lose them without a trace."""
    # a sum is one pass without a copy; only where it is not finite are the numbers looked at one by one
    if x.device.type == "cpu" and not bool(x.detach().sum().isfinite()):
        wrong = (~x.isfinite()).nonzero()
        if len(wrong):
            place = tuple(wrong[0].tolist())
            raise DescriptionError(f"{name} must be finite, got {x[place].item()!r} at {place}")
