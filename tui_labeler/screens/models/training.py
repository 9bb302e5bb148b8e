"""Training a model: what to call it, how to test it, and how far it is."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui_labeler.domain.jobs import Job, JobKind, JobState
from tui_labeler.domain.models import LabelOrigin, ModelCard, Split
from tui_labeler.engine.errors import InputError, LabelerError
from tui_labeler.engine.jobs.following import FIGURES_EVERY
from tui_labeler.engine.jobs.training import plan_of
from tui_labeler.engine.models.models import check_model_name, find_model
from tui_labeler.engine.wording import counted, in_words
from tui_labeler.screens.base import reporting, tell
from tui_labeler.screens.dialogs import ChoiceScreen, ConfirmScreen, InputScreen
from tui_labeler.screens.handover.words import taken_words
from tui_labeler.screens.jobs import text as jobs_text
from tui_labeler.screens.lines import KeyLine, StatusLine, TitleLine
from tui_labeler.screens.models import training_text
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.screen import Screen
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.words import percent
from tui_labeler.screens.working import ask, on_top

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui_labeler.engine.jobs.training import TrainingPreview
    from tui_labeler.engine.models.samples import LabeledDocuments
    from tui_labeler.engine.session import ProjectSession


async def _check_name(name: str) -> None:
    check_model_name(name)


class TrainingScreen(Screen["str | None"]):
    """Asks, trains, and shows how the model performs. The result is the name of the model trained.

    Leaving lets the training run on; coming back shows it again.
    """

    HELP: ClassVar[str] = """\
## Training a model

A model learns from saved labels and is tested with documents that it did not learn from.

- **Model**: a new name, or a model to overwrite.
- **Automatic split**: a share of the documents, drawn with a seed from the training set, is kept for the
  test; the same seed draws the same documents.
- **Manual split**: documents are tested with that you put into the testing set.
- **Goes by**, for models of classes: words, or sentence embeddings too (the extra `embeddings`), where they
  do better on documents held out. A model that goes by embeddings needs the extra wherever it labels.
- **Labels**, while Azure Machine Learning has the pen: those here, or the latest from there, taken in first.
  The sets of this side are ignored then.

Documents whose text can't be read, or has changed since it was labeled, are left out; an automatic split
leaves those of the testing set out too. What is used and what is not is said before you start.

Suggestions that nobody has accepted are deleted when a model is trained. `c` cancels; `q` leaves the screen
and lets the training run on.
"""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start", tooltip="Start training", id="training.start"),
        Binding("ctrl+s", "save", "Save labels", tooltip="Save your drafts first", id="training.save"),
        Binding("c", "cancel", "Cancel", tooltip="Stop the training", id="training.cancel"),
        Binding("q,escape", "leave", "Back", tooltip="Back; a training runs on", id="training.back"),
    ]

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._cards: dict[str, ModelCard] = {}
        self._form = training_text.Form("")
        self._preview: TrainingPreview | None = None
        self._found: LabeledDocuments | None = None
        """The documents that can be used, and those that can't; ``None`` until they have been read."""
        self._job: Job | None = None
        self._problem = ""
        self._unread = ""
        """Why the documents could not be read."""
        self._asking = False

    def compose(self) -> ComposeResult:
        yield TitleLine()
        yield Picker(id="form")
        yield Sheet(id="about")
        yield StatusLine()
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(TitleLine).left = f"{self._session.project.name} > Train a model"
        self.begin()

    @property
    def _is_of_classes(self) -> bool:
        return self._session.project.kind.is_classification

    @property
    def _at_work(self) -> bool:
        return self._job is not None and not self._job.state.is_over

    @work(exclusive=True)
    @reporting
    async def begin(self) -> None:
        """Shows the form, or the training that is under way."""
        await self._read()
        for job in await self._session.jobs.list():
            if job.request.kind is JobKind.TRAIN and not job.state.is_over:
                await self._follow(job)
                return

    # --- the form -----------------------------------------------------------------------------------

    async def _read(self) -> TrainingPreview:
        """Reads what there is to learn from, and shows the form."""
        self._preview = preview = await self._session.training.preview()
        self._cards = {card.name: card for card in await self._session.models.list()}
        if not self._form.name:
            self._form = replace(self._form, name=training_text.free_name(self._cards))
        self._show_form()
        self._check()
        return preview

    @work(exclusive=True, group="check")
    async def _check(self) -> None:
        """Reads the documents themselves: which of them can be used is known only then."""
        try:
            self._found, self._unread = await self._session.training.check(), ""
        except LabelerError as error:
            self._found, self._unread = None, in_words(error)
        if not self._at_work:
            self._show_form()

    def _show_form(self) -> None:
        if self._preview is None:
            return
        self.set_class(self._preview.sets_ignored, "-origin")
        self.set_class(self._is_of_classes, "-classes")
        picker = self.query_one("#form", Picker)
        picker.set_rows(
            training_text.form_rows(self._form, self._cards, self._preview, classes=self._is_of_classes)
        )
        options = self._session.training.adjusted(self._form.options(overwrite=False))
        plan = plan_of(self._found, options) if self._found else None
        page = training_text.about(self._preview, plan, self._problem or self._unread)
        self.query_one("#about", Sheet).show_page(page)
        self.refresh_bindings()

    def on_picker_refused(self, event: Picker.Refused) -> None:
        words = {
            "manual": f"For a manual split, {self._why_not_manual()}.",
            "start": "There is no saved label to learn from.",
        }
        self.query_one(StatusLine).text = words.get(event.key, "A manual split takes the sets as they are.")

    def _why_not_manual(self) -> str:
        ignored = self._preview is not None and self._preview.sets_ignored
        return training_text.SETS_IGNORED if ignored else training_text.NO_TEST_SET

    @work(exclusive=True, group="form")
    @reporting
    async def on_picker_chosen(self, event: Picker.Chosen) -> None:
        self.query_one(StatusLine).text = ""
        match event.key:
            case "model":
                await self._choose_model()
            case "origin":
                is_here = self._form.origin is LabelOrigin.HERE
                self._form = replace(
                    self._form, origin=LabelOrigin.AML if is_here else LabelOrigin.HERE, split=Split.AUTO
                )
            case "features":
                self._form = self._form.other_features()
            case "auto":
                self._form = replace(self._form, split=Split.AUTO)
            case "manual":
                self._form = replace(self._form, split=Split.MANUAL)
            case "percent":
                number = await self._number("Test share", "Percent of the documents, 1 to 99:", 99)
                self._form = replace(self._form, test_percent=number or self._form.test_percent)
            case "seed":
                number = await self._number("Seed", "The same one draws the same documents:", None)
                self._form = replace(self._form, seed=self._form.seed if number is None else number)
            case _:
                self.action_start()
        self._show_form()

    async def _choose_model(self) -> None:
        answer: str | None = "new"
        if self._cards:
            choices = [("n", "new", "A new model")]
            for number, card in enumerate(self._cards.values(), 1):
                f1 = percent(card.performance.f1).strip()
                key = str(number) if number < 10 else ""
                choices.append((key, f"over:{card.name}", f"Overwrite {card.name} (F1 {f1})"))
            answer = await self.app.push_screen_wait(ChoiceScreen("Which model?", "", choices))
        if answer == "new":
            name = training_text.free_name(self._cards)
            answer = await self.app.push_screen_wait(
                InputScreen("New model", "Name of the model:", name, accept=_check_name)
            )
        if answer is not None:
            self._form = replace(self._form, name=answer.removeprefix("over:"))

    async def _number(self, title: str, label: str, most: int | None) -> int | None:
        now = self._form.seed if most is None else self._form.test_percent
        least, last = (0, 2**31 - 1) if most is None else (1, most)

        async def check(answer: str) -> None:
            number = answer.strip()
            if len(number) > 10 or not number.isdecimal() or not least <= int(number) <= last:
                raise InputError(
                    f"{answer!r} can't be taken.", hint=f"A whole number from {least} to {last:,}."
                )

        answer = await self.app.push_screen_wait(InputScreen(title, label, str(now), accept=check))
        return None if answer is None else int(answer)

    # --- actions ------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "start":
                return bool(self._preview and self._preview.labels) and not self._at_work
            case "save":
                return bool(self._preview and self._preview.drafts) and not self._at_work
            case "cancel":
                return self._at_work
            case _:
                return super().check_action(action, parameters)

    @work(exclusive=True, group="form")
    @reporting
    async def action_save(self) -> None:
        saved = await self._session.labeling.save()
        tell(self.app, f"Saved: {counted(saved.labels, 'label')} in {counted(saved.documents, 'document')}.")
        await self._read()

    @work(exclusive=True, group="start")
    async def action_start(self) -> None:
        if self._asking or self._at_work:
            return
        self._asking = True
        await self._start()
        self._asking = False

    @reporting
    async def _start(self) -> None:
        preview = await self._read()
        if preview.drafts:
            choices = [("s", "save", "Save them and train"), ("t", "train", "Train without them")]
            message = (
                f"Not saved: {counted(preview.drafts, 'draft decision')}. Training uses saved labels only."
            )
            answer = await ask(self, ChoiceScreen("Save labels first?", message, choices))
            if answer is None:
                return
            if answer == "save":
                await self._session.labeling.save()
                preview = await self._read()
        words = training_text.consequences(self._form, self._cards, preview)
        question = ConfirmScreen("Train now?", words, "Train", "Not now")
        if words and not await ask(self, question):
            return
        if self._form.origin is LabelOrigin.AML and self._session.handover is not None:
            self.query_one(StatusLine).text = "Taking in the latest labels of Azure Machine Learning..."
            try:
                taken = await self._session.handover.import_labels()
            finally:
                self.query_one(StatusLine).text = ""
            tell(self.app, "\n".join(taken_words(taken)), title="Labels of Azure Machine Learning")
        options = self._form.options(overwrite=self._form.name in self._cards)
        self._problem = ""
        self._run(await self._session.training.start(options))

    @work(exclusive=True)
    @reporting
    async def _run(self, job: Job) -> None:
        await self._follow(job)

    @work(exclusive=True, group="cancel")
    @reporting
    async def action_cancel(self) -> None:
        if self._job is not None:
            await self._session.jobs.cancel(self._job.id)

    def action_leave(self) -> None:
        self.dismiss(None)

    # --- the training -------------------------------------------------------------------------------

    async def _follow(self, job: Job) -> None:
        """Shows a training until it is over, then the model or the form again."""
        self._job = job
        self.set_class(True, "-running")
        self.query_one("#about", Sheet).focus()
        following = self._session.jobs.follow(job.id, figures_every=FIGURES_EVERY)
        async with aclosing(following) as steps:
            async for self._job in steps:
                self._show_progress(self._job)
        self.set_class(False, "-running")
        self.query_one("#form", Picker).focus()
        if self._job.state is JobState.SUCCEEDED:
            name = jobs_text.subject(self._job)
            await self._session.refresh()
            card = await find_model(self._session.models, name)
            # The person may be reading something else that lies over this screen.
            await on_top(self)
            await self.app.push_screen_wait(PerformanceScreen(self._session, card))
            self.dismiss(name)
            return
        self._problem = f"The training was {self._job.state.value}."
        if self._job.state is JobState.FAILED:
            self._problem = f"The training failed: {self._job.message} {self._job.on_screen}".rstrip()
        await self._read()

    def _show_progress(self, job: Job) -> None:
        self.query_one("#about", Sheet).show_page(jobs_text.detail(job, {}), keep_place=True)
        self.refresh_bindings()
