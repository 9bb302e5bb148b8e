"""Label text in a terminal, by hand, by a model of your own, or both.

Importing this package costs nothing: each part loads what it needs when it is used.
"""

__version__ = "0.1.0.dev0"
