"""The one place where settings become adapters, and adapters use cases."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tui_labeler.engine.errors import InputError, StorageError
from tui_labeler.engine.ports import Surroundings
from tui_labeler.processes import is_alive
from tui_labeler.settings import actor_name, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_labeler.domain.jobs import Method
    from tui_labeler.engine.adapters.blob.access import Ways
    from tui_labeler.engine.adapters.blob.container import BlobContainer
    from tui_labeler.engine.adapters.folder import FolderContainer
    from tui_labeler.engine.ports import Container, Estimators, ProjectStore, Reach, Shelf, Surveyor
    from tui_labeler.engine.ports.cluster import Cluster
    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.runner import Runner
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench
    from tui_labeler.settings import Settings

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without those that look alike: ids are read aloud and typed."""


def now() -> str:
    """UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id() -> str:
    """Ten letters and digits: 50 bits."""
    # One draw for all: a bulk action makes tens of thousands.
    drawn = secrets.randbits(50)
    return "".join(_LETTERS[drawn >> shift & 31] for shift in range(0, 50, 5))


def surroundings(settings: Settings) -> Surroundings:
    return Surroundings(
        actor_name(settings), now, new_id, socket.gethostname(), os.getpid(), new_id(), is_alive
    )


def ways(settings: Settings) -> Ways:
    """The ways into containers that this person has."""

    from tui_labeler.engine.adapters.blob.access import Ways
    from tui_labeler.engine.adapters.keys import SystemKeyring

    return Ways(settings.containers, SystemKeyring())


def container(
    address: str,
    into: Ways,
    cache: Callable[[BlobContainer], Container] = lambda far: far,
    keep: Callable[[FolderContainer], Container] = lambda near: near,
) -> Container:
    """The container at an address as it is stored.

    ``cache`` puts a cache before one that is far, ``keep`` what keeps earlier texts before a folder.
    """
    from tui_labeler.engine.adapters.blob.addresses import is_url, parse_url
    from tui_labeler.engine.adapters.folder import FolderContainer

    if not is_url(address):
        return keep(FolderContainer(Path(address)))
    from tui_labeler.engine.adapters.blob.container import BlobContainer

    found = parse_url(address)[0]
    return cache(BlobContainer(found, lambda: into.access(found)))


def cached(inner: BlobContainer, store: ProjectStore, folder: Path, settings: Settings) -> Container:
    """A container with the texts that are kept in a project's folder."""
    from tui_labeler.engine.adapters.blob.cache import CachedContainer
    from tui_labeler.engine.adapters.store.takes import taken_locations
    from tui_labeler.engine.adapters.text_cache import TextCache
    from tui_labeler.engine.documents.keeping import known_text, needed_texts

    cache = TextCache(folder / "cache", settings.cache_mb * 1_000_000)
    return CachedContainer(
        inner,
        cache,
        lambda name: known_text(store.state, name),
        lambda: needed_texts(store.state, taken_locations(folder)),
    )


def kept(inner: FolderContainer, store: ProjectStore, folder: Path, settings: Settings) -> Container:
    """A folder of documents, with the texts that labels are on in the project's own folder."""
    from tui_labeler.engine.adapters.kept_folder import KeptFolder
    from tui_labeler.engine.adapters.text_cache import TextCache
    from tui_labeler.engine.documents.keeping import labeled_texts

    cache = TextCache(folder / "cache", settings.cache_mb * 1_000_000)
    return KeptFolder(inner, cache, lambda: labeled_texts(store.state))


def beside(documents: Container) -> Shelf:
    """The small files beside some documents: in Blob storage the container keeps them itself."""
    from tui_labeler.engine.adapters.folder_shelf.shelf import FolderShelf

    return cast("Shelf", documents) if documents.is_remote else FolderShelf(Path(documents.address))


@asynccontextmanager
async def shelf(address: str, into: Ways) -> AsyncIterator[tuple[Shelf, bool]]:
    """The small files at an address as it is stored, and whether that is elsewhere."""
    documents = container(address, into)
    try:
        yield beside(documents), documents.is_remote
    finally:
        await documents.close()


def container_address(given: str, into: Ways) -> str:
    """What a person typed, as it is stored: a URL without secret, or a folder's absolute path without ``..``.

    Links stay as they are. Where a link makes ``..`` lead elsewhere than its words say, it stays too. Raises
    ``InputError`` for an address that leads to no container, and for none at all.
    """
    if not given.strip():
        raise InputError("The container has no name.", hint="Name a folder; `.` is the one that you are in.")
    found = into.address(given)
    if found is not None:
        return found
    path = Path(given).expanduser().absolute()
    plain = os.path.normpath(path)
    try:
        same = os.path.realpath(plain) == os.path.realpath(path)
    except ValueError:  # no file system can have such a name; reading the folder says so
        return str(path)
    return plain if same else str(path)


def workbench(home: Path, *, immediate: bool = False) -> Workbench:
    """The projects of a home. ``immediate`` applies each decision at once, as the command line does."""
    from tui_labeler.engine.adapters.launcher import ProcessLauncher
    from tui_labeler.engine.adapters.reliability import KrippendorffReliability
    from tui_labeler.engine.adapters.store.home import TinyProjects
    from tui_labeler.engine.adapters.store.imports import FileImports
    from tui_labeler.engine.adapters.store.jobs import FileJobStore
    from tui_labeler.engine.adapters.store.models import FolderModelStore
    from tui_labeler.engine.adapters.store.quota import TinyQuotaStore
    from tui_labeler.engine.adapters.store.sync_base import FileSyncBase
    from tui_labeler.engine.adapters.store.takes import FileTakes
    from tui_labeler.engine.adapters.store.watch_lock import FileWatchLock
    from tui_labeler.engine.adapters.surveyors import ProcessSurveyor
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.engine.workbench import Workbench

    settings = read_settings(home)
    around = surroundings(settings)
    projects = TinyProjects(home, now, new_id, around.actor)
    quota = TinyQuotaStore(home, settings.quota, now)
    into = ways(settings)

    def connect(store: ProjectStore) -> ProjectSession:
        project = store.state.project
        folder = projects.folder(project.id)
        place = projects.place(project.id)
        documents = container(
            project.container,
            into,
            lambda far: cached(far, store, place, settings),
            lambda near: kept(near, store, place, settings),
        )
        return ProjectSession(
            store,
            documents,
            FileJobStore(folder / "jobs", now),
            FolderModelStore(folder / "models"),
            quota,
            ProcessLauncher(home),
            around,
            immediate=immediate,
            shelf=beside(documents),
            base=FileSyncBase(folder / "sync"),
            watch_lock=FileWatchLock(folder),
            reliability=KrippendorffReliability(),
            takes=FileTakes(folder),
            imports=FileImports(projects.place(project.id) / "importing"),
            surveyor=direct_surveyor(home, folder, store, documents)
            if immediate
            else ProcessSurveyor(home, project.id),
        )

    return Workbench(
        projects,
        quota,
        connect,
        partial(container_address, into=into),
        around,
        resources(home, drawing=not immediate),
        container_notes=into.notes,
        shelf_of=partial(shelf, into=into),
    )


def resources(home: Path, *, drawing: bool) -> Resources:
    """The resources of a home. A process that draws leaves the trying of deployments to another."""
    from tui_labeler.engine.adapters.keys import EnvironmentKeys
    from tui_labeler.engine.adapters.store.home import TinyProjects
    from tui_labeler.engine.adapters.store.jobs import FileJobStore
    from tui_labeler.engine.adapters.store.resources import TinyResourceStore
    from tui_labeler.engine.adapters.testers import DirectTester, ProcessTester
    from tui_labeler.engine.deployments.prices import read_prices
    from tui_labeler.engine.resources.resources import JobAtWork, Resources

    projects = TinyProjects(home, now, new_id)
    keys = EnvironmentKeys(agreed=partial(agreed_endpoints, home))

    async def at_work() -> list[JobAtWork]:
        return [
            JobAtWork(project.name, job.id, job.request.method.resource)
            for project in await projects.list()
            for job in await FileJobStore(projects.folder(project.id) / "jobs", now).list()
            if job.request.method is not None and not job.state.is_over
        ]

    tester = ProcessTester(home) if drawing else DirectTester(keys, now)
    return Resources(TinyResourceStore(home), keys, tester, at_work, lambda: read_prices(home))


def agreed_endpoints(home: Path) -> tuple[str, ...]:
    """Where the settings let a token of Microsoft Entra ID go; nowhere, where they can't be read.

    Whoever needs the settings for themselves says why not.
    """
    try:
        named = read_settings(home).resources.values()
    except (InputError, StorageError):
        return ()
    return tuple(item.endpoint for item in named if item.entra)


def direct_surveyor(home: Path, folder: Path, store: ProjectStore, documents: Container) -> Surveyor:
    """Makes the questions of jobs in this process. ``folder``: of the project."""
    from tui_labeler.engine.adapters.chat.connecting import reach
    from tui_labeler.engine.adapters.store.answers import FileAnswerStore
    from tui_labeler.engine.adapters.store.jobs import FileJobStore
    from tui_labeler.engine.adapters.store.resources import TinyResourceStore
    from tui_labeler.engine.adapters.surveyors import DirectSurveyor

    resources = TinyResourceStore(home)

    async def reached(method: Method) -> Reach:
        return reach(await resources.get(method.resource), method.deployment)

    return DirectSurveyor(
        store,
        documents,
        lambda: FileAnswerStore(folder / "answers", f"survey-{new_id()}"),
        reached,
        FileJobStore(folder / "jobs", now),
    )


@asynccontextmanager
async def surveyor(home: Path, project_id: str) -> AsyncIterator[Surveyor]:
    """What a process of its own finds out of jobs with. Raises ``NotFoundError`` for an unknown project."""
    from tui_labeler.engine.adapters.store.home import TinyProjects

    settings = read_settings(home)
    store = await TinyProjects(home, now, new_id).open(project_id)
    project = store.state.project
    folder = TinyProjects(home, now, new_id).folder(project.id)
    documents = container(project.container, ways(settings), lambda far: cached(far, store, folder, settings))
    try:
        yield direct_surveyor(home, folder, store, documents)
    finally:
        await documents.close()
        await store.close()


def estimators() -> Estimators:
    """Loads scikit-learn: only a runner's process calls this."""
    from tui_labeler.engine.adapters.estimators import SklearnEstimators

    return SklearnEstimators()


def container_here(address: str) -> Container:
    """The container at an address as it is stored, by the ways that whoever runs this process has into it.

    Raises ``InputError`` for settings that can't be read.
    """
    from tui_labeler.locations import home_folder

    return container(address, ways(read_settings(home_folder(None))))


async def cluster(scheduler: str) -> Cluster:
    """The workers of a scheduler. Raises ``OutsideError``, and ``InputError`` without the extra ``dask``."""
    try:
        from tui_labeler.engine.adapters.cluster.dask import DaskCluster
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed"):
            raise
        raise InputError(
            "Dask is not installed here.", hint="Install the extra: pip install 'tui-labeler[dask]'."
        ) from error
    return await DaskCluster.connect(scheduler, container_here)


async def job_runner(home: Path, project_id: str) -> Runner:
    """What a runner's process works with. Raises ``NotFoundError`` for an unknown project."""
    from tui_labeler.engine.adapters.chat.connecting import ResourceDeployments
    from tui_labeler.engine.adapters.keys import EnvironmentKeys
    from tui_labeler.engine.adapters.store.answers import FileAnswerStore
    from tui_labeler.engine.adapters.store.home import TinyProjects
    from tui_labeler.engine.adapters.store.jobs import FileJobStore
    from tui_labeler.engine.adapters.store.models import FolderModelStore
    from tui_labeler.engine.adapters.store.quota import TinyQuotaStore
    from tui_labeler.engine.adapters.store.resources import TinyResourceStore
    from tui_labeler.engine.runner import Runner

    settings = read_settings(home)
    projects = TinyProjects(home, now, new_id)
    store = await projects.open(project_id)
    folder = projects.folder(store.state.project.id)
    return Runner(
        store=store,
        container=container(
            store.state.project.container, ways(settings), lambda far: cached(far, store, folder, settings)
        ),
        jobs=FileJobStore(folder / "jobs", now),
        models=FolderModelStore(folder / "models", estimators),
        quota=TinyQuotaStore(home, settings.quota, now),
        estimators=estimators,
        deployments=ResourceDeployments(
            TinyResourceStore(home), EnvironmentKeys(agreed=partial(agreed_endpoints, home))
        ),
        answers=lambda job: FileAnswerStore(folder / "answers", f"{job}-{new_id()}"),
        surroundings=surroundings(settings),
        clusters=cluster,
    )
