"""Numbers that nobody need hold, because drawn again they are the same."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels.recipes import ValueRecipe


class RedrawnValues:
    """(E,) finite numbers that are drawn whenever they are asked for, as by ``np.asarray``.

    Parameters
    ----------
    draw
        Draws them: always the same.
    count, dtype
        How many, and of which kind.
    step
        What all of them are multiples of, a power of two; 0.0 where they are not.
    bound
        What none exceeds in magnitude.
    recipe
        What drawing them takes, where it can be said in plain numbers.
    """

    ndim = 1

    def __init__(self, draw: Callable[[], np.ndarray], count: int, dtype: Any, step: float = 0.0,
                 bound: float = float("inf"), recipe: ValueRecipe | None = None):
        self._draw, self.size, self.shape, self.dtype = draw, count, (count,), np.dtype(dtype)
        self.step, self.bound, self.recipe = step, bound, recipe

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._draw().astype(dtype or self.dtype, copy=False)

    def __len__(self) -> int:
        return self.size

    def __repr__(self) -> str:
        return f"RedrawnValues({self.size:,} of {self.dtype})"
