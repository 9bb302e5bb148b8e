"""The Azure labels file at a container's root: what the service and other programs read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.engine.errors import ConflictError, NotFoundError, OutdatedError
from tui_labeler.engine.label_files import Exported
from tui_labeler.engine.sharing.shared_form import folder

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Shelf

LABELS_FILE = "labels.json"
"""At the root of the container."""

KEPT = 10
"""Earlier files."""

_TRIES = 4


@dataclass(frozen=True, slots=True)
class Published:
    """A labels file in the container."""

    name: str
    written: bool
    """False where the file there says the same."""
    kept: str
    """Where the one before is; empty where there was none."""
    exported: Exported


async def publish(shelf: Shelf, project_id: str, exported: Exported, now: str) -> Published:
    """Puts a labels file in its place. The one before is kept, whoever wrote it, and the oldest let go.

    Raises ``ContainerError``; then the file that was there is there.
    """
    for _ in range(_TRIES):
        try:
            before, etag = await shelf.get(LABELS_FILE)
        except NotFoundError:
            before, etag = b"", None
        if before == exported.data:
            return Published(LABELS_FILE, False, "", exported)
        try:
            kept = await _keep(shelf, project_id, before, now) if etag else ""
            await shelf.put(LABELS_FILE, exported.data, etag=etag)
        except OutdatedError:
            continue
        return Published(LABELS_FILE, True, kept, exported)
    raise ConflictError(f"Others write {LABELS_FILE} all the time.", hint="Publish it again.")


async def _keep(shelf: Shelf, project_id: str, content: bytes, now: str) -> str:
    start = f"{folder(project_id)}published/"
    earlier = sorted([(blob.name, blob.etag) async for blob in shelf.files(start)])
    stamp = "".join(character for character in now if character.isdigit())
    name = f"{start}{stamp}.json"
    if name not in dict(earlier):
        await shelf.put(name, content, etag=None)
        for old, etag in earlier[: max(0, len(earlier) + 1 - KEPT)]:
            await shelf.remove(old, etag=etag)
    return name
