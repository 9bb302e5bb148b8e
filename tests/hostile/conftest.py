"""Commands, for whole jobs."""

from tests.cli.conftest import cli

__all__ = ["cli"]
