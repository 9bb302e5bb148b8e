"""Measurements: each module is a command, ``python -m benchmarks`` runs them all."""

import os

# What is installed was compiled once. Where this is set, every start would compile the whole program anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
