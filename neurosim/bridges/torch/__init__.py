"""PyTorch: networks as modules, and what belongs to training them."""

from .module import ScanModule, as_module

__all__ = ["ScanModule", "as_module"]
