"""Making a project in a container where others may have made it already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.engine.errors import FormatError, InputError, NotFoundError, OutdatedError
from tui_labeler.engine.sharing.items import Key
from tui_labeler.engine.sharing.project_form import (
    CATEGORY,
    SharedProject,
    claim_file,
    is_plain,
    project_file,
    read_project,
    to_category,
)
from tui_labeler.engine.sharing.shared_form import VERSION, from_json, to_json

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Shelf


@dataclass(frozen=True, slots=True)
class Claim:
    """The project that a name stands for in a container."""

    id: str
    joined: bool
    """Somebody else made it."""
    shared: SharedProject | None = None
    """What its file says; ``None`` before its maker has synced."""

    @property
    def categories(self) -> tuple[Category, ...]:
        """Those that are there, in their order."""
        if self.shared is None:
            return ()
        return tuple(to_category(key, self.shared.items[Key(CATEGORY, key)]) for key in self.shared.order)


async def claim(shelf: Shelf, name: str, kind: ProjectKind, new_id: str) -> Claim:
    """The project of that name in a container; ``new_id`` becomes its id where there is none.

    Of several who ask at once, one makes it and the others join. Raises ``InputError`` where a project of
    another kind has the name, ``FormatError`` for a file that can't be read.
    """
    place = claim_file(name)
    mine = to_json({"version": VERSION, "id": new_id, "name": name, "kind": kind.value})
    while True:
        try:
            data, _ = await shelf.get(place)
        except NotFoundError:
            try:
                await shelf.put(place, mine, etag=None)
            except OutdatedError:
                continue
            return Claim(new_id, joined=False)
        return await _joined(shelf, place, data, name, kind)


async def claim_own(
    shelf: Shelf, name: str, kind: ProjectKind, project_id: str, *, write: bool = True
) -> None:
    """Claims a name for a project that nobody else knows yet; without ``write``, looks whether it may.

    Raises as :func:`claim`, and ``InputError`` where others have given the name to a project of theirs.
    """
    if write:
        found = await claim(shelf, name, kind, project_id)
    else:
        place = claim_file(name)
        try:
            data, _ = await shelf.get(place)
        except NotFoundError:
            return
        found = await _joined(shelf, place, data, name, kind)
    if found.id != project_id:
        raise InputError(
            f"Others share a project {name!r} in this container already.",
            hint="Export your labels, delete your project, and make it again with the file "
            "(`project create --labels FILE`, with --share for a folder): it joins theirs.",
            on_screen="Export your labels (E), delete your project, and make it again with the labels file, "
            "shared: it joins theirs.",
        )


async def _joined(shelf: Shelf, place: str, data: bytes, name: str, kind: ProjectKind) -> Claim:
    try:
        found = from_json(data)
        project_id, there = found.get("id"), ProjectKind(str(found.get("kind")))
        if not isinstance(project_id, str) or not is_plain(project_id):
            raise FormatError("it names no project", field="id")
    except ValueError as error:
        raise FormatError(f"{place}: {error}") from error
    except FormatError as error:
        raise error.in_file(place) from error
    if there is not kind:
        raise InputError(
            f"The container holds a project {name!r} already, of another kind: {there}.",
            hint=f"Choose another name, or join it with --kind {there.short}.",
            on_screen="Choose another name, or the other kind.",
        )
    try:
        data, _ = await shelf.get(project_file(project_id))
    except NotFoundError:
        return Claim(project_id, joined=True)
    try:
        return Claim(project_id, joined=True, shared=read_project(data))
    except FormatError as error:
        raise error.in_file(project_file(project_id)) from error
