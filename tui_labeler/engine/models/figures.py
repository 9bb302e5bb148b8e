"""Performance as plain figures, under category names: what commands print and jobs keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_labeler.domain.calibration import Calibration
    from tui_labeler.domain.models import ModelCard
    from tui_labeler.domain.performance import Performance
    from tui_labeler.engine.ports import State

Item = TypeVar("Item")


def performance_figures(performance: Performance, names: dict[str, str]) -> dict[str, Any]:
    """``precision``, ``recall``, ``f1`` for the model and ``per_category``, rounded to four places.

    Categories stand in the order of ``names``.
    Those of the model are ``None`` where nothing was measured. ``calibration`` is that of
    :func:`calibration_figures`.
    """
    return {
        "precision": _rounded(performance.precision),
        "recall": _rounded(performance.recall),
        "f1": _rounded(performance.f1),
        "macro_f1": _rounded(performance.macro_f1),
        "per_category": {
            names.get(key, key): {
                "precision": round(counts.precision, 4),
                "recall": round(counts.recall, 4),
                "f1": round(counts.f1, 4),
                "support": counts.support,
                "true_positives": counts.true_positives,
                "false_positives": counts.false_positives,
                "false_negatives": counts.false_negatives,
            }
            for key, counts in _in_order(performance.per_category, names)
        },
        "calibration": calibration_figures(performance.calibration),
    }


def calibration_figures(calibration: Calibration | None) -> dict[str, Any] | None:
    """Confidence against correctness, rounded to four places; ``None`` where it was not measured.

    ``right`` is the share of the predictions that were.
    """
    if calibration is None:
        return None
    return {
        "expected_calibration_error": round(calibration.error, 4),
        "predictions": calibration.predictions,
        "confidence": round(calibration.confidence, 4),
        "right": round(calibration.share_right, 4),
        "bins": [
            {
                "lowest": round(one.lowest, 4),
                "highest": round(one.highest, 4),
                "confidence": round(one.confidence, 4),
                "predictions": one.predictions,
                "right": round(one.share_right, 4),
            }
            for one in calibration.bins
        ],
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _in_order(found: Mapping[str, Item], names: dict[str, str]) -> list[tuple[str, Item]]:
    """Items by category id, as ``names`` has them; what it does not name stands last."""
    places = {key: place for place, key in enumerate(names)}
    return sorted(found.items(), key=lambda item: (places.get(item[0], len(places)), item[0]))


def names_of(state: State, older: dict[str, str] | None = None) -> dict[str, str]:
    """Names by category id, in the project's order; categories that are gone come last, from ``older``."""
    names = {key: category.name for key, category in state.categories.items()}
    return names | {key: name for key, name in (older or {}).items() if key not in names}


def figures(card: ModelCard, state: State) -> dict[str, Any]:
    """A model's figures."""
    names = names_of(state, dict(card.categories))
    return {
        "model": card.name,
        **performance_figures(card.performance, names),
        "confusion": {
            names.get(row, row): {names.get(key, key): count for key, count in _in_order(line, names)}
            for row, line in _in_order(card.performance.confusion, names)
        },
        "train_documents": len(card.train_documents),
        "test_documents": len(card.test_documents),
        "guidance": [
            {"category": names.get(item.category, item.category), "advice": item.words(names)}
            for item in card.guidance
        ],
        "warnings": list(card.warnings),
        "deleted_suggestions": card.deleted_suggestions,
        "seconds": card.seconds,
        "created": card.created,
        "seed": card.options.seed,
        "split": card.options.split.value,
        "features": list(card.features),
        "version": card.version,
        "labels_version": card.labels_version,
    }
