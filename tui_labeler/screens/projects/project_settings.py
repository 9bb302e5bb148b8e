"""What the people of a project may choose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui_labeler.domain.projects import Project
from tui_labeler.screens.fields import Cycle, FormField
from tui_labeler.screens.forms import FormScreen

if TYPE_CHECKING:
    from textual.widget import Widget


SHARING = ("stay in this home", "are for all who have the folder")
ALWAYS_SHARED = ("are for all who have the container",)


class ProjectSettingsScreen(FormScreen[Project]):
    """Ends with the project as it is to be."""

    HELP: ClassVar[str] = """\
## Project settings

*Decisions*: as drafts they are yours, safe on disk, and count once `ctrl+s` saves them; at once, there are
no drafts. *Suggestions* that are hidden (blind mode) don't influence what you label: label a document as a
whole, then `|` asks whether you are done, and shows its suggestions beside your labels. How far they agree is
counted from such documents.
*Saved labels* are shared with everybody who has the folder, if you say so: they are kept in it, under
`.tui-labeler`, and merged decision by decision. Those of a container in Blob storage always are.
A *multilingual* project has a language for each document.
"""

    TITLE = "Project settings"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "apply", "Keep", tooltip="Keep these settings", id="settings.apply"),
        Binding("down", "app.focus_next", "Next", tooltip="Next field", id="settings.next", show=False),
        Binding("up", "app.focus_previous", "Back", tooltip="Field before", id="settings.back", show=False),
        Binding("ctrl+g,escape", "cancel", "Cancel", tooltip="Change nothing", id="settings.cancel"),
    ]

    def __init__(self, project: Project, *, is_remote: bool = False, at: str = "") -> None:
        """``is_remote``: in a container whose labels are always shared; ``at``: the field to begin at."""
        super().__init__()
        self._project = project
        self._is_remote = is_remote
        self._at = at

    def on_mount(self) -> None:
        if self._at:
            self.query_one(f"#{self._at}").focus()

    def fields(self) -> tuple[tuple[str, Widget], ...]:
        project, settings = self._project, self._project.settings
        return (
            ("Description", FormField(project.description, "what is labeled, and why", id="description")),
            ("Language", FormField(project.language, "en-us", id="language")),
            (
                "Multilingual",
                Cycle(
                    ("no", "yes: each document has a language"),
                    chosen=int(project.multilingual),
                    id="multilingual",
                ),
            ),
            (
                "Saved labels",
                Cycle(ALWAYS_SHARED, id="shared")
                if self._is_remote
                else Cycle(SHARING, chosen=int(settings.share_labels), id="shared"),
            ),
            (
                "Decisions",
                Cycle(
                    ("are drafts until ctrl+s", "count at once"),
                    chosen=int(settings.save_immediately),
                    id="immediately",
                ),
            ),
            (
                "Suggestions",
                Cycle(
                    ("are shown", "are hidden (blind mode); | shows them"),
                    chosen=int(settings.hide_until_labeled),
                    id="blind",
                ),
            ),
        )

    def action_apply(self) -> None:
        language = self.typed("language")
        if not language:
            self.complain("A project has a language, for instance en-us.")
            return
        settings = self._project.settings
        settings = replace(
            settings,
            save_immediately=bool(self.chosen("immediately")),
            hide_until_labeled=bool(self.chosen("blind")),
            share_labels=settings.share_labels if self._is_remote else bool(self.chosen("shared")),
        )
        self.dismiss(
            replace(
                self._project,
                description=self.typed("description"),
                language=language,
                multilingual=bool(self.chosen("multilingual")),
                settings=settings,
            )
        )
