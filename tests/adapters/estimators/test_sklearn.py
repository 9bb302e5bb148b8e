"""The estimators keep scikit-learn's promises.

``check_estimator`` feeds matrices of numbers: it applies to the parts that take them. The estimators of texts
are held to the promises that do not depend on the input: cloning, parameters, learned attributes.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

from tui_labeler.engine.adapters.estimators import EntityRecognizer, TextClassifier, heads
from tui_labeler.engine.adapters.estimators.heads import MultiLabelLogistic, TemperatureScaledLogistic


@pytest.mark.filterwarnings("ignore")
def test_the_head_of_classes_passes_every_check_of_scikit_learn() -> None:
    results = check_estimator(TemperatureScaledLogistic(), on_skip=None)
    assert len(results) > 30
    assert not [result["check_name"] for result in results if result["status"] == "failed"]


@pytest.mark.parametrize(
    "estimator", [EntityRecognizer(), TextClassifier(), TextClassifier(multi_label=True)]
)
class TestTextEstimators:
    def test_a_clone_has_the_same_parameters_and_has_learned_nothing(self, estimator: BaseEstimator) -> None:
        copy = clone(estimator)
        assert copy.get_params() == estimator.get_params()
        assert not [name for name in vars(copy) if name.endswith("_")]

    def test_parameters_are_stored_as_they_are_given(self, estimator: BaseEstimator) -> None:
        copy = clone(estimator).set_params(seed=7)
        assert copy.get_params()["seed"] == 7
        assert set(vars(copy)) == set(copy.get_params())

    def test_predicting_before_learning_is_refused(self, estimator: BaseEstimator) -> None:
        with pytest.raises(NotFittedError):
            clone(estimator).predict(["a text"])


def test_fit_returns_the_estimator_itself() -> None:
    recognizer = EntityRecognizer(folds=0, iterations=5)
    assert recognizer.fit(["Ada lives"], [[("person", 0, 3)]]) is recognizer
    classifier = TextClassifier(folds=0)
    assert classifier.fit(["one", "two"], ["a", "b"]) is classifier
    assert set(classifier.predict(["one", "two"])) <= {"a", "b"}


def test_texts_and_labels_of_different_number_are_refused() -> None:
    with pytest.raises(ValueError, match="2 texts"):
        EntityRecognizer().fit(["a", "b"], [[("x", 0, 1)]])
    with pytest.raises(ValueError, match="2 texts"):
        TextClassifier().fit(["a", "b"], ["x"])


def test_rows_in_few_dimensions_lead_to_the_same_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    rows = np.where(random.random((60, 400)) < 0.1, random.random((60, 400)), 0.0)
    targets = random.integers(0, 3, 60)
    logits = []
    for limit in (heads.COMPACT, 0):
        monkeypatch.setattr(heads, "COMPACT", limit)
        for head in (TemperatureScaledLogistic(seed=1), MultiLabelLogistic(seed=1)):
            multi = isinstance(head, MultiLabelLogistic)
            fitted = head.fit(rows, np.eye(3, dtype=bool)[targets] if multi else targets)
            logits.append(rows @ fitted.coef_.T + fitted.intercept_)
    assert np.abs(logits[0] - logits[2]).max() < 0.05
    assert np.abs(logits[1] - logits[3]).max() < 0.05


def test_rows_without_any_feature_are_learned_from_as_they_are() -> None:
    head = TemperatureScaledLogistic(seed=1).fit(np.zeros((6, 40)), np.array([0, 1, 0, 1, 0, 0]))
    assert head.predict_proba(np.zeros((1, 40))).argmax() == 0
