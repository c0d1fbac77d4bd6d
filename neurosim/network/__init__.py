"""Networks: named parts and what joins them."""

from .drive import Drive
from .join import Join
from .network import Network

__all__ = ["Drive", "Join", "Network"]
