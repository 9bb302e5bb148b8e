"""Last steps that can evaluate before they start a job: with saved labels, so drafts are told, and saved."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.engine.wording import counted
from tui_labeler.screens.base import reporting, saved_words, tell
from tui_labeler.screens.dialogs import ChoiceScreen
from tui_labeler.screens.wizard.start import StartStep
from tui_labeler.screens.working import ask


class EvaluateFirstStep(StartStep):
    """Knows how many drafts wait, and offers to save them before labels are compared with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save labels", tooltip="Save your drafts first", id="wizard.save"),
    ]

    @property
    def drafts(self) -> int:
        """Draft decisions of this person, which no evaluation sees."""
        return self.session.labeling.drafts()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "save":
            return bool(self.drafts)
        return super().check_action(action, parameters)

    @work(exclusive=True, group="edit")
    @reporting
    async def action_save(self) -> None:
        await self._save()
        self.read()

    async def _save(self) -> None:
        tell(self.app, saved_words(await self.session.labeling.save()), title="Labels saved")
        self.refresh_bindings()

    async def drafts_settled(self, *, without: bool) -> bool:
        """Asks what becomes of drafts, where there are any; whether to go on with the evaluation.

        ``without``: there is something to compare with where they are left out.
        """
        if not self.drafts:
            return True
        choices = [("s", "save", "Save them and evaluate")]
        choices += [("e", "evaluate", "Evaluate without them")] * without
        message = f"Not saved: {counted(self.drafts, 'draft decision')}. Evaluation uses saved labels only."
        answer = await ask(self, ChoiceScreen("Save labels first?", message, choices))
        if answer == "save":
            await self._save()
        return answer is not None


def left_out_words(drafts: int) -> str:
    """What is said of drafts where an evaluation is offered; empty without any."""
    return f"{counted(drafts, 'draft decision')} not saved, and left out: ctrl+s saves" if drafts else ""
