"""The catalog: one module per published model, imported as ``neurosim.models``.

``from neurosim.models import brunel_2000`` gives the module of that paper with its ``build`` and
``ENTRY``; :mod:`neurosim.catalog` lists them all.
"""

if __name__ != "neurosim.models":
    # under a second name every entry would exist twice, and the two would not be equal
    raise ImportError(f"this folder is imported as neurosim.models, not as {__name__}")
