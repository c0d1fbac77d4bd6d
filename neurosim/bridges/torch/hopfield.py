"""Modern Hopfield layers for PyTorch: association of two sets, pooling over one, lookup in a learned one.

References
----------
Ramsauer et al. (2021). Hopfield networks is all you need, ICLR. doi:10.48550/arXiv.2008.02217, section 3
"""

import math
from numbers import Integral
from typing import Any

import torch
from torch import Tensor, nn

from ...errors import DescriptionError
from .association import Retrieval, associate

STANDARD_DEVIATION = 0.02
"""Of what is learned from the beginning on, such as the states of a pooling layer."""


class HopfieldAssociation(nn.Module):
    r"""Retrieve from one set what the states of another ask for: :math:`\mathrm{softmax}(\beta R W_Q W_K^T Y^T) Y W_V`.

    Parameters
    ----------
    input_size
        Length of a state.
    stored_size
        Length of a stored pattern; as ``input_size`` by default.
    values_size
        Length of a value; as ``stored_size`` by default, and another needs ``connect_values=False``.
    hidden_size
        Length of the space in which a head associates; ``input_size // heads`` by default.
    pattern_size
        Length of what a head reads out; ``hidden_size`` by default, or its part of a value that is read as it is.
    output_size
        Length of the output; ``input_size`` by default. None of it where ``project_output`` is False.
    heads
        Number of heads.
    beta
        Inverse temperature, a number or one for each head; :math:`1/\sqrt{hidden}` by default, and 1 where nothing is
        projected.
    updates, tolerance
        See ``Retrieval``.
    project_state, project_stored, project_values, project_output
        Which of the projections there are. Without one its input is used as it is, so it must have the length of what
        it stands for: ``heads * hidden_size`` for states and stored patterns.
    connect_values
        Whether values are projected from the projected stored patterns, :math:`W_K W_V`, and not from these themselves.
    normalise
        Whether states, stored patterns and values pass a layer normalisation of their own before they are projected.
    normalise_hidden
        Whether states and stored patterns do once more behind it.
    dropout
        Share of the weights that is dropped in training.
    add_zero
        Whether there is one more stored pattern, of zeros: a head that finds nothing may take that.
    bias
        Whether projections have one.
    """

    def __init__(
        self, input_size: int, *, stored_size: int | None = None, values_size: int | None = None,
        hidden_size: int | None = None, pattern_size: int | None = None, output_size: int | None = None,
        heads: int = 1, beta: Any = None, updates: int | None = 0, tolerance: float = 1e-4,
        project_state: bool = True, project_stored: bool = True, project_values: bool = True,
        project_output: bool = True, connect_values: bool = True, normalise: bool = True,
        normalise_hidden: bool = False, dropout: float = 0.0, add_zero: bool = False, bias: bool = True,
    ):
        super().__init__()
        input_size, heads = _size("input_size", input_size), _size("heads", heads)
        stored_size = _size("stored_size", stored_size, input_size)
        values_size = _size("values_size", values_size, stored_size)
        hidden_size = _size("hidden_size", hidden_size, max(input_size // heads, 1))
        as_given = not (project_values or connect_values)
        pattern_size = _size("pattern_size", pattern_size, max(values_size // heads, 1) if as_given else hidden_size)
        output_size = _size("output_size", output_size, input_size)
        if values_size != stored_size and connect_values:
            raise DescriptionError(f"values_size must be stored_size ({stored_size}) unless connect_values=False, got "
                                   f"{values_size!r}")
        self.heads, self.add_zero, self.dropout, self.connect_values = heads, add_zero, dropout, connect_values
        self.retrieval = Retrieval(updates=updates, tolerance=tolerance)
        if not isinstance(dropout, int | float) or not 0.0 <= dropout < 1.0:
            raise DescriptionError(f"dropout must be in [0, 1), got {dropout!r}")
        width = heads * hidden_size
        self.to_state = _projection(project_state, input_size, width, bias, "project_state")
        self.to_stored = _projection(project_stored, stored_size, width, bias, "project_stored")
        before = width if connect_values else values_size
        self.to_values = _projection(project_values, before, heads * pattern_size, bias, "project_values")
        self.to_output = nn.Linear(heads * pattern_size, output_size, bias) if project_output else nn.Identity()
        sizes = {"state": input_size, "stored": stored_size, "read": values_size}
        self._sizes = {"state": input_size, "stored": stored_size, "values": values_size}
        self._fits = width == stored_size
        self.norms = nn.ModuleDict({name: nn.LayerNorm(size) for name, size in sizes.items()} if normalise else {})
        self.hidden_norms = nn.ModuleDict({name: nn.LayerNorm(hidden_size) for name in ("state", "stored")}
                                          if normalise_hidden else {})
        projected = project_state or project_stored
        self._set_beta(hidden_size**-0.5 if projected else 1.0) if beta is None else self._set_beta(beta)

    def forward(
        self, state: Tensor, stored: Tensor | None = None, values: Tensor | None = None, *,
        padding: Tensor | None = None, mask: Tensor | None = None, weights: bool = False,
    ) -> Any:
        """States (B, S, input_size) to (B, S, output_size).

        Parameters
        ----------
        stored, values
            (B, N, stored_size) and (B, N, values_size); the states themselves, and the stored patterns, by default.
        padding
            (B, N), True where a pattern is only there to fill up. Where all are, zeros are retrieved.
        mask
            (S, N), True where a state must not see a pattern, or numbers to add to the scores.
        weights
            Whether to give the weights (B, heads, S, N) too.
        """
        stored = state if stored is None else stored
        values = stored if values is None else values
        self._check(state, stored, values)
        keys = self._split(self.to_stored(self._normal("stored", stored)), "stored")
        queries = self._split(self.to_state(self._normal("state", state)), "state")
        if self.connect_values and values is stored:
            values = self.to_values(self.to_stored(self._normal("read", values)))
        else:
            values = self.to_values(self._normal("read", values))
        values = self._split(values)
        seen = _seen(padding, mask, queries, keys)
        if self.add_zero:
            keys, values = (torch.cat([x, x.new_zeros(*x.shape[:-2], 1, x.shape[-1])], dim=-2) for x in (keys, values))
            if seen is not None:
                seen = nn.functional.pad(seen, (0, 1), value=True if seen.dtype == torch.bool else 0.0)
        found, share = associate(queries, keys, values, self.beta, retrieval=self.retrieval, mask=seen,
                                 drop=self.dropout if self.training else 0.0, weights=weights)
        found = self.to_output(found.transpose(-3, -2).flatten(-2))
        return (found, share) if weights else found

    def _check(self, state: Tensor, stored: Tensor, values: Tensor) -> None:
        given = {"state": state, "stored": stored, "values": values}
        own = next(self.parameters(), None)
        for name, x in given.items():
            if not isinstance(x, Tensor) or x.ndim < 2:
                shape = f"shape {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
                raise DescriptionError(f"{name} must be a tensor (B, n, {self._sizes[name]}), got {shape}")
            if x.shape[-1] != self._sizes[name]:
                raise DescriptionError(f"{name} must be {self._sizes[name]} long on the last axis, got "
                                       f"{tuple(x.shape)}")
            if own is not None and x.dtype != own.dtype and not torch.is_autocast_enabled(x.device.type):
                raise DescriptionError(f"{name} must be {own.dtype} as the layer is, got {x.dtype}")
        # attention would read past the end of what is too short, and say nothing
        if values.shape[:-1] != stored.shape[:-1] or not stored.shape[-2]:
            raise DescriptionError("stored and values must be as many, one at the least, got "
                                   f"{tuple(stored.shape)} and {tuple(values.shape)}")
        if state.ndim > 2 and stored.ndim > 2 and len({*state.shape[:-2], 1} | {*stored.shape[:-2]}) > 2:
            raise DescriptionError(f"state and stored must be batches of the same length, got {tuple(state.shape)} and "
                                   f"{tuple(stored.shape)}")
        if values is not stored and self.connect_values and not self._fits:
            raise DescriptionError("values other than the stored patterns need connect_values=False")

    def extra_repr(self) -> str:
        """The options that no part shows."""
        return f"heads={self.heads}, beta={self.beta}, retrieval={self.retrieval}, dropout={self.dropout}"

    def _set_beta(self, beta: Any) -> None:
        """Take it; one number stays a number, so that torch's fused attention can take it."""
        try:
            given = torch.as_tensor(beta, dtype=torch.get_default_dtype())
        except (TypeError, ValueError, RuntimeError):
            given = torch.zeros(())
        fits = given.dim() == 0 or given.shape == (self.heads,)
        if not fits or not ((given > 0) & given.isfinite()).all():
            raise DescriptionError(f"beta must be one number > 0 or {self.heads}, one for each head, and finite, got "
                                   f"{beta!r}")
        if given.dim():
            self.register_buffer("beta", given.reshape(-1, 1, 1), persistent=False)
        else:
            self.beta = float(beta)

    def _normal(self, name: str, x: Tensor) -> Tensor:
        return self.norms[name](x) if name in self.norms else x

    def _split(self, x: Tensor, name: str = "") -> Tensor:
        """(B, n, heads * size) to (B, heads, n, size)."""
        if x.shape[-1] % self.heads:
            raise DescriptionError(f"the length of what {self.heads} heads share must be a multiple of that, got "
                                   f"{x.shape[-1]}")
        x = x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)
        return self.hidden_norms[name](x) if name in self.hidden_norms else x


class HopfieldPooling(nn.Module):
    """Pool a set (B, N, input_size) of any N into ``quantity`` vectors: learned states ask for them.

    Parameters
    ----------
    input_size
        Length of the members of the set.
    quantity
        Number of states.
    trainable
        Whether the states are learned.
    **options
        As for ``HopfieldAssociation``.
    """

    def __init__(self, input_size: int, *, quantity: int = 1, trainable: bool = True, **options: Any):
        super().__init__()
        quantity = _size("quantity", quantity)
        self.association = HopfieldAssociation(input_size, **options)
        self.state = nn.Parameter(torch.randn(1, quantity, input_size) * STANDARD_DEVIATION, requires_grad=trainable)

    def forward(self, stored: Tensor, *, padding: Tensor | None = None, weights: bool = False) -> Any:
        """(B, N, input_size) to (B, quantity * output_size), and the weights (B, heads, quantity, N) if asked for."""
        if not isinstance(stored, Tensor) or stored.ndim != 3:
            shape = tuple(stored.shape) if isinstance(stored, Tensor) else type(stored).__name__
            raise DescriptionError(f"stored must be a batch of sets, (B, N, size), got {shape}")
        found = self.association(self.state.expand(len(stored), -1, -1), stored, padding=padding, weights=weights)
        return (found[0].flatten(1), found[1]) if weights else found.flatten(1)


class HopfieldLookup(nn.Module):
    """Look states (B, S, input_size) up in ``quantity`` learned patterns, or in those given.

    Parameters
    ----------
    input_size
        Length of a state.
    quantity
        Number of stored patterns.
    patterns, targets
        What is stored, (quantity, stored_size), and what is read out, (quantity, values_size); both are drawn by
        default. Without targets the patterns are read out.
    separate
        Whether what is read out is learned separately from the patterns; given targets always are.
    trainable, trainable_targets
        Whether patterns and targets are learned.
    **options
        As for ``HopfieldAssociation``.
    """

    def __init__(
        self, input_size: int, *, quantity: int = 1, patterns: Tensor | None = None, targets: Tensor | None = None,
        separate: bool = True, trainable: bool = True, trainable_targets: bool = True, **options: Any,
    ):
        super().__init__()
        length = options.get("stored_size") or input_size
        if patterns is None:
            patterns = torch.randn(_size("quantity", quantity), _size("input_size", length)) * STANDARD_DEVIATION
        patterns = _rows("patterns", patterns)
        quantity = len(patterns)
        if targets is None and separate:
            targets = torch.randn(quantity, options.get("values_size") or length) * STANDARD_DEVIATION
        if targets is not None:
            targets = _rows("targets", targets)
            if len(targets) != quantity:
                raise DescriptionError(f"targets must be as many as patterns ({quantity}), got {len(targets)}")
            if targets.shape[1] != length:
                options.setdefault("values_size", targets.shape[1])
        options.setdefault("connect_values", targets is None)
        self.association = HopfieldAssociation(input_size, **options)
        self.patterns = nn.Parameter(patterns[None], requires_grad=trainable)
        self.targets = None if targets is None else nn.Parameter(targets[None], requires_grad=trainable_targets)

    def forward(self, state: Tensor, *, weights: bool = False) -> Any:
        """(B, S, input_size) to (B, S, output_size), and the weights (B, heads, S, quantity) if asked for."""
        if not isinstance(state, Tensor) or state.ndim != 3:
            shape = tuple(state.shape) if isinstance(state, Tensor) else type(state).__name__
            raise DescriptionError(f"state must be a batch of sets, (B, S, size), got {shape}")
        values = None if self.targets is None else self.targets.expand(len(state), -1, -1)
        return self.association(state, self.patterns.expand(len(state), -1, -1), values, weights=weights)


def _projection(wanted: bool, before: int, after: int, bias: bool, name: str) -> nn.Module:
    if wanted:
        return nn.Linear(before, after, bias)
    if before != after:
        raise DescriptionError(f"{name} must be True where lengths differ: {before} would have to be {after}")
    return nn.Identity()


def _seen(padding: Tensor | None, mask: Tensor | None, queries: Tensor, keys: Tensor) -> Tensor | None:
    """What may be seen, as torch's attention takes it: (B, 1, 1, N), (S, N) or both; numbers if the mask has them."""
    sizes = (queries.shape[-2], keys.shape[-2])
    sets = (*torch.broadcast_shapes(queries.shape[:-3], keys.shape[:-3]), sizes[1])
    for name, x, wanted in (("padding", padding, sets), ("mask", mask, sizes)):
        if x is not None and (not isinstance(x, Tensor) or tuple(x.shape) != wanted):
            shape = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
            raise DescriptionError(f"{name} must be a tensor {wanted}, got {shape}")
    if mask is not None and mask.dtype != torch.bool and not mask.is_floating_point():
        raise DescriptionError(f"mask must hold truth values or numbers to add, got {mask.dtype}")
    open_ = None if padding is None else ~padding[:, None, None, :].bool()
    if mask is None or mask.dtype == torch.bool:
        seen = None if mask is None else ~mask
        return seen if open_ is None else open_ if seen is None else open_ & seen
    mask = mask.to(queries.dtype)
    return mask if open_ is None else mask.masked_fill(~open_, -math.inf)


def _rows(name: str, given: Any) -> Tensor:
    """A copy of (quantity, size) numbers; whole ones as torch's default."""
    found = torch.as_tensor(given).detach().clone()
    if found.ndim != 2 or not found.numel():
        raise DescriptionError(f"{name} must be (quantity, size) with at least one of each, got {tuple(found.shape)}")
    return found if found.is_floating_point() else found.to(torch.get_default_dtype())


def _size(name: str, value: Any, default: int = 0) -> int:
    """A length of at least 1; None is the default where there is one."""
    value = default if value is None and default else value
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise DescriptionError(f"{name} must be a whole number >= 1, got {value!r}")
    return int(value)
