"""The statistics: arrays in, numbers out."""

import importlib.util
import sys


def _load_late(name: str) -> None:
    """Load a module of NumPy when it is first used."""
    spec = None if name in sys.modules else importlib.util.find_spec(name)
    if spec is not None and spec.loader is not None:
        spec.loader = importlib.util.LazyLoader(spec.loader)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        parent, _, own = name.rpartition(".")
        setattr(sys.modules[parent], own, module)


# SciPy takes every public name of NumPy. Loading these would add 100 ms to the start of every command.
for module in ("numpy.f2py", "numpy.testing", "numpy.ma", "numpy.polynomial"):
    _load_late(module)
