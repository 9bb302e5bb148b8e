"""Who may change labels: the one place that every change of a project goes through asks here.

While Azure Machine Learning has the pen, or the pen is on its way, labels, decisions, suggestions, sets and
categories stay as they are. What goes on all the same: reading the container, training (with the deletion of
suggestions that belongs to it), and what the hand-over itself brings in, or takes back of that.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from tui_labeler.domain.aml_languages import aml_language
from tui_labeler.domain.handover import Phase, Side
from tui_labeler.domain.text import safe
from tui_labeler.engine.actions import CLEARED, DOCUMENTS_READ, HANDED_OVER, MOVE, TAKEN_IN
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.wording import clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tui_labeler.domain.handover import Handover
    from tui_labeler.domain.projects import Project
    from tui_labeler.engine.ports import Change, Plan


_GO_ON = frozenset({HANDED_OVER, TAKEN_IN, DOCUMENTS_READ, MOVE, CLEARED})
"""Actions that change no decision of anybody: see the head of this module."""


class PenError(RefusedError):
    """Labels are made elsewhere."""

    title = "Labeling here is off"
    code = "pen"

    def __init__(self, handover: Handover, project: str) -> None:
        name = shlex.quote(safe(project))
        todo = (
            (f"`tui-labeler aml switch {name} --to here` switches back.", "H switches back.")
            if handover.phase is Phase.AML
            else (f"`tui-labeler aml status {name}` says when it is done.", "H says when it is done.")
        )
        super().__init__(pen_words(handover), hint=todo[0], on_screen=todo[1])
        self.handover = handover


class PlainError(RefusedError):
    """A change that would break the connection."""

    title = "The connection forbids it"
    code = "connected"


def pen_words(handover: Handover, *, short: bool = False) -> str:
    """Who has the pen, and since when; in one sentence. In ``short`` without the place there."""
    since = f" since {clock(handover.since)}" if handover.since else ""
    if handover.phase is Phase.AML and short:
        return f"Azure Machine Learning has the pen{since}."
    if handover.phase is Phase.AML:
        where = handover.terms.aml.words if handover.terms else ""
        by = f", switched by {handover.by.actor}" if handover.by.actor else ""
        return f"Azure Machine Learning has the pen{since}: {where}{by}."
    return f"The project is {handover.phase}{since}, by {handover.by.actor or 'somebody'}."


def standing_words(handover: Handover) -> str:
    """How a project stands to Azure Machine Learning as last seen; empty where it never was connected."""
    where = handover.terms.aml.words if handover.terms else ""
    match handover.phase:
        case Phase.NONE:
            return ""
        case Phase.HERE:
            return f"Connected with {where} of Azure Machine Learning; labels are made here."
        case Phase.DISCONNECTED:
            return f"Disconnected for ever from {where} of Azure Machine Learning; labels are made here."
    return pen_words(handover)


def check_pen(project: Project, plan: Plan, changes: Iterable[Change]) -> None:
    """Raises ``PenError`` for a change that only who has the pen may make.

    ``PlainError`` where it would make a connected project multilingual, or give it a language that Azure
    Machine Learning can't label.
    """
    handover = project.handover
    if not handover.is_connected or plan.action in _GO_ON:
        return
    of = plan.note.get("action") == TAKEN_IN
    for change in changes:
        if handover.pen is None or (handover.pen is Side.AML and not of):
            raise PenError(handover, project.name)
        if plan.action == "project.settings" and change.table == "project" and change.after:
            _check_language(change.after)


def _check_language(changed: Mapping[str, Any]) -> None:
    if changed.get("multilingual"):
        raise PlainError(
            "A project that is connected to Azure Machine Learning has one language.",
            hint="Disconnect it first, for good.",
        )
    language = changed.get("language")
    if language is not None and aml_language(language) is None:
        raise PlainError(
            f"Azure Machine Learning can't label text in the language {safe(language)}.",
            hint="Choose a language of both sides, or disconnect the project first, for good.",
        )


def check_turn_of_pen(project: Project) -> None:
    """Raises ``PenError`` where nothing can be labeled here: before work that would come to nothing."""
    if project.handover.pen is not Side.HERE:
        raise PenError(project.handover, project.name)
