"""How tensors go to a backend as arrays, and come back, without copies."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ...backends import available
from ...errors import BackendError, DescriptionError


class Exchange(ABC):
    """Between torch and the backend that runs where the tensors lie."""

    backend: str
    """The backend that is chosen for these tensors."""

    @abstractmethod
    def array(self, tensor: torch.Tensor) -> Any:
        """What the backend takes for a tensor; its numbers lie one after another."""

    @abstractmethod
    def tensor(self, array: Any) -> torch.Tensor:
        """The tensor of an array of the backend."""

    @abstractmethod
    def queued(self) -> AbstractContextManager[None]:
        """Within it the backend does what it does after what torch has queued, and before what it will queue."""


@dataclass(frozen=True)
class OnCpu(Exchange):
    """Tensors and arrays of NumPy."""

    backend = "numba"

    def array(self, tensor: torch.Tensor) -> np.ndarray:
        return tensor.detach().numpy()

    def tensor(self, array: Any) -> torch.Tensor:
        return torch.from_numpy(np.require(array, requirements="C"))

    def queued(self) -> AbstractContextManager[None]:
        return nullcontext()


@dataclass(frozen=True)
class OnCuda(Exchange):
    """Tensors on a GPU, which CuPy takes as they are, and arrays of CuPy, which torch takes through DLPack.

    Parameters
    ----------
    device
        Of all tensors.
    """

    device: torch.device
    backend = "cupy"

    def array(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.detach().contiguous()

    def tensor(self, array: Any) -> torch.Tensor:
        return torch.from_dlpack(array)

    @contextmanager
    def queued(self) -> Iterator[None]:
        import cupy

        stream = torch.cuda.current_stream(self.device)
        with cupy.cuda.Device(self.device.index), cupy.cuda.ExternalStream(stream.cuda_stream):
            yield


def exchange_for(tensors: Mapping[str, torch.Tensor]) -> Exchange:
    """The exchange for tensors by name, which must all lie on one device.

    Raises
    ------
    DescriptionError
        When they do not, or on one that no backend serves.
    BackendError
        When they lie on a GPU and the backend for it cannot run here, saying what is missing.
    """
    first, tensor = next(iter(tensors.items()))
    for name, other in tensors.items():
        if other.device != tensor.device:
            raise DescriptionError(f"{name} must be on {tensor.device} as {first} is, got a tensor on {other.device}")
    if tensor.device.type == "cpu":
        return OnCpu()
    if tensor.device.type != "cuda":
        raise DescriptionError(f"{first} must be on the cpu or on cuda, got a tensor on {tensor.device}")
    return OnCuda(tensor.device)


def check_available(exchange: Exchange) -> None:
    """Refuse tensors on a GPU where the backend for it cannot run."""
    reason = available(exchange.backend)
    if reason is not None:
        raise BackendError(f"scans of tensors on cuda run on the backend {exchange.backend!r}: {reason}; or move the "
                           "module and its inputs to the cpu")
