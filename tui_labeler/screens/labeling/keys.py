"""The keys of the labeling screen, and those that are left for categories."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def _key(key: str, action: str, description: str, tooltip: str, name: str) -> Binding:
    return Binding(key, action, description, tooltip=tooltip, id=name)


DOCUMENT_KEYS: list[BindingType] = [
    _key("right_square_bracket", "step(1)", "Next", "Next document of the list", "document.next"),
    _key("left_square_bracket", "step(-1)", "Previous", "Document before in the list", "document.previous"),
    _key("U", "next_unlabeled", "Unlabeled", "Next document without a label", "document.unlabeled"),
    _key("D", "documents", "Documents", "To the list of documents, and back", "document.list"),
    _key("slash", "search", "Search", "Search in this text", "document.search"),
    _key("ctrl+f", "find_in_all", "Find in all", "Find words in all documents", "document.find"),
    _key("number_sign", "line", "Line", "Go to a line by its number", "document.line"),
    _key("underscore", "compact", "Compact", "Underlines in the text, or rules under it", "document.compact"),
    _key("f", "filter", "Filter", "Which documents are listed, or suggestions reviewed", "document.filter"),
    _key("s", "sort", "Sort", "In which order the list shows documents", "document.sort"),
    _key(
        "m", "mark_reviewed", "Nothing to label", "Mark as reviewed, or take that back", "document.reviewed"
    ),
    _key("F", "flag", "Flag", "Flag the document with a note", "document.flag"),
    _key("t", "dataset", "Train/test", "Put the document into the other set", "document.dataset"),
    _key(
        "ampersand",
        "give",
        "Two readers",
        "Give the document to two people, or take it back",
        "document.give",
    ),
    _key("percent_sign", "finish_reading", "Done", "Done with it as one of two readers", "document.done"),
    _key("ctrl+t", "take_over", "Take over", "Label it although somebody else has it", "document.take"),
    _key("ctrl+l", "language", "Language", "The document's own language", "document.language"),
    _key(
        "Q", "look_again", "Look again", "Decide on labels whose text has changed, or is gone", "label.again"
    ),
    _key("R", "read_container", "Read container", "Look for new and changed documents", "document.sync"),
]

LABEL_KEYS: list[BindingType] = [
    _key("enter", "label", "Label", "Label what is selected; apply an edit", "label.add"),
    _key("B", "brush", "Brush", "Choose a category, then mark with enter", "label.brush"),
    _key("equals_sign", "label_identical", "All identical", "Label the same words everywhere", "label.all"),
    _key("exclamation_mark", "replace", "Replace", "Replace the label that is in the way", "label.replace"),
    _key("c", "change", "Change", "Give the label or suggestion another category", "label.change"),
    _key("e", "edit", "Boundaries", "Move the ends of the label or suggestion", "label.edit"),
    _key("d,delete", "remove", "Remove", "Remove the label", "label.remove"),
    _key("semicolon", "next_mark(1)", "Next label", "Next label or suggestion of the document", "label.next"),
    _key("apostrophe", "next_mark(-1)", "Label before", "Label or suggestion before", "label.previous"),
    _key(
        "i,quotation_mark",
        "provenance",
        "Where from",
        "Where a label or suggestion comes from",
        "label.provenance",
    ),
    _key("C", "categories", "Categories", "To the pane of categories, and back", "label.categories"),
    _key(
        "backslash",
        "distribution",
        "Distribution",
        "Labels and documents by category, and back",
        "label.distribution",
    ),
    _key(
        "K",
        "edit_categories",
        "Edit categories",
        "Add, rename, merge, delete categories",
        "label.edit-categories",
    ),
    _key("u", "undo", "Undo", "Take back your last action", "label.undo"),
    _key("ctrl+r", "redo", "Redo", "Do again what was undone", "label.redo"),
    _key("ctrl+s", "save", "Save labels", "Apply your draft decisions to the labels", "label.save"),
]

REVIEW_KEYS: list[BindingType] = [
    _key("r", "review", "Review", "Go through suggestions, or end that", "review.toggle"),
    _key("a", "accept", "Accept", "Accept the suggestion, go to the next", "review.accept"),
    _key("x", "reject", "Reject", "Reject the suggestion, go to the next", "review.reject"),
    _key(
        "A",
        "accept_all",
        "Accept all",
        "Accept all of this document, or what the review's filter holds of it",
        "review.accept-all",
    ),
    _key(
        "X",
        "reject_all",
        "Reject all",
        "Reject all of this document, or what the review's filter holds of it; also what is to place",
        "review.reject-all",
    ),
    _key("n", "next(1)", "Next", "Next suggestion, or place found", "review.next"),
    _key("N", "next(-1)", "Back", "Suggestion, or place found, before", "review.previous"),
    _key(
        "plus",
        "place(1)",
        "Place",
        "Next likely place of words that were not found; without any, the next words",
        "review.place",
    ),
    _key("minus", "place(-1)", "Place before", "Likely place before", "review.place-back"),
    _key("M", "accept_many", "Accept many", "Accept all that a filter holds", "review.accept-many"),
    _key(
        "vertical_line",
        "agreement",
        "Agreement",
        "Show what blind mode hides beside your labels; two readings side by side",
        "review.agreement",
    ),
    _key(
        "Z",
        "reject_many",
        "Reject many",
        "Reject all that a filter holds, also what is to place",
        "review.reject-many",
    ),
]

PROJECT_KEYS: list[BindingType] = [
    _key("L", "want('start_wizard')", "Autolabel", "Have documents labeled", "project.autolabel"),
    _key("J", "want('show_jobs')", "Jobs", "Jobs that run or ran", "project.jobs"),
    _key("T", "want('show_training')", "Train", "Train a model on the saved labels", "project.train"),
    _key("P", "want('show_models')", "Performance", "How well trained models do", "project.models"),
    _key(
        "W",
        "want('show_adjudication')",
        "Adjudicate",
        "Settle what two readers have labeled",
        "project.adjudicate",
    ),
    _key("at", "want('show_resources')", "Resources", "Servers with language models", "project.resources"),
    _key("I", "import_labels", "Import", "Read labels from a file", "project.import"),
    _key("E", "export_labels", "Export", "Write the saved labels to a file", "project.export"),
    _key("S", "sync", "Sync", "Read the container, and share labels with others, at once", "project.sync"),
    _key("Y", "conflicts", "Conflicts", "Decide what you and others made differently", "project.conflicts"),
    _key(
        "H",
        "want('show_handover')",
        "Azure ML",
        "Hand labeling over to Azure Machine Learning, and take it back",
        "project.handover",
    ),
    _key("O", "project_settings", "Settings", "Drafts, blind mode, sharing, language", "project.settings"),
    _key("q", "leave", "Projects", "Back to the projects", "project.leave"),
]

WRITING = frozenset(
    {
        *("label", "brush", "label_identical", "replace", "change", "edit", "remove", "save"),
        *("edit_categories", "accept", "reject", "accept_all", "reject_all", "accept_many", "reject_many"),
        *("mark_reviewed", "flag", "dataset", "give", "finish_reading", "take_over", "language"),
        *("look_again", "agreement", "import_labels"),
    }
)
"""Actions that are off while labels are made elsewhere."""

IN_TEXT = frozenset(
    {
        *("label", "brush", "label_identical", "replace", "change", "edit", "remove", "look_again"),
        *("accept", "reject", "accept_all", "reject_all", "agreement", "take_over"),
    }
)
"""Actions on the document in view that are off in the list, where the cursor may be at another one."""

WRITING_SCREENS = frozenset({"start_wizard", "show_adjudication"})
"""Screens that are not wanted then."""

SHOWN: dict[str, list[str]] = {
    "review": [
        "review.accept",
        "review.reject",
        "review.next",
        "review.place",
        "review.accept-all",
        "label.undo",
        "label.save",
        "document.filter",
        "review.reject-all",
        "label.change",
        "review.accept-many",
        "label.edit",
        "review.toggle",
        "project.leave",
    ],
    "entities": [
        "text.select",
        "label.brush",
        "label.all",
        "label.remove",
        "label.undo",
        "label.save",
        "document.unlabeled",
        "review.toggle",
        "project.autolabel",
        "project.leave",
    ],
    "ends": [
        "label.add",
        "label.edit",
        "text.end-word",
        "text.end-word-back",
        "text.end-more",
        "text.end-less",
        "text.other-end",
    ],
    "ends of a suggestion": [
        "label.add",
        "label.edit",
        "review.accept",
        "review.reject",
        "text.end-word",
        "text.end-word-back",
        "text.end-more",
        "text.end-less",
        "text.other-end",
    ],
    "classes": [
        "document.next",
        "document.unlabeled",
        "label.undo",
        "label.save",
        "label.add",
        "document.previous",
        "review.toggle",
        "project.autolabel",
        "project.leave",
    ],
    "suggested classes": [
        "review.accept",
        "review.reject",
        "label.undo",
        "label.save",
        "document.next",
        "document.unlabeled",
        "label.add",
        "document.previous",
        "review.toggle",
        "project.autolabel",
        "project.leave",
    ],
    "names: NAME": ["list.pick", "list.end-name", "list.erase", "label.save"],
    "names: LETTERS": [
        "list.pick",
        "list.end-name",
        "list.name",
        "document.next",
        "document.previous",
        "label.provenance",
        "label.save",
    ],
    "names: BY_ITSELF": [
        "label.undo",
        "list.pick",
        "list.end-name",
        "list.name",
        "label.categories",
        "document.unlabeled",
        "document.next",
        "document.previous",
        "label.provenance",
        "label.save",
    ],
    "pane of many": [
        "list.name",
        "list.pick",
        "document.unlabeled",
        "label.undo",
        "label.save",
        "document.next",
        "document.previous",
        "label.categories",
        "review.accept",
        "review.reject",
        "label.provenance",
        "project.leave",
    ],
    "list": [
        "list.select",
        "list.range",
        "document.filter",
        "document.sort",
        "list.all",
        "list.open",
        "document.list",
        "document.find",
        "document.dataset",
        "document.flag",
        "project.autolabel",
        "project.leave",
    ],
    "distribution": [
        "label.distribution",
        "list.down",
        "list.up",
        "label.categories",
        "document.list",
        "project.leave",
    ],
    "read only": [
        "project.handover",
        "document.next",
        "document.previous",
        "document.list",
        "document.search",
        "label.next",
        "label.provenance",
        "project.train",
        "project.models",
        "project.export",
        "label.undo",
        "project.leave",
    ],
    "no text": [
        "document.sync",
        "document.next",
        "document.previous",
        "document.list",
        "document.flag",
        "project.settings",
        "project.leave",
    ],
}
"""Ids of the keys in the last line, the weightiest first."""

LISTED = ["label.add", "label.categories"]
"""Those that come first where classes are found by their names."""

WITH_SELECTION = ["label.add", "text.unselect"]
"""Those that come first while something is selected."""

AT_ENDS = {"label.add": "Apply", "label.edit": "Leave"}
"""What keys are called while the ends of a label are moved."""

IN_PANE = {"label.categories": "Text", "list.pick": "Set"}
"""What they are called in a pane of many classes."""

WHILE_SEARCHING = {
    "review.next": "Next found",
    "review.previous": "Found before",
    "text.unselect": "End search",
}
"""What they are called while places found are gone through."""

FROM_COMPARISON = {"project.leave": "Comparison"}
"""What they are called in a document that was opened from the comparison of two jobs."""

IN_DISTRIBUTION = {"label.distribution": "Text", "project.leave": "Back"}
"""What they are called while the distribution has the pane."""

IN_REVIEW = {"project.leave": "End review"}
"""What they are called in a review."""

_DIGITS = "123456789"


def category_keys(categories: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Keys for category ids, in order: digits, then the letters that mean nothing else.

    Categories beyond the last letter have no key; they are chosen by name.
    """
    letters = [letter for letter in string.ascii_letters if letter not in taken]
    return dict(zip([*_DIGITS, *letters], categories, strict=False))
