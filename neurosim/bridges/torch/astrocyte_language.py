"""A small language model of astrocyte-modulated spiking neurons, with a state of constant size.

The blocks are inferred, after published spiking language models with token shift, receptance, key and value (RWKV).

References
----------
Shen et al. (2023). doi:10.48550/arXiv.2312.07625 (abstract)
Zhu et al. (2023), SpikeGPT. doi:10.48550/arXiv.2302.13939
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import DescriptionError
from ...families.astrocytes import ModulatedLIF
from .astrocytes import AstrocyteModulatedLIF, decayed_sum

State = dict[str, Any]
SHORTEST, LONGEST = 2.0, 64.0
"""Between which time constants of sums over keys and values begin, steps."""


class _Mixing(nn.Module):
    """What both kinds of mixing share: token shift, receptance, and spiking neurons at the end."""

    def __init__(self, width: int, hidden: int, shifted: int, unit: AstrocyteModulatedLIF):
        super().__init__()
        self.shares = nn.Parameter(torch.full((shifted, width), 0.5))
        self.receptance = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, hidden, bias=False)
        self.unit = unit

    def shifted(self, x: Tensor, state: State) -> list[Tensor]:
        """Blends of each step and the one before, (shifted, T, B, C); the last step is kept in ``state``."""
        last = state.get("last")
        before = torch.cat([torch.zeros_like(x[:1]) if last is None else last, x[:-1]])
        state["last"] = x[-1:]
        return [share * x + (1.0 - share) * before for share in self.shares]

    def fire(self, drive: Tensor, state: State) -> Tensor:
        """Spikes (T, B, C) of the neurons at the end."""
        spikes, state["unit"] = self.unit(drive, state=state.get("unit"), return_state=True)
        return spikes  # type: ignore[no-any-return]


class TimeMixing(_Mixing):
    r"""Spikes of :math:`r \odot \sum_j \rho^{t-j} e^{k_j} v_j / \sum_j \rho^{t-j} e^{k_j}`, (T, B, C) to (T, B, C)."""

    def __init__(self, width: int, unit: AstrocyteModulatedLIF):
        super().__init__(width, width, 3, unit)
        self.value = nn.Linear(width, width, bias=False)
        keep = np.exp(-1.0 / np.geomspace(SHORTEST, LONGEST, width))
        self.raw_keep = nn.Parameter(torch.tensor(np.log(keep / (1.0 - keep)), dtype=torch.get_default_dtype()))

    def forward(self, x: Tensor, state: State) -> Tensor:
        """Mix over time; ``state`` is brought up to date."""
        for_r, for_k, for_v = self.shifted(x, state)
        weight, keep = torch.exp(self.key(for_k)), torch.sigmoid(self.raw_keep)
        total = decayed_sum(weight * self.value(for_v), keep, state.get("total"))
        weights = decayed_sum(weight, keep, state.get("weights"))
        state["total"], state["weights"] = total[-1:], weights[-1:]
        return self.fire(torch.sigmoid(self.receptance(for_r)) * total / weights, state)


class ChannelMixing(_Mixing):
    r"""Spikes of :math:`r \odot V \mathrm{relu}(K x)^2`, (T, B, C) to (T, B, C)."""

    def __init__(self, width: int, unit: AstrocyteModulatedLIF):
        super().__init__(width, 2 * width, 2, unit)
        self.value = nn.Linear(2 * width, width, bias=False)

    def forward(self, x: Tensor, state: State) -> Tensor:
        """Mix over channels; ``state`` is brought up to date."""
        for_r, for_k = self.shifted(x, state)
        return self.fire(torch.sigmoid(self.receptance(for_r)) * self.value(torch.relu(self.key(for_k)) ** 2), state)


class SpikingLanguageModel(nn.Module):
    """Predicts the next letter; blocks of time and channel mixing whose outputs are spikes, added to what comes in.

    Parameters
    ----------
    alphabet
        The letters that it knows, each once.
    width, blocks
        C channels, and how many blocks.
    kappa
        Strength of the modulation at the beginning; with 0 it stays 0, and neither it nor astrocytes are trained.
    source, target, group
        See ``neurosim.families.ModulatedLIF``.
    seed
        Of all weights.
    **options
        ``backend``, ``threads`` and ``memory`` of ``neurosim.training.Trainable``.

    Examples
    --------
    >>> from neurosim.bridges.torch.astrocyte_language import SpikingLanguageModel
    >>> model = SpikingLanguageModel("abc", width=4, blocks=1, backend="reference").double()
    >>> logits, state = model(model.numbers("abcab"))
    >>> logits.shape, len(model.sample("ab", 5, seed=1))
    (torch.Size([5, 1, 3]), 7)
    """

    def __init__(self, alphabet: str, *, width: int = 32, blocks: int = 2, kappa: float = 0.5, source: str = "own",
                 target: str = "gain", group: int = 1, seed: int = 0, **options: Any):
        super().__init__()
        if not alphabet or len(set(alphabet)) != len(alphabet):
            raise DescriptionError(f"alphabet must hold each letter once, got {alphabet!r}")
        if width < 1 or blocks < 1:
            raise DescriptionError(f"width and blocks must be >= 1, got {width!r} and {blocks!r}")
        self.alphabet = alphabet
        train = ("W", "tau_m", *(("kappa", "a0", "tau_a") if kappa else ()))
        numbers = iter(range(2 * blocks))

        def unit() -> AstrocyteModulatedLIF:
            part = ModulatedLIF(width, inputs="lines", lines=width, kappa=kappa, source=source, target=target,
                                group=group, seed=2 * blocks * seed + next(numbers))
            return AstrocyteModulatedLIF(part, train=train, **options)

        # torch's own generator draws the weights of nn.Linear; what the caller has drawn stays as it is
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Embedding(len(alphabet), width)
            self.mixings = nn.ModuleList(kind(width, unit()) for _ in range(blocks) for kind in (TimeMixing,
                                                                                                 ChannelMixing))
            self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * blocks + 1))
            self.head = nn.Linear(width, len(alphabet))

    def forward(self, letters: Tensor, state: list[State] | None = None) -> tuple[Tensor, list[State]]:
        """Logits of the next letter, (T, B, letters), for (T, B) numbers of letters, and the state at the end.

        The state has the same size however much was read; a call that is given it goes on from there.
        """
        if letters.ndim != 2 or not letters.numel():
            raise DescriptionError(f"letters must be (T, B) numbers, got the shape {tuple(letters.shape)}")
        ends = [dict(s) for s in state] if state else [{} for _ in self.mixings]
        x = self.embedding(letters)
        for norm, mixing, end in zip(self.norms, self.mixings, ends, strict=False):
            x = x + mixing(norm(x), end)
        return self.head(self.norms[-1](x)), ends

    def numbers(self, text: str) -> Tensor:
        """The numbers of letters, (T, 1)."""
        unknown = set(text) - set(self.alphabet)
        if unknown:
            raise DescriptionError(f"the text has the letter {sorted(unknown)[0]!r}, which is not in the alphabet")
        return torch.tensor([self.alphabet.index(letter) for letter in text])[:, None]

    def bits(self, letters: Tensor) -> Tensor:
        """Mean bits per letter of (T, B) numbers, of all but the first; the loss to be trained."""
        logits, _ = self(letters[:-1])
        return nn.functional.cross_entropy(logits.flatten(0, 1), letters[1:].flatten()) / np.log(2.0)

    @torch.no_grad()
    def sample(self, prompt: str, length: int, *, temperature: float = 1.0, seed: int = 0) -> str:
        """The prompt with ``length`` letters more, drawn one by one with a state of constant size."""
        if not prompt or not temperature > 0:
            raise DescriptionError(f"sampling needs a prompt and a temperature > 0, got {prompt!r} and {temperature!r}")
        generator = torch.Generator().manual_seed(seed)
        logits, state = self(self.numbers(prompt))
        for _ in range(length):
            drawn = torch.multinomial(torch.softmax(logits[-1] / temperature, dim=-1), 1, generator=generator)
            prompt += self.alphabet[int(drawn)]
            logits, state = self(drawn, state)
        return prompt
