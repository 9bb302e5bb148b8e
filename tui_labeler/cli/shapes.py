"""What commands print of documents, labels and jobs: plain dictionaries, fields in snake_case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui_labeler.domain.jobs import ALL_FAILED, JobState, Usage
from tui_labeler.domain.projects import Dataset
from tui_labeler.engine.wording import unused_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_labeler.domain.document_rows import DocumentRow
    from tui_labeler.domain.documents import Document
    from tui_labeler.domain.jobs import DocumentNote, Job, Unused
    from tui_labeler.domain.labels import Label, Span, Suggestion
    from tui_labeler.domain.projects import Project
    from tui_labeler.domain.resources import Deployment, Prices, Resource
    from tui_labeler.engine.jobs.counts import SuggestionCounts
    from tui_labeler.engine.label_files import Skipped
    from tui_labeler.engine.ports import State
    from tui_labeler.engine.session import ProjectSession

DATASETS = {"train": Dataset.TRAIN, "test": Dataset.TEST}
"""Names on the command line."""


def dataset_name(dataset: Dataset) -> str:
    return dataset.value.lower()


def document_item(row: DocumentRow, project: Project) -> dict[str, Any]:
    """A document in a list."""
    return {
        "location": row.location,
        "language": row.language or project.language,
        "dataset": dataset_name(row.dataset),
        "characters": row.characters,
        "text_records": row.text_records,
        "read": row.is_read,
        "state": row.state.value,
        "labels": row.label_count,
        "suggestions": row.suggestion_count,
        "lowest_confidence": row.lowest,
        "flag": row.flag,
        "readers": list(row.readers),
        "done": list(row.finishers),
        "settled": row.settled,
        "problem": row.problem or None,
    }


def shown_document(
    session: ProjectSession, document: Document, text: str | None, *, changed: bool
) -> dict[str, Any]:
    """One document with its labels; ``text`` is ``None`` where it can't be read.

    Labels of the person's own reading are among them, and name their reader. With ``changed`` it is another
    text than when the container was read. Labels and suggestions that were made on another text have no
    words, and say so.
    """
    state = session.store.state
    words = None if changed else text

    def said_of(item: Label | Suggestion) -> dict[str, Any]:
        stale = item.span is not None and (changed or item.text_hash not in ("", document.text_hash))
        return {**_place(item.span, None if stale else words), "text_changed": stale}

    row = document_item(state.rows[document.id], state.project)
    del row["labels"], row["suggestions"]
    labels = [_label(state, label, said_of(label)) for label in document.active_labels]
    return {
        **row,
        "text": text,
        "text_changed": changed or any(item["text_changed"] for item in labels),
        "reviewed": document.reviewed is not None,
        "labels": labels,
        "suggestions": [
            _suggestion(state, suggestion, said_of(suggestion))
            for suggestion in document.open_suggestions(state.project.kind)
        ],
        "to_place": [
            {"id": item.id, "category": _category(state, item.category), "text": item.text}
            for item in document.open_to_place
        ],
    }


def _label(state: State, label: Label, place: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": label.id,
        "category": _category(state, label.category),
        **place,
        "origin": label.origin.value,
        "who": label.made.actor,
        "draft": label.draft is not None,
        "reader": label.reader or None,
    }


def _suggestion(state: State, suggestion: Suggestion, place: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": suggestion.id,
        "category": _category(state, suggestion.category),
        **place,
        "confidence": suggestion.confidence,
        "source": suggestion.source,
        "placed": suggestion.placed.value if suggestion.span is not None else None,
        "place": suggestion.place,
        "places": suggestion.places,
        "job_id": suggestion.job or None,
    }


def _place(span: Span | None, text: str | None) -> dict[str, Any]:
    """Where it stands, in code points; nothing for a class, which holds for the whole document."""
    if span is None:
        return {}
    words = None if text is None else text[span.start : span.end]
    return {"offset": span.start, "length": span.length, "text": words}


def _category(state: State, category_id: str) -> str:
    category = state.categories.get(category_id)
    return category.name if category else category_id


_OF_THE_END = ("exit_code", "hint", "on_screen")
"""What is kept with a job's result and stands elsewhere in its fields."""


def job_item(job: Job, state: State) -> dict[str, Any]:
    """A job of any kind."""
    request = job.request
    fields: dict[str, Any] = {
        "job_id": job.id,
        "kind": request.kind.value,
        "state": job.state.value,
        "who": request.actor,
        "created": request.created,
        "started": job.started or None,
        "ended": job.ended or None,
        "method": request.method.name if request.method else None,
        "model": request.method.label if request.method else request.options.get("model"),
        "categories": [_category(state, key) for key in request.categories],
        "documents": len(request.documents),
        "done": job.done,
        "total": job.total,
        "waiting": job.waiting,
        "text_records": job.text_records,
        "suggestions": job.suggestions,
        "unaligned": job.unaligned,
        "failed": [
            {"location": item.location, "error": item.error, "message": item.message} for item in job.failed
        ],
        "unused": [_unused(note, item) for note in job.notes for item in note.unused],
        "usage": usage_item(job.usage),
        "cost": None if job.cost is None else round(job.cost, 6),
        "unanswered_requests": job.unanswered,
        "unanswered_usage": most_item(job.unanswered_usage),
        "unanswered_cost": None if job.unanswered_cost is None else round(job.unanswered_cost, 6),
        "seconds": job.seconds,
        "stage": job.stage,
        "waits_until": job.waits_until or None,
        "waits_for": job.waits_for,
        "late": job.late or None,
        "late_seconds": round(job.late_seconds, 1),
        "message": job.message,
        "hint": job_hint(job),
        "pid": job.pid,
    }
    result = {key: value for key, value in job.result.items() if key not in _OF_THE_END}
    return {**fields, "result": result} if result else fields


def _unused(note: DocumentNote, item: Unused) -> dict[str, Any]:
    """Something that was answered of a document and could not be used."""
    return {
        "location": note.location,
        "reason": item.reason,
        "category": item.category or None,
        "text": item.words or None,
        "times": item.times,
        "message": unused_words(item),
    }


def job_hint(job: Job) -> str:
    """How to go on with a job that ended, by commands; empty where there is nothing to say."""
    from tui_labeler.engine.deployments.batches import BatchStoppedError

    if job.state is JobState.FAILED and job.code != ALL_FAILED:
        return f"{job.hint} `job resume` goes on with job {job.id} once that is mended.".lstrip()
    if job.state is not JobState.CANCELLED or not job.code:
        return job.hint
    if job.code == BatchStoppedError.code:
        # What to do about it is part of what it says.
        return f"`job resume PROJECT {job.id}` does that."
    return f"`job resume PROJECT {job.id}` with a larger --budget or --budget-tokens pays for the rest."


def usage_item(usage: Usage) -> dict[str, int]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "estimated_tokens": usage.estimated_tokens,
        "doubtful_answers": usage.doubtful_answers,
    }


def most_item(usage: Usage) -> dict[str, int]:
    """Of requests without an answer nothing is known but what they may have used at most."""
    return {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}


def job_not_started(*, documents: int = 0, text_records: int = 0) -> dict[str, Any]:
    """Where a command that starts a job has started none; what it would have taken is given."""
    return {
        "job_id": None,
        "state": "not started",
        "documents": documents,
        "text_records": text_records,
        "suggestions": 0,
        "unaligned": 0,
        "failed": [],
        "unused": [],
        "usage": usage_item(Usage()),
        "cost": None,
        "seconds": 0.0,
    }


def shown_job(job: Job, state: State, counts: SuggestionCounts) -> dict[str, Any]:
    """One job, with what has become of its suggestions."""
    looked = {} if counts.taken_back is None else {"suggestions_taken_back": counts.taken_back}
    return {
        **job_item(job, state),
        "suggestions_to_review": counts.to_review,
        "suggestions_hidden": counts.hidden,
        **looked,
    }


LISTED = 50
"""Notes that people are shown; --json lists them all."""


def skipped_items(items: Iterable[Skipped]) -> list[dict[str, Any]]:
    """With the line of the file where that is known."""
    return [
        {"location": item.location, "reason": item.reason, **({"line": item.line} if item.line else {})}
        for item in items
    ]


def listed(word: str, items: list[dict[str, Any]]) -> list[str]:
    """Notes for people, the first of them where there are many."""
    lines = []
    for item in items[:LISTED]:
        line = f"line {item['line']}" if "line" in item else ""
        # A document that has no name is known by its line already.
        where = [item["location"]] if item["location"] == line else [line, item["location"]]
        lines.append(": ".join([word, *filter(None, where), item["reason"]]))
    if len(items) > LISTED:
        lines.append(f"and {len(items) - LISTED:,} more; --json lists them all")
    return lines


def resource_item(resource: Resource, deployments: tuple[Deployment, ...] | None = None) -> dict[str, Any]:
    """A resource, with all of its deployments or those given."""
    shown = resource.deployments if deployments is None else deployments
    return {
        "name": resource.name,
        "kind": resource.kind.value,
        "endpoint": resource.endpoint,
        "api_version": resource.api_version or None,
        "api_key_env": resource.key_env or None,
        "entra": resource.entra,
        "deployments": [deployment_item(deployment) for deployment in shown],
    }


def prices_item(prices: Prices) -> dict[str, Any]:
    """USD for a million tokens; ``as_of`` is the date of the list that they are from."""
    return {
        "input": prices.input,
        "output": prices.output,
        "cached": prices.cached,
        "as_of": prices.as_of or None,
    }


def deployment_item(deployment: Deployment) -> dict[str, Any]:
    """A deployment; its capabilities are ``None`` until it was tried."""
    able, prices = deployment.capabilities, deployment.prices
    return {
        "name": deployment.name,
        "capabilities": able
        and {
            "structured": able.structured.value,
            "logprobs": able.logprobs,
            "reasoning": able.reasoning,
            "seconds": able.seconds,
            "tested": able.tested,
            "model": able.model,
            "batch_only": able.batch_only,
            "tokens": able.tokens,
        },
        "prices": prices and prices_item(prices),
        "context": deployment.context,
        "timeout": deployment.timeout,
    }
