"""Last step for GPT: what is about to be sent, where to, for how much; and the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.jobs import Job
from tui_labeler.domain.resources import is_batch_only
from tui_labeler.engine.autolabelers.options import check_budget
from tui_labeler.engine.errors import InputError, LabelerError
from tui_labeler.engine.gpt.preview import (
    EvaluationPreview,
    Terms,
    evaluation_preview,
    labeling_request,
    quick_forecast,
)
from tui_labeler.engine.jobs.failures import warning_before
from tui_labeler.engine.models.compared import comparable
from tui_labeler.engine.resources.resources import find_deployment
from tui_labeler.engine.wording import in_words
from tui_labeler.screens.base import reporting
from tui_labeler.screens.dialogs import ConfirmScreen, InputScreen
from tui_labeler.screens.jobs.spending_words import budget_words, read_budget
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.wizard.evaluate_first import EvaluateFirstStep
from tui_labeler.screens.wizard.evaluating import EvaluateScreen
from tui_labeler.screens.wizard.gpt_summary import Summary, evaluation_question, not_evaluated, summary
from tui_labeler.screens.working import ask

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.work import JobEstimate
    from tui_labeler.engine.gpt.forecast import Forecast
    from tui_labeler.engine.resources.resources import Resources
    from tui_labeler.engine.session import ProjectSession
    from tui_labeler.screens.widgets.glyphs import Glyphs
    from tui_labeler.screens.widgets.sheet import Line
    from tui_labeler.screens.wizard.step import Choices


class GptStartStep(EvaluateFirstStep):
    """Shows the whole job, with its price, and starts it with one key."""

    HELP: ClassVar[str] = """\
## Autolabel, step 5: review and start

Nothing has been sent yet: `s` starts the job, which then goes on by itself while you work elsewhere.

Tokens, price and time are estimates, as ranges. `b` sets a budget, in USD or tokens: the job stops before it
would spend more, and can be resumed with a larger one. `p` says how many documents are under way at once at
most, `x` how many labeled passages of the project are shown to the model as examples. `w` sends the documents
as a batch: at half the price, answered within a day, where the resource has a batch API.

What is answered already, by an earlier job with the same questions, is not sent again and costs nothing.

`e` evaluates first: labeled documents are labeled by the deployment too, and the two are compared. Their
texts are sent as well and cost as others do; how much is said before, and the budget holds for that too. A
quarter of the labeled documents, at most, is kept for the examples of its prompts. Saved labels count only:
`ctrl+s` saves your drafts.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "e", "evaluate", "Evaluate first", tooltip="On labeled documents; it costs", id="wizard.evaluate"
        ),
        Binding("b", "budget", "Budget", tooltip="What the job may spend", id="wizard.budget"),
        Binding("p", "parallel", "At once", tooltip="Documents under way at once", id="wizard.parallel"),
        Binding("x", "shots", "Examples", tooltip="Passages shown to the model", id="wizard.shots"),
        Binding("w", "batch", "Batch", tooltip="As a batch: half the price, within a day", id="wizard.batch"),
    ]

    def __init__(self, session: ProjectSession, choices: Choices, resources: Resources) -> None:
        super().__init__(session, choices, resources)
        self._terms: Terms | None = None
        self._forecast: Forecast | None = None
        """About what the job takes, from some of its texts."""
        self._told: JobEstimate | None = None
        """What it takes, from its very questions."""
        self._comparable = 0
        """Labeled documents that an evaluation could take."""
        self._accepted = 0
        """Those that it leaves out, since labels of theirs began as suggestions."""
        self._evaluation: EvaluationPreview | None = None
        self._problem = ""
        """Why the job can't be."""
        self._failures = ""
        """What an evaluation of the deployment has shown that speaks for care."""

    # --- what is known ------------------------------------------------------------------------------

    @work(exclusive=True)
    @reporting
    async def read(self) -> None:
        """Reckons what the job would take; texts are read from the container for it, and none is sent."""
        self.say("One moment: reckoning what it takes.")
        await self.session.refresh()
        resource = await self.resources.get(self.choices.resource)
        deployment = find_deployment(resource, self.choices.deployment)
        prices = self.resources.prices(deployment)
        if is_batch_only(deployment):
            self.choices = replace(self.choices, options=replace(self.choices.options, batch=True))
        self._terms = Terms(resource, deployment, self.choices.options, prices)
        self._count_comparable()
        await self._look_at_evaluations()
        await self._reckon()

    def _count_comparable(self) -> None:
        found, left_out = comparable(self.session.store.state)
        self._accepted = left_out["accepted"]
        self._comparable = 0 if self._is_batch_only else len(found)

    @property
    def _is_batch_only(self) -> bool:
        return self._terms is not None and is_batch_only(self._terms.deployment)

    async def _look_at_evaluations(self) -> None:
        self._failures = warning_before(await self.session.jobs.list(), self.choices.labeler)

    def _after_evaluation(self, _: None) -> None:
        self._warn()

    @work(exclusive=True, group="warn")
    @reporting
    async def _warn(self) -> None:
        """What the evaluation has shown is said before the rest is paid for."""
        await self._look_at_evaluations()
        self._show()

    async def _reckon(self) -> None:
        assert self._terms is not None
        self._terms = replace(self._terms, options=self.choices.options)
        self._problem, self._told, self._evaluation = "", None, None
        try:
            self._forecast = await quick_forecast(self.session, self.rows(), self._terms, self.categories)
        except LabelerError as error:
            self._problem = in_words(error)
        self._show()
        if not self._problem:
            self.survey()

    @work(exclusive=True, group="survey")
    @reporting
    async def survey(self) -> None:
        """Has the questions made, in a process of its own: what is answered already costs nothing."""
        assert self._terms is not None
        assert self._forecast is not None
        terms, known, rows = self._terms, self._forecast, self.rows()
        if rows:
            request = await labeling_request(self.session, rows, terms, self.categories)
            (found,) = await self.session.surveyor.survey([request])
            self._told = known.asking(found)
            self._show()
        if self._comparable:
            self._evaluation = await self._preview(self.choices.evaluated)
            self._show()

    async def _preview(self, number: int) -> EvaluationPreview:
        """An evaluation never goes as a batch."""
        assert self._terms is not None
        terms = replace(self._terms, options=replace(self._terms.options, batch=False))
        return await evaluation_preview(self.session, terms, {"limit": number})

    # --- what is shown ------------------------------------------------------------------------------

    def _show(self) -> None:
        assert self._terms is not None
        self.query_one(Sheet).show_page(self.page, keep_place=True)
        self.say("" if self._problem else f"s starts the job: texts are sent to {self._terms.host}.")
        self.refresh_bindings()

    def page(self, width: int, signs: Glyphs) -> Sequence[Line]:
        return summary(self._summary(), width) if self._terms else ()

    def _summary(self) -> Summary:
        """What is known so far."""
        assert self._terms is not None
        rows, known = self.rows(), self.session.store.state.categories
        quick = self._forecast.of(rows) if self._forecast else None
        return Summary(
            terms=self._terms,
            rows=rows,
            nouns=self.session.project.kind.nouns,
            names=[known[key].name for key in self.categories],
            known=len(known),
            prices=self._forecast.prices if self._forecast else self._terms.prices,
            told=self._told or quick,
            batch_only=self._is_batch_only,
            comparable=self._comparable,
            accepted=self._accepted,
            drafts=self.drafts,
            evaluation=self._evaluation,
            problem=self._problem,
            failures=self._failures,
        )

    # --- what can be changed ------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        ready = self._forecast is not None and not self._starting
        if action == "start" and not (ready and not self._problem):
            return None
        if action == "evaluate":
            return True if ready and not self._problem else None
        if action in ("budget", "parallel", "shots", "batch"):
            is_open = self._terms is not None and not (self._is_batch_only and action == "batch")
            return True if is_open else None
        return super().check_action(action, parameters)

    @work(exclusive=True, group="edit")
    @reporting
    async def action_budget(self) -> None:
        label = "In USD or tokens: 2.50, or 100000 tokens; empty for none"
        before = budget_words(self.choices.options)
        given = await self.app.push_screen_wait(InputScreen("Budget", label, before, anew=True))
        if given is None:
            return
        usd, tokens = read_budget(given)
        options = replace(self.choices.options, budget_usd=usd, budget_tokens=tokens)
        check_budget(options, self._terms.prices if self._terms else None)
        await self._change(options=options)

    @work(exclusive=True, group="edit")
    @reporting
    async def action_parallel(self) -> None:
        now = self.choices.options.at_once
        number = await self._ask_number("At once", "Documents under way at once, at most (1 to 256)", now)
        if number is not None:
            await self._change(options=replace(self.choices.options, at_once=number))

    @work(exclusive=True, group="edit")
    @reporting
    async def action_shots(self) -> None:
        label = "Labeled passages of the project shown with each text, at most (0 to 50)"
        number = await self._ask_number("Examples", label, self.choices.options.shots)
        if number is not None:
            await self._change(options=replace(self.choices.options, shots=number))

    @work(exclusive=True, group="edit")
    @reporting
    async def action_batch(self) -> None:
        options = self.choices.options
        await self._change(options=replace(options, batch=not options.batch))

    async def _change(self, **fields: object) -> None:
        self.choices = replace(self.choices, **fields)  # type: ignore[arg-type]
        await self._reckon()

    async def _ask_number(self, title: str, label: str, now: int) -> int | None:
        """Raises ``InputError`` for what is no whole number."""
        given = await self.app.push_screen_wait(InputScreen(title, label, str(now), anew=True))
        if given is None or not given.strip():
            return None
        try:
            return int(given.replace(",", ""))
        except ValueError:
            raise InputError(f"{given.strip()!r} is no whole number.") from None

    # --- the start ----------------------------------------------------------------------------------

    async def begin(self) -> Job:
        return await self.session.jobs.autolabel(
            self.rows(),
            self.choices.labeler,
            self.categories,
            gpt=self.choices.options,
            prices=self._terms.prices if self._terms else None,
        )

    async def _is_there_anything(self) -> bool:
        """Whether there are documents to compare with, once drafts were saved or left; else says why not."""
        can_be = not self._is_batch_only
        if can_be and not await self.drafts_settled(without=bool(self._comparable)):
            return False
        self._count_comparable()
        self._show()
        if not self._comparable:
            self.say(f"No evaluation: {not_evaluated(self._summary())}.")
        return bool(self._comparable)

    @work(exclusive=True, group="edit")
    @reporting
    async def action_evaluate(self) -> None:
        """How many, what that costs, and off."""
        if self._forecast is None or self._terms is None or not await self._is_there_anything():
            return
        there = self._comparable
        label = f"Labeled documents to compare with, at most (there are {there:,})"
        number = await self._ask_number("Evaluate first", label, min(self.choices.evaluated, there))
        if number is None:
            return
        if number < 1:
            raise InputError("An evaluation needs a document.", hint="Choose 1 or more.")
        self.choices = replace(self.choices, evaluated=number)
        self.say("One moment: reckoning what it takes.")
        self._evaluation = await self._preview(number)
        self._show()
        words = evaluation_question(self._terms, self._evaluation)
        sure = await ask(self, ConfirmScreen("Evaluate first?", words, "Evaluate", "Not yet"))
        if sure:
            options = {**self._terms.options.as_options(), "limit": number}
            self.app.push_screen(
                EvaluateScreen(
                    self.session, self.choices.labeler, options=options, prices=self._terms.prices
                ),
                self._after_evaluation,
            )
