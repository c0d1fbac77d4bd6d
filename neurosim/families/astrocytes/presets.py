"""Numbers that belong together, by the figure that they are from."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ...errors import DescriptionError, listing, nearest
from .gchi import GChI

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # amplitude-modulated calcium; other affinities of pumps and IP3 enzymes than all that follow
        "activated": {"K_P": 0.1, "O_beta": 5.0, "O_delta": 0.2, "K_delta": 0.3, "Omega_5P": 0.1, "K_D": 0.5,
                      "F_ex": 0.09},
        # no receptors: a pool outside drives it
        "open_loop": {"O_beta": 0.0, "F_ex": 2.0, "I_bias": 1.0},
        "closed_loop": {"F_ex": 2.0},
        "ring": {"O_beta": 0.0, "F_ex": 0.09},
        "network": {"O_beta": 0.5, "O_delta": 1.2, "initial": {"C": 0.01, "I": 0.01}},
    }
)  # fmt: skip
"""Numbers of ``GChI`` as in figures 2 (``activated``), 3 and 4 (``open_loop``, ``closed_loop``), 5 and 6 of Stimberg et
al. (2019), where they differ from its defaults."""


def astrocytes(size: int, preset: str, **changes: Any) -> GChI:
    """Astrocytes with the numbers of a preset.

    Parameters
    ----------
    size
        Number of astrocytes.
    preset
        A name of ``PRESETS``.
    **changes
        Fields of ``GChI`` that are given instead.
    """
    if not isinstance(preset, str) or preset not in PRESETS:
        raise DescriptionError(
            f"preset must be one of {listing(PRESETS)}, got {preset!r}{nearest(str(preset), PRESETS)}"
        )
    return GChI(size, **{**PRESETS[preset], **changes})
