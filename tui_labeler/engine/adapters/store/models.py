"""Trained models: a folder each, of plain data."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tui_labeler.bounded import NoFileError, TooLargeError, read_file
from tui_labeler.domain.models import ModelCard
from tui_labeler.engine.adapters.store.files import (
    encoded,
    make_folder,
    names_in,
    replace_file,
    storage_errors,
    sync_folder,
)
from tui_labeler.engine.adapters.store.locks import FileLock
from tui_labeler.engine.errors import InputError, LabelerError, NotFoundError, StorageError
from tui_labeler.engine.typed import decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.engine.ports import Estimators, FittedModel


class CardFile(msgspec.Struct, frozen=True):
    format: int
    content: str
    """The subfolder with what the model learned."""
    card: ModelCard


FORMAT = 1

LARGEST = 256 * 2**20
"""Bytes of a card; of a model's other files :data:`LARGEST_PART`."""
LARGEST_PART = 2**31

DELETE = "Restore the model's folder from a backup, or delete the model (`model delete`) and train again."


def _missing(name: str) -> NotFoundError:
    return NotFoundError(f"There is no model named {name!r}.", hint="`tui-labeler models` lists them.")


def _contents(path: Path, most: int, *, follow: bool = True) -> bytes:
    """Raises ``InputError``: a pipe is waited for without end, some devices never stop, and memory ends."""
    try:
        return read_file(path, most, follow=follow)
    except NoFileError:
        raise InputError(f"{path} is no file.", hint=DELETE) from None
    except TooLargeError as error:
        raise InputError(
            f"{path} has {error.size:,} bytes; at most {most:,} are read.", hint=DELETE
        ) from None


class _Found(NamedTuple):
    cards: list[ModelCard]
    broken: list[tuple[str, LabelerError]]


class FolderModelStore:
    """A :class:`~tui_labeler.engine.ports.ModelStore`.

    ``NAME/card.json`` names the subfolder that holds the model; replacing a model writes a new subfolder
    first and then the card, so that a crash leaves the old model or the new one.
    """

    def __init__(self, folder: Path, estimators: Callable[[], Estimators] | None = None) -> None:
        self._folder = folder
        self._estimators = estimators
        """Loads them; only a runner may, they are heavy."""

    async def list(self) -> tuple[ModelCard, ...]:
        return tuple((await asyncio.to_thread(self._read))[0])

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        return tuple((await asyncio.to_thread(self._read))[1])

    def _read(self) -> _Found:
        """All cards, and models whose card can't be read: one that is damaged takes no other with it."""
        cards, broken = found = _Found([], [])
        for name in names_in(self._folder):
            try:
                cards.append(self._file(self._folder / name / "card.json").card)
            except NotFoundError:
                # No model, or somebody deleted it while they are listed.
                continue
            except (InputError, StorageError) as error:
                broken.append((name, error))
        return found

    def _file(self, path: Path) -> CardFile:
        try:
            with storage_errors(path):
                try:
                    data = _contents(path, LARGEST)
                except (FileNotFoundError, NotADirectoryError):
                    raise _missing(path.parent.name) from None
            found = decode(data, CardFile)
        except (msgspec.MsgspecError, ValueError) as error:
            raise InputError(f"{path} is no model's card: {error}", hint=DELETE) from error
        if found.format != FORMAT or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", found.content):
            raise InputError(f"{path} was made by another version of the program.", hint=DELETE)
        return found

    async def save(self, card: ModelCard, model: FittedModel) -> None:
        await asyncio.to_thread(self._save, card, model)

    def _save(self, card: ModelCard, model: FittedModel) -> None:
        folder = self._folder / card.name
        with FileLock(self._folder / ".lock", project=self._folder.parent).held():
            try:
                self._put(folder, card, model)
            except BaseException:
                with suppress(OSError):  # it holds the model that was there before
                    folder.rmdir()
                raise

    def _put(self, folder: Path, card: ModelCard, model: FittedModel) -> None:
        make_folder(folder)
        with storage_errors(folder):
            content = Path(tempfile.mkdtemp(prefix="content-", dir=folder))
            try:
                model.save(str(content))
                for path in content.iterdir():
                    path.chmod(0o600)
                    with path.open("rb") as file:
                        os.fsync(file.fileno())
                sync_folder(content)
                row = encoded(CardFile(FORMAT, content.name, card))
                replace_file(folder / "card.json", msgspec.json.format(row, indent=1))
            except BaseException:
                shutil.rmtree(content)
                raise
            for other in folder.iterdir():
                if other.is_dir() and other != content:
                    shutil.rmtree(other)

    async def load(self, name: str) -> FittedModel:
        if self._estimators is None:
            raise InputError("Models are loaded by a job's runner only.")
        path = self._card(name)
        file = await asyncio.to_thread(self._file, path)
        return await (await asyncio.to_thread(self._estimators)).load(str(path.parent / file.content))

    async def files(self, name: str) -> dict[str, bytes]:
        return await asyncio.to_thread(self._files, name)

    def _files(self, name: str) -> dict[str, bytes]:
        path = self._card(name)
        folder = path.parent / self._file(path).content
        with storage_errors(folder):
            # Without following links: what they lead to is no part of the model, and stays here.
            return {
                file.name: _contents(file, LARGEST_PART, follow=False) for file in sorted(folder.iterdir())
            }

    def _card(self, name: str) -> Path:
        """Where a model's card is. Raises ``NotFoundError`` for a name that none has."""
        for path in self._folder.glob("*/card.json"):
            if path.parent.name == name:
                return path
        raise _missing(name)

    async def delete(self, name: str) -> None:
        """Raises ``NotFoundError``."""
        await asyncio.to_thread(self._delete, name)

    def _delete(self, name: str) -> None:
        """The card first: what a crash leaves is no model any more."""
        with FileLock(self._folder / ".lock", project=self._folder.parent).held():
            path = self._card(name)
            with storage_errors(path):
                path.unlink()
                shutil.rmtree(path.parent)
