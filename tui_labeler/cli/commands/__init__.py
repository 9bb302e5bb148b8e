"""The commands, one module a family; ``cli/grammar.py`` lists them."""
