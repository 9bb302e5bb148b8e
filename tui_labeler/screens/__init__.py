"""What people see: a folder a subject, in it one module a screen; ``widgets`` beneath draw.

The modules directly here belong to no screen alone: the base of all (``screen``, ``base``, ``lines``,
``tabs``), dialogs and forms (``dialogs``, ``forms``, ``fields``, ``choosing``, ``narrowing``), keys and
commands (``keymap``, ``commands``, ``help``, ``terminal_input``, ``typing_ahead``), and how figures and
times are written (``words``).
"""
