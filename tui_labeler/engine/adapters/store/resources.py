"""The resources of a home, one TinyDB file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
from tinydb import where

from tui_labeler.domain.resources import Resource
from tui_labeler.domain.secrets import HIDDEN
from tui_labeler.domain.variables import is_drawn
from tui_labeler.engine.adapters.store.files import make_folder
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.adapters.store.shards import database, rows_of
from tui_labeler.engine.errors import InputError, NotFoundError, StorageError
from tui_labeler.engine.typed import convert

if TYPE_CHECKING:
    from pathlib import Path


class TinyResourceStore:
    """A :class:`~tui_labeler.engine.ports.ResourceStore`: a row a resource, its deployments within it."""

    def __init__(self, home: Path) -> None:
        self._path = home / "resources.json"
        self._lock = FileLock(home / "resources.lock")

    async def list(self) -> tuple[Resource, ...]:
        return await asyncio.to_thread(self._list)

    def _list(self) -> tuple[Resource, ...]:
        try:
            found = convert(rows_of(database(self._path).table("resources")), list[Resource])
        except msgspec.ValidationError as error:
            raise StorageError(f"{self._path}: {error}", hint="Repair the file, or delete it.") from error
        return tuple(sorted(found, key=lambda resource: (resource.name.casefold(), resource.name)))

    async def get(self, name: str) -> Resource:
        return await asyncio.to_thread(self._get, name)

    def _get(self, name: str) -> Resource:
        for resource in self._list():
            if resource.name == name:
                return resource
        raise NotFoundError(
            # A key may have been typed in its place.
            f"There is no resource named {HIDDEN if is_drawn(name) else repr(name)}.",
            hint="`tui-labeler resource list` shows those there are; `resource add` adds one.",
        )

    async def put(self, resource: Resource) -> None:
        await asyncio.to_thread(self._put, resource)

    def _put(self, resource: Resource) -> None:
        make_folder(self._path.parent)
        with self._lock.held():
            if any(known.name == resource.name for known in self._list()):
                raise InputError(
                    f"There is already a resource named {resource.name!r}.",
                    hint="Choose another name, or remove that one first.",
                )
            self._write(resource)

    async def update(self, name: str, change: Callable[[Resource], Resource]) -> Resource:
        return await asyncio.to_thread(self._update, name, change)

    def _update(self, name: str, change: Callable[[Resource], Resource]) -> Resource:
        make_folder(self._path.parent)
        with self._lock.held():
            known = self._get(name)
            changed = change(known)
            if changed != known:
                self._write(changed)
            return changed

    def _write(self, resource: Resource) -> None:
        row = msgspec.to_builtins(resource)
        database(self._path).table("resources").upsert(row, where("name") == resource.name)

    async def remove(self, name: str) -> Resource:
        return await asyncio.to_thread(self._remove, name)

    def _remove(self, name: str) -> Resource:
        make_folder(self._path.parent)
        with self._lock.held():
            known = self._get(name)
            database(self._path).table("resources").remove(where("name") == name)
            return known
