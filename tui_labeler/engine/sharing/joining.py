"""Making a project in a container where others may have made it already."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.items import Key
from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.engine.errors import FormatError, InputError, NotFoundError, OutdatedError
from tui_labeler.engine.sharing.project_form import (
    CATEGORY,
    SharedProject,
    claim_file,
    is_plain,
    project_file,
    read_project,
    to_category,
)
from tui_labeler.engine.sharing.shared_file import VERSION, from_json, to_json

if TYPE_CHECKING:
    from tui_labeler.engine.ports import Shelf


UNFINISHED = 300.0
"""Seconds after which a claim without a project is anybody's who wants one of another kind."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The project that a name stands for in a container."""

    id: str
    joined: bool
    """Somebody else made it, or is at it."""
    shared: SharedProject | None = None
    """What its file says; ``None`` before its maker has synced."""

    @property
    def categories(self) -> tuple[Category, ...]:
        """Those that are there, in their order."""
        if self.shared is None:
            return ()
        return tuple(to_category(key, self.shared.items[Key(CATEGORY, key)]) for key in self.shared.order)


async def claim(
    shelf: Shelf, name: str, kind: ProjectKind, new_id: str, by: str = "", *, renew: bool = True
) -> Claim:
    """The project of that name in a container; ``new_id`` becomes its id where there is none.

    Of several who ask at once, one makes it and the others join. A claim that nobody followed up is gone on
    with, under its id: by ``by``, who made it, at once, and by others as a project of another kind, unless
    without ``renew``, once it is old. However many go on with it, their first write of the project's file
    decides whose it is, and so there is one. Raises ``InputError`` where a project of another kind has the
    name, ``FormatError`` for a file that can't be read.
    """
    place = claim_file(name)
    while True:
        try:
            data, etag = await shelf.get(place)
        except NotFoundError:
            found, etag = None, None
        else:
            found = _claimed(place, data)
            shared = await _shared(shelf, found.id)
            is_own = bool(by) and found.by == by
            if found.kind is kind:
                return Claim(found.id, joined=shared is not None or not is_own, shared=shared)
            if shared is not None or not renew:
                raise _another_kind(name, found.kind)
            if not is_own and abs(await _age(shelf, place)) < UNFINISHED:
                raise InputError(
                    f"Somebody is just making a project {name!r} of another kind here: {found.kind}.",
                    hint=f"Choose another name, join it with --kind {found.kind.short}, or wait some "
                    "minutes: a project that nobody goes on with gives its name back.",
                    on_screen="Choose another name, or wait some minutes: a project that nobody goes on with "
                    "gives its name back.",
                )
        project_id = found.id if found else new_id
        mine = {"version": VERSION, "id": project_id, "name": name, "kind": kind.value, "by": by}
        with suppress(OutdatedError):
            await shelf.put(place, to_json(mine), etag=etag)
            return Claim(project_id, joined=False)


async def is_claimed(shelf: Shelf, name: str) -> bool:
    """Whether a project of that name is shared in a container. Raises ``ContainerError``."""
    try:
        await shelf.get(claim_file(name))
    except NotFoundError:
        return False
    return True


async def claim_own(
    shelf: Shelf, name: str, kind: ProjectKind, project_id: str, *, write: bool = True
) -> None:
    """Claims a name for a project that nobody else knows yet; without ``write``, looks whether it may.

    Raises as :func:`claim`, and ``InputError`` where others have given the name to a project of theirs.
    """
    if write:
        claimed = (await claim(shelf, name, kind, project_id, renew=False)).id
    else:
        place = claim_file(name)
        try:
            data, _ = await shelf.get(place)
        except NotFoundError:
            return
        found = _claimed(place, data)
        if found.kind is not kind:
            raise _another_kind(name, found.kind)
        claimed = found.id
    if claimed != project_id:
        raise InputError(
            f"Others share a project {name!r} in this container already.",
            hint="Export your labels, delete your project, and make it again with the file "
            "(`project create --labels FILE`, with --share for a folder): it joins theirs.",
            on_screen="Export your labels (E), delete your project, and make it again with the labels file, "
            "shared: it joins theirs.",
        )


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What the file of a name says."""

    id: str
    kind: ProjectKind
    by: str


def _claimed(place: str, data: bytes) -> _Claimed:
    """Raises ``FormatError``."""
    try:
        found = from_json(data)
        project_id, kind = found.get("id"), ProjectKind(str(found.get("kind")))
        if not isinstance(project_id, str) or not is_plain(project_id):
            raise FormatError("it names no project", field="id")
    except ValueError as error:
        raise FormatError(f"{place}: {error}") from error
    except FormatError as error:
        raise error.in_file(place) from error
    return _Claimed(project_id, kind, str(found.get("by") or ""))


async def _shared(shelf: Shelf, project_id: str) -> SharedProject | None:
    """What a project's file says; ``None`` while there is none."""
    place = project_file(project_id)
    try:
        data, _ = await shelf.get(place)
    except NotFoundError:
        return None
    try:
        return read_project(data)
    except FormatError as error:
        raise error.in_file(place) from error


async def _age(shelf: Shelf, place: str) -> float:
    """Seconds since a file was written, by the container's clock."""
    return next((blob.age or 0.0 for blob in await shelf.dated(place) if blob.name == place), 0.0)


def _another_kind(name: str, kind: ProjectKind) -> InputError:
    return InputError(
        f"The container holds a project {name!r} already, of another kind: {kind}.",
        hint=f"Choose another name, or join it with --kind {kind.short}.",
        on_screen="Choose another name, or the other kind.",
    )
