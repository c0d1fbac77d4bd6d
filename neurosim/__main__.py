"""``python -m neurosim`` is the command ``neurosim``."""

from .cli import main

main()
