"""PyTorch: networks as modules, and what belongs to training them."""

from .each_step import EachStep
from .module import ScanModule, as_module

__all__ = ["EachStep", "ScanModule", "as_module"]
