"""The first screen: the projects there are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Static

from tui_labeler.domain.documents import DocumentState
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.deleting import holdings
from tui_labeler.engine.errors import LabelerError, StorageError
from tui_labeler.engine.wording import batches_going_on, counted
from tui_labeler.screens.base import reporting, tell, tell_error
from tui_labeler.screens.dialogs import ConfirmScreen
from tui_labeler.screens.lines import KeyLine, TitleLine
from tui_labeler.screens.projects.create_project import CreateProjectScreen
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.cells import clean, clip
from tui_labeler.screens.widgets.picker import Choice, Picker
from tui_labeler.screens.working import ask, looked_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from tui_labeler.domain.projects import Project
    from tui_labeler.engine.session import ProjectSession, ProjectSummary
    from tui_labeler.engine.workbench import Workbench
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line

KIND_WORDS = {
    ProjectKind.ENTITIES: "entities",
    ProjectKind.SINGLE_LABEL: "one class",
    ProjectKind.MULTI_LABEL: "several classes",
}
"""The kinds of project in a word or two."""

LOOK_EVERY = 1
"""Seconds between two looks at which projects there are."""

JOINED = "Others work on this project: its categories and labels are here, and yours go to them."

_KIND = 15
_FIGURE = 13
_WITH_KIND = 72
"""Cells of a line that has room for the kind."""

_NO_PROJECT = """\
There is no project yet.

Press n to make one: point at a folder of .txt files and start labeling.
"""


class ProjectsScreen(Screen[None]):
    """Lists, opens, makes and deletes projects."""

    HELP: ClassVar[str] = """\
## Projects

A project is a set of documents that are labeled with the same entities or classes. `n` makes one from a
folder of `.txt` files or a container in Blob storage, with or without a labels file; `enter` opens the one at
the cursor. `@` shows the servers with language models that autolabeling may ask.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "create", "New", tooltip="Make a project from a folder of texts", id="projects.new"),
        Binding("d", "delete", "Delete", tooltip="Delete the project at the cursor", id="projects.delete"),
        Binding(
            "at", "resources", "Resources", tooltip="Servers with language models", id="projects.resources"
        ),
        Binding("q", "app.quit", "Quit", tooltip="Leave the program", id="projects.quit"),
    ]

    class Opened(Message):
        """A project is to be opened; ``session`` when it is open already."""

        def __init__(self, name: str, session: ProjectSession | None = None) -> None:
            super().__init__()
            self.name = name
            self.session = session

    def __init__(self, workbench: Workbench) -> None:
        super().__init__()
        self._workbench = workbench
        self._projects: tuple[Project, ...] = ()
        self._broken: dict[str, LabelerError] = {}
        """Projects whose own file can't be read: the folder's name and why."""
        self._summaries: dict[str, ProjectSummary | LabelerError] = {}

    def compose(self) -> ComposeResult:
        title = TitleLine()
        title.left = "Projects"
        yield title
        yield Picker(id="projects")
        yield Static(_NO_PROJECT, id="no-project", markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(Picker).focus()
        self._looks = self.set_interval(LOOK_EVERY, self.look)

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._load_if_shown)

    def _load_if_shown(self) -> None:
        """Another screen may have come on top at once: its project is opened first."""
        if self.is_active:
            self.load()

    # --- what is shown ------------------------------------------------------------------------------

    @work(exclusive=True, group="load")
    @reporting
    async def load(self) -> None:
        """Lists the projects, then looks into one after the other for its figures."""
        self._projects, self._broken = await self._there_are()
        self._looks.resume()
        self._show()
        for project in self._projects:
            if not self.is_active:
                return
            await self._summarize(project)
            self._show()

    @reporting
    async def look(self) -> None:
        """Lists anew what somebody else made or deleted meanwhile."""
        if not self.is_active:
            return
        try:
            projects, broken = await self._there_are()
        except LabelerError:
            # Said once; the same words every second would only be in the way.
            self._looks.pause()
            raise
        if (projects, broken.keys()) != (self._projects, self._broken.keys()):
            self.load()

    async def _there_are(self) -> tuple[tuple[Project, ...], dict[str, LabelerError]]:
        """The projects, and why others can't be read, by their folders' names."""
        return await self._workbench.projects(), dict(await self._workbench.broken())

    async def _summarize(self, project: Project) -> None:
        """A project that can't be opened says so in its row; the others are shown all the same."""
        try:
            session = await self._workbench.open(project.id)
            self._summaries[project.id] = session.summary()
            await session.close()
            session.store.forget()
        except LabelerError as error:
            self._summaries[project.id] = error

    def _show(self) -> None:
        picker = self.query_one(Picker)
        self.set_class(not (self._projects or self._broken), "-empty")
        rows = [self._choice(project) for project in self._projects]
        rows += [Choice(folder, _broken_row(folder, error)) for folder, error in self._broken.items()]
        picker.set_rows(rows, _heading)
        self.query_one(TitleLine).right = counted(len(rows), "project")
        self.refresh_bindings()

    def _choice(self, project: Project) -> Choice:
        found = self._summaries.get(project.id)

        def paint(width: int, signs: Glyphs) -> Line:
            return _row(project, found, width, signs)

        return Choice(project.id, paint)

    @property
    def _current(self) -> Project | None:
        key = self.query_one(Picker).current
        return next((project for project in self._projects if project.id == key), None)

    # --- what can be done ---------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if action == "delete" and self._current is None else True

    def on_picker_highlighted(self) -> None:
        self.refresh_bindings()

    def on_picker_chosen(self, event: Picker.Chosen) -> None:
        if event.key in self._broken:
            tell_error(self.app, self._broken[event.key])
            return
        self.post_message(self.Opened(event.key))

    @work
    async def action_create(self) -> None:
        made = await self.app.push_screen_wait(CreateProjectScreen(self._workbench))
        if made is None:
            return
        notes = list(made.warnings)
        notes += [f"{location}: {problem}" for location, problem in made.synced.unreadable[:3]]
        if made.synced.skipped:
            files = counted(
                made.synced.skipped, "file that is no document was", "files that are no documents were"
            )
            notes.append(f"{files} left out")
        if made.imported is not None:
            notes.append(f"{counted(made.imported.labels, 'label')} imported")
            notes += [f"{item.location}: {item.reason}" for item in made.imported.skipped[:3]]
        if made.joined:
            tell(self.app, "\n".join([JOINED, *notes]), title=f"Joined {made.session.project.name}")
        elif notes:
            tell(self.app, "\n".join(notes), title="Project made", severity="warning")
        self.post_message(self.Opened(made.session.project.id, made.session))

    def action_resources(self) -> None:
        """That screen loads when it is first asked for."""
        from tui_labeler.screens.resources.resources import ResourcesScreen

        self.app.push_screen(ResourcesScreen(self._workbench.resources))

    @work(exclusive=True, group="delete")
    @reporting
    async def action_delete(self) -> None:
        project = self._current
        if project is None:
            return
        title = f"Delete the project {project.name}?"
        losses = await looked_up(self.app, title, partial(self._losses, project))
        if losses is None:
            return
        sure = await ask(self, ConfirmScreen(title, losses, confirm="Delete", cancel="Keep"))
        if sure:
            left = await self._workbench.delete(project.id)
            tell(self.app, f"{project.name} was deleted.")
            if left:
                tell(self.app, batches_going_on(left), title="Not stopped", severity="warning")
            self.load()

    async def _losses(self, project: Project) -> str:
        """What goes and what stays. A project that can't be opened does not say what it holds."""
        try:
            session = await self._workbench.open(project.id)
            try:
                lost = [f"- {words}" for words in (await holdings(session)).words]
            finally:
                await session.close()
        except StorageError as error:
            lost = [f"- all that it holds; it can't be read: {error.message}"]
        heading = ["What goes:", *lost] if lost else ["Nothing was labeled in it yet."]
        return "\n".join([*heading, "The documents in the container stay."])


def _heading(width: int, signs: Glyphs) -> Line:
    figures = "".join(word.rjust(_FIGURE) for word in ("documents", "labeled", "auto labeled"))
    return ((_columns("project", "kind", figures, width, signs), "dim"),)


def _row(project: Project, found: ProjectSummary | LabelerError | None, width: int, signs: Glyphs) -> Line:
    kind = KIND_WORDS[project.kind]
    if isinstance(found, LabelerError):
        return ((_columns(project.name, kind, f"  {found.message}", width, signs), "bad"),)
    figures = " " * _FIGURE * 2 + signs.more.rjust(_FIGURE)
    if found is not None:
        states = found.states
        counts = (found.documents, states[DocumentState.LABELED], states[DocumentState.AUTO_LABELED])
        figures = "".join(f"{count:,}".rjust(_FIGURE) for count in counts)
    return ((_columns(project.name, kind, figures, width, signs), ""),)


def _broken_row(folder: str, error: LabelerError) -> Callable[[int, Glyphs], Line]:
    def paint(width: int, signs: Glyphs) -> Line:
        return ((_columns(folder, "", f"  {error.message}", width, signs), "bad"),)

    return paint


def _columns(name: str, kind: str, figures: str, width: int, signs: Glyphs) -> str:
    # On a narrow screen the kind gives way: names are what people look for, and figures must be whole.
    kind = f" {kind:<{_KIND}}" if width >= _WITH_KIND else ""
    room = max(8, min(50, width - cell_len(kind) - 3 * _FIGURE))
    shown = clip(clean(name), room, signs.more)
    return f"{shown}{' ' * (room - cell_len(shown))}{kind}{clean(figures)}"
