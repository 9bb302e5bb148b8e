"""Writes the parts of the documentation that the program itself knows best.

``python -m docs.generate`` writes ``docs/keys.md``, ``docs/cli.md``, the picture of the house, the table of
its rooms in ``docs/architecture.md`` and the free signs in ``docs/adding.md``; with ``--pictures`` also the
pictures of the main screens, from a sample project in a home of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from docs import house, screenshots
from docs.signs import bindings, free_signs
from tui_labeler.app import LabelerApp
from tui_labeler.cli.grammar import build
from tui_labeler.cli.parser import Formatter
from tui_labeler.screens.choosing import NameField, NameScreen
from tui_labeler.screens.commands import Commands
from tui_labeler.screens.dialogs import Answers, ChoiceScreen, ConfirmScreen, InputScreen, MessageScreen
from tui_labeler.screens.fields import Cycle, FormField
from tui_labeler.screens.handover.form import ConnectScreen
from tui_labeler.screens.handover.handover import HandoverScreen
from tui_labeler.screens.help import HelpScreen
from tui_labeler.screens.jobs.comparison import ComparisonScreen
from tui_labeler.screens.jobs.jobs import JobsScreen
from tui_labeler.screens.keymap import PUNCTUATION
from tui_labeler.screens.label_files.exporting import ExportScreen
from tui_labeler.screens.label_files.importing import ImportScreen
from tui_labeler.screens.labeling.categories import CategoriesScreen
from tui_labeler.screens.labeling.filter import FilterScreen
from tui_labeler.screens.labeling.labeling import LabelingScreen
from tui_labeler.screens.labeling.review_filter import ReviewFilterScreen
from tui_labeler.screens.labeling.search import SearchScreen, WordsField
from tui_labeler.screens.models.models import ModelsScreen
from tui_labeler.screens.models.training import TrainingScreen
from tui_labeler.screens.performance.performance import PerformanceScreen
from tui_labeler.screens.projects.create_project import CreateProjectScreen
from tui_labeler.screens.projects.project_settings import ProjectSettingsScreen
from tui_labeler.screens.projects.projects import ProjectsScreen
from tui_labeler.screens.readings.adjudication import AdjudicationScreen
from tui_labeler.screens.readings.agreement import AgreementScreen
from tui_labeler.screens.resources.forms import AddResourceScreen, NumbersScreen
from tui_labeler.screens.resources.resources import DeploymentPane, ResourcesScreen
from tui_labeler.screens.sharing.conflicts import ConflictsScreen
from tui_labeler.screens.sharing.syncing import LastSyncScreen, SyncScreen
from tui_labeler.screens.tour import TourScreen
from tui_labeler.screens.widgets.category_pane import CategoryPane
from tui_labeler.screens.widgets.document_list import DocumentList
from tui_labeler.screens.widgets.found_list import FoundList
from tui_labeler.screens.widgets.picker import Picker
from tui_labeler.screens.widgets.sheet import Sheet
from tui_labeler.screens.widgets.text_view import TextView
from tui_labeler.screens.wizard.deployment import DeploymentStep
from tui_labeler.screens.wizard.documents import DocumentsStep
from tui_labeler.screens.wizard.evaluating import EvaluateScreen
from tui_labeler.screens.wizard.gpt_categories import GptCategoriesStep
from tui_labeler.screens.wizard.gpt_start import GptStartStep
from tui_labeler.screens.wizard.method import MethodStep
from tui_labeler.screens.wizard.model import ModelStep
from tui_labeler.screens.wizard.model_categories import ModelCategoriesStep
from tui_labeler.screens.wizard.model_start import ModelStartStep
from tui_labeler.screens.wizard.reading import ReadScreen
from tui_labeler.screens.working import WorkingScreen

FOLDER = Path(__file__).parent

PLACES: dict[str, type[Any]] = {
    "Everywhere": LabelerApp,
    "Projects": ProjectsScreen,
    "New project": CreateProjectScreen,
    "Labeling and review": LabelingScreen,
    "The text": TextView,
    "Lists of documents": DocumentList,
    "The pane of categories": CategoryPane,
    "Find in all documents": SearchScreen,
    "The words to find": WordsField,
    "Documents found": FoundList,
    "Filter": FilterScreen,
    "Filter of a review": ReviewFilterScreen,
    "Agreement": AgreementScreen,
    "Adjudication": AdjudicationScreen,
    "Sync": SyncScreen,
    "Sync when leaving": LastSyncScreen,
    "Conflicts": ConflictsScreen,
    "Import labels": ImportScreen,
    "Export labels": ExportScreen,
    "Project settings": ProjectSettingsScreen,
    "Edit categories": CategoriesScreen,
    "Autolabel: method": MethodStep,
    "Autolabel: model": ModelStep,
    "Autolabel: categories": ModelCategoriesStep,
    "Autolabel: deployment (GPT)": DeploymentStep,
    "Autolabel: categories (GPT)": GptCategoriesStep,
    "Autolabel: documents": DocumentsStep,
    "Autolabel: review and start": ModelStartStep,
    "Autolabel: review and start (GPT)": GptStartStep,
    "Reading a document": ReadScreen,
    "Evaluation": EvaluateScreen,
    "Jobs": JobsScreen,
    "Comparison of two jobs": ComparisonScreen,
    "Resources": ResourcesScreen,
    "Lists of deployments": DeploymentPane,
    "New resource": AddResourceScreen,
    "Prices and context": NumbersScreen,
    "Training": TrainingScreen,
    "Models": ModelsScreen,
    "Model performance": PerformanceScreen,
    "Lists to choose from": Picker,
    "Pages": Sheet,
    "Azure Machine Learning": HandoverScreen,
    "Connecting with Azure Machine Learning": ConnectScreen,
    "Help": HelpScreen,
    "The list of commands": Commands,
    "First steps": TourScreen,
    "Questions": ConfirmScreen,
    "Something that takes a while": WorkingScreen,
    "Messages": MessageScreen,
    "Choices": ChoiceScreen,
    "Lists of choices": Answers,
    "Choices among many": NameScreen,
    "The name of one of many": NameField,
    "Fields": InputScreen,
    "Fields of a form": FormField,
    "Values of a form": Cycle,
}
"""Where keys mean something, in the order of the page."""


def shown(keys: str) -> str:
    """Keys as people call them."""
    return ", ".join(_code(PUNCTUATION.get(key, key)) for key in keys.split(","))


def _code(key: str) -> str:
    """As code in a table, where a bar ends a cell and code with a grave accent stands in two."""
    return f"`` {key} ``" if "`" in key else f"`{key}`".replace("|", "\\|")


MOUSE = """\
## The mouse

Nothing needs it. In lists and tables a click goes to a row, and a double click does what `enter` does
there; a click on the box in front of a row selects it, or takes it out. One click is enough for a category
or class in its pane, for an answer to a question, a step of the wizard, a section of a model's performance,
and a key in the last line. In the text a click goes to a place, dragging selects words, and a double click
selects one. The wheel scrolls. What the terminal itself selects for copying is had with `shift` held down,
in most terminals.
"""
"""What clicks do, which no binding says."""


def keys_page() -> str:
    """All keys, place by place, and the mouse."""
    lines = [
        "# Keys",
        "",
        "Written by `python -m docs.generate` from the program's own declarations. Any can be another key:",
        "give it by its id under `[keys]` in `settings.toml`, your keymap ([settings.md](settings.md)).",
        "",
    ]
    for title, place in PLACES.items():
        declared = list(bindings(place))
        if declared:
            lines += [f"## {title}", "", "| key | does | | id |", "| --- | --- | --- | --- |"]
            lines += [
                f"| {shown(each.key)} | {each.description} | {each.tooltip} | `{each.id}` |"
                for each in declared
            ]
            lines.append("")
    return "\n".join([*lines, MOUSE])


BEGIN, END = "<!-- free signs: written by python -m docs.generate -->\n", "   <!-- end of free signs -->"


def with_free_signs(page: str) -> str:
    """A page with the signs that are free now. Raises ``ValueError`` where it has no place for them."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError("the page has no place for the free signs")
    signs = ", ".join(map(_code, free_signs())) or "none"
    return f"{before}{BEGIN}   Signs that are free: {signs}.\n{end}{after}"


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every command under a parser that can be called."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield parser
    for group in groups:
        for child in dict.fromkeys(group.choices.values()):
            yield from commands(child)


def cli_page() -> str:
    """All commands with their options, as ``--help`` says them."""
    lines = [
        "# Commands",
        "",
        "Written by `python -m docs.generate` from the program's own parser. Every command takes `--home`,",
        "`--json` and `--progress`. Exit codes: 0 done; 1 done, but some documents failed; 2 wrong use or",
        "bad input; 3 the outside world refused; 4 refused by a rule; 130 interrupted. A fault of the",
        "program ends with 1 too: its traceback goes to standard error, and the error's `code` is `fault`.",
        "",
    ]
    for command in commands(build()):
        # What depends on the width of a terminal does not belong on a page.
        command.formatter_class = partial(Formatter, width=100)
        lines += [f"## {command.prog}", "", "```text", command.format_help().rstrip(), "```", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", action="store_true")
    options = parser.parse_args()
    (FOLDER / "keys.md").write_text(keys_page(), encoding="utf-8")
    (FOLDER / "cli.md").write_text(cli_page(), encoding="utf-8")
    (FOLDER / "pictures" / "house.svg").write_text(house.picture(), encoding="utf-8")
    page = FOLDER / "architecture.md"
    page.write_text(house.with_rooms(page.read_text(encoding="utf-8")), encoding="utf-8")
    page = FOLDER / "adding.md"
    page.write_text(with_free_signs(page.read_text(encoding="utf-8")), encoding="utf-8")
    if options.pictures:
        screenshots.write(FOLDER / "pictures")


if __name__ == "__main__":
    main()
