"""Compiled helpers: random numbers, elementary functions, and the loader of generated modules."""
