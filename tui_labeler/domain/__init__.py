"""Frozen values of the field: no I/O, no clock, standard library only."""
