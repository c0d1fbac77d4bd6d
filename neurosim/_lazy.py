"""A package whose names are found when they are first asked for."""

from types import ModuleType
from typing import Any


class LazyPackage(ModuleType):
    """Keeps a public name what it is where a module has the same name.

    Importing ``neurosim.simulate`` would put that module where the function ``simulate`` is expected.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and name in self.__dict__.get("_PLACES", ()):
            value = getattr(value, name)
        super().__setattr__(name, value)
