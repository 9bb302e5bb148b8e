"""Everything that can go wrong on purpose.

::

    LabelerError
    ├── InputError           2   wrong use or bad input: a name, a file, an option
    │   ├── NotFoundError        what was named does not exist
    │   │   └── DeletedError         the project that was open is gone: somebody deleted it
    │   ├── UnagreedError        it has to be agreed to first, and nobody can be asked
    │   └── FormatError          a label file that cannot be read; names line and field
    ├── OutsideError         3   the outside world refused or could not be reached
    │   ├── ContainerError       documents cannot be listed or read, or labels not written beside them
    │   │   ├── UnreachableError     none of them: the folder is gone, the server does not answer
    │   │   └── UnreadableError      this one, as long as it is what it is
    │   └── StorageError         the home cannot be read or written: full, read-only, broken
    │       ├── AwayError            it is not where it was: moved, or its disk was taken away
    │       └── SetBackError         it does not hold what was read from it: a backup is in its place
    └── RefusedError         4   a rule says no: quota, budget, lock
        ├── LockedError          somebody else is at it
        ├── QuotaError           too few text records left this month
        └── ConflictError        it has changed meanwhile
            └── OutdatedError        somebody else has written the file since it was read

Each carries a title (what happened), a message (to what) and a hint (what to do next); the same words
reach a toast, a dialog and standard error, but for hints that name an option: in the application those name a
key in its place. Only ``LabelerError`` is ever caught, but for the last resort
(:mod:`tui_labeler.last_resort`). None repeats a secret that can be told by its looks: a token in an address,
a key.
"""

from __future__ import annotations

from typing import ClassVar

from tui_labeler.domain.secrets import without_secrets


class LabelerError(Exception):
    """Something that a person can understand and act upon."""

    title: ClassVar[str] = "That did not work"
    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, hint: str = "", on_screen: str = "") -> None:
        """``on_screen`` is the hint in the application; empty where ``hint`` holds there too."""
        message = without_secrets(message)
        super().__init__(message)
        self.message = message
        self.hint = without_secrets(hint)
        self.on_screen = without_secrets(on_screen) or self.hint


class InputError(LabelerError):
    title = "That can't be used"
    code = "bad_input"


class NotFoundError(InputError):
    title = "Not found"
    code = "not_found"


class DeletedError(NotFoundError):
    title = "Deleted meanwhile"

    def __init__(self) -> None:
        super().__init__(
            "This project was deleted.",
            hint="Unless it was purged, the home's `deleted` folder still holds it.",
        )


class UnagreedError(InputError):
    title = "This has to be agreed to"


class FormatError(InputError):
    """A label file is not what it should be.

    ``line`` counts from 1; ``field`` is a path such as ``assets.documents[3].location``.
    """

    title = "The file can't be read"
    code = "bad_format"

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        field: str = "",
        hint: str = "",
        on_screen: str = "",
    ) -> None:
        places = [f"line {line}"] * (line is not None) + [f"field {field}"] * bool(field)
        super().__init__(
            f"{', '.join(places)}: {message}" if places else message, hint=hint, on_screen=on_screen
        )
        self.line = line
        self.field = field

    def in_file(self, name: str) -> FormatError:
        """The same, with the file's name before all else."""
        error = FormatError(f"{name}: {self.message}", hint=self.hint, on_screen=self.on_screen)
        error.line, error.field = self.line, self.field
        return error


class OutsideError(LabelerError):
    title = "No answer from outside"
    code = "outside"
    exit_code = 3


class ContainerError(OutsideError):
    title = "The container can't be used"
    code = "container"


class UnreachableError(ContainerError):
    """The container as a whole: what goes on with the next document would fail for each of them."""


class UnreadableError(ContainerError):
    """One file in it, whoever tries again: too large, packed, or closed to this person."""


class StorageError(OutsideError):
    title = "The state can't be read or written"
    code = "storage"


class AwayError(StorageError):
    """Work goes on where it is put back."""

    title = "The home folder is away"

    def __init__(self, home: str) -> None:
        super().__init__(
            f"{home} is not there any more.",
            hint="Nothing can be saved until it is put back where it was; what was saved before is in it.",
        )


class SetBackError(StorageError):
    """What was read is not there any more; nothing is written over what is there in its place."""


class RefusedError(LabelerError):
    title = "Refused"
    code = "refused"
    exit_code = 4


class LockedError(RefusedError):
    title = "Somebody else is at it"
    code = "locked"


class QuotaError(RefusedError):
    title = "Not enough quota"
    code = "quota"


class ConflictError(RefusedError):
    title = "It has changed meanwhile"
    code = "conflict"


class OutdatedError(ConflictError):
    """A file on a shelf is another than the one that was read: read it again, then decide anew."""
