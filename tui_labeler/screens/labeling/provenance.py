"""Where a label or a suggestion comes from, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.domain.labels import Label, Origin, Placed, Suggestion, ToPlace
from tui_labeler.engine.actions import REDO, UNDO, action_words
from tui_labeler.engine.history.who_did_it import came_in, doers
from tui_labeler.engine.imports.importing import METHOD
from tui_labeler.engine.reviewing.placing_by_hand import ANSWERED
from tui_labeler.screens.words import when

if TYPE_CHECKING:
    from tui_labeler.domain.documents import Document
    from tui_labeler.engine.session import ProjectSession

_ORIGINS = {
    Origin.PERSON: "made by hand",
    Origin.SUGGESTION: "an accepted suggestion",
    Origin.IMPORT: "imported from a file",
}


async def provenance(session: ProjectSession, document: Document, item: Label | Suggestion) -> str:
    """Who, when, which job, model and version, how it was placed, and what happened to it since."""
    category = session.store.state.categories.get(item.category)
    lines = [f"Category     {category.name if category else item.category}"]
    if item.span is not None:
        lines.append(f"Place        {item.span.start}..{item.span.end} (characters)")
    source: Suggestion | None = None
    if isinstance(item, Label):
        lines += _label_lines(item)
        source = document.suggestions.get(item.suggestion or "")
    else:
        source = item
    if source is not None:
        lines += _suggestion_lines(source)
    if item.text_hash and item.text_hash != document.text_hash:
        lines.append("Text         has changed since")
    lines += ["", "What happened, newest first:", *await _events(session, document, item, source)]
    return "\n".join(lines)


def _label_lines(label: Label) -> list[str]:
    lines = [
        f"Label        {_ORIGINS[label.origin]}",
        f"Made         {when(label.made.time)} by {label.made.actor}",
    ]
    if label.draft is not None:
        lines.append(f"Draft        of {label.draft.actor}, not saved")
    if label.blind:
        lines.append("Blind        made without the suggestions in view")
    return lines


def _suggestion_lines(suggestion: Suggestion) -> list[str]:
    confidence = "none given" if suggestion.confidence is None else f"{suggestion.confidence:g}"
    lines = [
        *_source_lines(suggestion.source, suggestion.job, suggestion.version),
        f"Confidence   {confidence}",
    ]
    # A class holds for the whole document: it has no place that could be found well or badly.
    if suggestion.span is not None:
        is_choice = suggestion.placed is Placed.AMBIGUOUS and suggestion.places > 1
        which = f", {suggestion.place} of {suggestion.places}" if is_choice else ""
        lines.append(f"Placed       {suggestion.placed}{which}")
    if answered := suggestion.extra.get(ANSWERED):
        lines.append(f"Answered     {answered!r}, which was not found")
    decision = suggestion.decision
    if decision is not None:
        lines.append(f"Decision     {decision.verdict} {when(decision.stamp.time)} by {decision.stamp.actor}")
    return lines


def _source_lines(source: str, job: str, version: str) -> list[str]:
    """The model, or the deployment with its resource, the job, and the model's version or the prompt's."""
    method, _, name = source.partition(":")
    if method == METHOD:
        return [f"Suggested    in the file {name}"]
    if method != "gpt":
        return [f"Suggested    by {source}", f"Job          {job}", f"Version      {version or 'not known'}"]
    resource, _, deployment = name.partition("/")
    return [
        f"Suggested    by {deployment} on {resource} (GPT)",
        f"Job          {job}",
        f"Prompt       version {version or 'not known'}",
    ]


def words_provenance(session: ProjectSession, item: ToPlace) -> str:
    """Where words come from that are to place."""
    category = session.store.state.categories.get(item.category)
    return "\n".join(
        [
            f"Words        {item.text}",
            f"Category     {category.name if category else item.category}",
            *_source_lines(item.source, item.job, item.version),
            "",
            "The model answered them, and they do not stand in the text so. + goes through likely places, "
            "a sets them at one, or at what is selected, x drops them.",
        ]
    )


async def _events(
    session: ProjectSession, document: Document, item: Label | Suggestion, source: Suggestion | None
) -> list[str]:
    """The transactions that touched the item, back to the one that made it (and its suggestion).

    What an undo or a redo brings back was made before that.
    """
    born = {
        f"{document.id}/{wanted.id}": "label" if isinstance(wanted, Label) else "suggestion"
        for wanted in (item, source)
        if wanted is not None
    }
    missing = dict(born)
    lines = []
    async for transaction in session.store.history():
        touched = [c for c in transaction.changes if born.get(c.key) == c.table]
        if touched:
            action = action_words(transaction.action, transaction.note.get("action"))
            job = f" (job {transaction.job})" if transaction.job else ""
            who = doers(transaction, touched)
            by = f", synced by {transaction.actor}" if came_in(transaction) else ""
            lines.append(f"  {when(transaction.time)}  {who}{by}: {action}{job}")
        for change in touched:
            if change.before is None and transaction.action not in (UNDO, REDO):
                missing.pop(change.key, None)
        if not missing:
            break
    return lines
