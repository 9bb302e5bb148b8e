"""Last step for a trained model: what it takes of the quota, and the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.engine.models.compared import LeftOut, comparable, nothing_to_compare
from tui_labeler.engine.models.models import find_model, learned_ids
from tui_labeler.screens.base import reporting
from tui_labeler.screens.widgets.cells import NAMES, some_of
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.wizard.evaluate_first import EvaluateFirstStep, left_out_words
from tui_labeler.screens.wizard.evaluating import EvaluateScreen
from tui_labeler.screens.words import wrapped

if TYPE_CHECKING:
    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.engine.jobs.jobs import Estimate
    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.sheet import Line
    from tui_labeler.screens.wizard.step import Choices


class ModelStartStep(EvaluateFirstStep):
    """Shows the whole job and starts it with one key."""

    HELP: ClassVar[str] = """\
## Autolabel, step 5: review and start

Nothing has happened yet: `s` starts the job, which then goes on by itself while you work elsewhere.

A trained model uses text records of the month's quota, shared by all projects of your home folder. They
are reserved at the start and given back for documents that were not processed. Where too few are left, `t`
takes as many of the documents as fit.

`e` evaluates the model first, on labeled documents that it has not learned from. That is free and changes
nothing. Saved labels count only: `ctrl+s` saves your drafts.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "evaluate", "Evaluate first", tooltip="See how it performs, free", id="wizard.evaluate"),
        Binding(
            "t", "take", "Take what fits", tooltip="As many documents as the quota allows", id="wizard.take"
        ),
    ]

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__(session, choices, resources)
        self._estimate: Estimate | None = None
        self._learned: frozenset[str] = frozenset()
        """Ids of the categories that the model can suggest."""
        self._taught: frozenset[int] = frozenset()
        """Ids of the documents that the model learned from."""

    @property
    def categories(self) -> list[str]:
        """Ids of the chosen categories that the model knows, in the project's order."""
        return [key for key in super().categories if key in self._learned]

    @work(exclusive=True)
    @reporting
    async def read(self) -> None:
        """Counts what the job would take."""
        await self.session.refresh()
        card = await find_model(self.session.models, self.choices.model)
        self._learned = frozenset(learned_ids(card, self.session.store.state.categories))
        self._taught = frozenset(card.train_documents)
        self._estimate = await self.session.jobs.estimate(self.rows(), self.choices.labeler)
        self.query_one(Sheet).show_page(self.page)
        self.say(self._next())
        self.refresh_bindings()

    # --- what is shown ------------------------------------------------------------------------------

    @property
    def _too_little(self) -> bool:
        estimate = self._estimate
        return estimate is not None and estimate.left is not None and estimate.needed > estimate.left

    def _next(self) -> str:
        if not self._too_little:
            return "s starts the job."
        assert self._estimate is not None
        if self._estimate.fits:
            return f"Too few text records are left: t takes the first {self._estimate.fits:,} documents."
        return "Too few text records are left, even for the first document."

    def facts(self) -> list[tuple[str, str]]:
        estimate = self._estimate
        if estimate is None:
            return []
        known = self.session.store.state.categories
        unknown = [category.name for key, category in known.items() if key not in self._learned]
        about = "about " if estimate.unread else ""
        (_, documents, categories) = super().facts()
        left_out = ("Left out", f"unknown to this model: {some_of(unknown, NAMES)}")
        return [
            ("Method", "a trained model, on this machine; no text leaves it"),
            ("Model", self.choices.model),
            documents,
            ("Text records", f"{about}{estimate.text_records:,}"),
            categories,
            *([left_out] if unknown else []),
            ("Quota", _quota(estimate)),
            *([("Evaluate first", f"e: {left_out_words(self.drafts)}")] if self.drafts else []),
        ]

    def warnings(self, width: int) -> Sequence[Line]:
        return self._shortage(self._estimate, width) if self._estimate and self._too_little else ()

    def _shortage(self, estimate: Estimate, width: int) -> list[Line]:
        words = f"! {estimate.needed:,} text records are needed and {estimate.left:,} are left this month. "
        if estimate.fits:
            words += (
                f"The first {estimate.fits:,} of the {estimate.documents:,} documents fit: t takes those. "
            )
        words += (
            "Or go back and choose fewer. The quota starts anew with the next month; settings.toml in the "
            "home sets it (quota = 0: no limit)."
        )
        return [*wrapped(words, width, "bad", "  "), ()]

    # --- what can be done ---------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "take":
            return bool(self._too_little and self._estimate and self._estimate.fits)
        if action == "start" and (self._estimate is None or self._too_little):
            return None
        return super().check_action(action, parameters)

    def action_take(self) -> None:
        if self._estimate is None or not self._estimate.fits:
            return
        fitting = self.rows()[: self._estimate.fits]
        self.choices = replace(self.choices, documents=frozenset(row.id for row in fitting))
        self.read()

    @work(exclusive=True, group="edit")
    @reporting
    async def action_evaluate(self) -> None:
        if not await self.drafts_settled(without=bool(self._comparable()[0])):
            return
        found, left_out = self._comparable()
        if not found:
            raise nothing_to_compare(left_out)
        self.app.push_screen(EvaluateScreen(self.session, self.choices.labeler), self._after_evaluation)

    def _comparable(self) -> tuple[list[DocumentRow], LeftOut]:
        return comparable(self.session.store.state, self._taught)

    def _after_evaluation(self, _: None) -> None:
        self.read()


def _quota(estimate: Estimate) -> str:
    if estimate.left is None:
        return "no limit is set"
    if estimate.needed > estimate.left:
        return f"{estimate.left:,} text records left this month, {estimate.needed - estimate.left:,} too few"
    rest = estimate.left - estimate.needed
    return f"{estimate.left:,} text records left this month, {rest:,} after this job"
