"""Models that a project trains on its own labels: entities, one class a document, or several.

Everything heavy (numpy, scipy, scikit-learn) is imported here and nowhere else, in a runner's process.
"""

from tui_labeler.engine.adapters.estimators.classes import ScoredClass, TextClassifier
from tui_labeler.engine.adapters.estimators.entities import EntityRecognizer, ScoredSpan
from tui_labeler.engine.adapters.estimators.models import SklearnEstimators

__all__ = ["EntityRecognizer", "ScoredClass", "ScoredSpan", "SklearnEstimators", "TextClassifier"]
