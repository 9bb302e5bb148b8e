"""What may stand in a project's history: every action by its name, and in words.

The names are written into journals: none is ever renamed. Who makes a new action adds it here, and to what
goes on while somebody else has the pen (``pen``) where it changes no decision of anybody.
"""

from __future__ import annotations

KEEP, CLEAR = "label.keep", "label.clear"
"""Of labels whose text has changed since they were made: one stands, all of a document go."""

MOVE = "labels.move"
"""A text has changed, and labels went with their words."""

ACCEPT, CORRECT = "suggestion.accept", "suggestion.correct"
"""A suggestion became a label: as it was, or with another category or span."""

PLACE, DROP = "to_place.set", "to_place.drop"
"""Words of an answer that were not found in the text: a person set them somewhere, or dropped them."""

REVEAL = "document.reveal"
"""Hidden suggestions are shown. It can't be taken back: what was seen stays seen."""

GIVE, WITHDRAW = "readings.give", "readings.withdraw"
FINISH, REOPEN = "reading.finish", "reading.reopen"
CHOOSE, SETTLE = "readings.choose", "readings.settle"
"""Of the places where two readings differ one was decided; all were, and the project has its labels."""

MERGE, DELETE = "category.merge", "category.delete"

IMPORTED = "labels.import"
"""Labels of a file came in, where none of this project's own stood."""

ADDED = "added"
"""In the note of an import: how many documents it has written into the container."""

JOB = "job.suggest"
"""A job's suggestions came in."""

CLEARED = "suggestions.delete"
"""Suggestions went because a model was trained on what they are about."""

DOCUMENTS_READ = "documents.sync"
"""The container was read."""

HANDED_OVER = "handover.state"
"""The container says otherwise than before how the project stands to Azure Machine Learning."""

TAKEN_IN = "handover.import"
"""The labels of Azure Machine Learning took the place of those that were here."""

LOST = "history.lost"
"""A part of the history was lost, and somebody chose to go on: the note says ``after`` which transaction, and
``until`` which."""

UNDO, REDO = "undo", "redo"

TRAINED, MODEL_DELETED = "model.train", "model.delete"

CREATED = "project.create"
"""A project is made, with the labels and categories it begins with: nobody's undo goes behind that."""

SYNCED, PROJECT_SYNCED = "labels.sync", "project.sync"
"""What others have done came in from the container."""

DOERS = "doers"
"""The key of a note that names those who did what a sync brought in, where the changes don't."""

DECIDE = "conflict.decide"
"""A person said which of two sides stands."""

DECISION = "decision"
"""The key of a note that says what was decided."""

NOT_UNDOABLE = frozenset(
    {
        DOCUMENTS_READ,
        MOVE,
        SYNCED,
        PROJECT_SYNCED,
        REVEAL,
        FINISH,
        REOPEN,
        TRAINED,
        MODEL_DELETED,
        HANDED_OVER,
        LOST,
        UNDO,
        REDO,
    }
)
"""What no undo takes back."""

ACTIONS = {
    "label.add": "label",
    "label.add_all": "label all occurrences",
    "label.remove": "remove label",
    "label.change": "change label",
    KEEP: "keep label on a changed text",
    CLEAR: "remove labels of a document",
    "labels.save": "save labels",
    IMPORTED: "import labels",
    MOVE: "move labels with their words",
    ACCEPT: "accept",
    CORRECT: "correct and accept",
    "suggestion.reject": "reject",
    PLACE: "place by hand",
    DROP: "drop what was not found",
    "suggestion.accept_all": "accept all",
    "suggestion.reject_all": "reject all",
    CLEARED: "delete suggestions at training",
    "document.review": "mark as reviewed",
    "document.flag": "flag document",
    GIVE: "give to readers",
    WITHDRAW: "withdraw from readers",
    FINISH: "finish a reading",
    REOPEN: "go on with a reading",
    CHOOSE: "adjudicate a place",
    SETTLE: "adjudicate",
    REVEAL: "show hidden suggestions",
    "document.set": "change documents",
    DOCUMENTS_READ: "read the container",
    SYNCED: "sync labels",
    PROJECT_SYNCED: "sync categories and settings",
    DECIDE: "decide a conflict",
    "category.add": "add category",
    "category.set": "change category",
    "category.rename": "rename category",
    MERGE: "merge categories",
    DELETE: "delete category",
    "project.settings": "change settings",
    CREATED: "create the project",
    JOB: "autolabel",
    HANDED_OVER: "hand over to or from Azure Machine Learning",
    TAKEN_IN: "take in labels of Azure Machine Learning",
    TRAINED: "train a model",
    MODEL_DELETED: "delete a model",
    LOST: "go on without a part of the history",
    UNDO: "undo",
    REDO: "redo",
}
"""Every action in words."""


def action_words(action: str, of: str | None = None) -> str:
    """An action in words; ``of`` is the one that an undo took back, or a redo did again."""
    words = ACTIONS.get(action, action)
    return f"{words}: {ACTIONS.get(of, of)}" if of else words
