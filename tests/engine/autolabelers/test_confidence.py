# ruff: noqa: E501 - tokens stand as they come
from __future__ import annotations

import itertools
import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_labeler.domain.calibration import calibration
from tui_labeler.domain.jobs import Usage
from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.engine.autolabelers.confidence import (
    FEWEST,
    AnswerTokens,
    ConfidenceMap,
    agreement,
    confidence_map,
)
from tui_labeler.engine.autolabelers.prompts.names import Names
from tui_labeler.engine.autolabelers.prompts.parsing import parse
from tui_labeler.engine.deployments.chat import Finish, Reply, Token

NAMES = Names([Category("o", "Org"), Category("p", "Person")])


def reply(pieces: list[tuple[str, float]], text: str | None = None) -> Reply:
    """An answer of tokens, each with its probability."""
    tokens = tuple(Token(piece, math.log(share)) for piece, share in pieces)
    return Reply("".join(p for p, _ in pieces) if text is None else text, Finish.STOP, Usage(), tokens=tokens)


def confidences(answer: Reply, kind: ProjectKind = ProjectKind.ENTITIES) -> list[float | None]:
    tokens = AnswerTokens(answer)
    return [tokens.confidence(item) for item in parse(answer.text, Finish.STOP, NAMES, kind).items]


PIECES = [
    ('{"entities": [{"text": "', 0.1), ("Acme", 0.9), (" Corp", 0.4), ('", "category": "', 0.2), ("Org", 0.8),
    ('", "before": ""}, {"text": "', 0.3), ("Ann", 0.5), ('", "category": "', 0.1), ("Per", 0.6), ("son", 0.5),
    ('", "before": ""}]}', 0.1),
]  # fmt: skip


def test_confidence_is_of_the_tokens_of_category_and_words() -> None:
    # Worked by hand: sqrt(0.9 x 0.4) x 0.8 and 0.5 x (0.6 x 0.5).
    assert confidences(reply(PIECES)) == pytest.approx([0.6 * 0.8, 0.5 * 0.3])


def test_a_class_is_as_sure_as_its_tokens_together() -> None:
    answer = reply([('{"class": "', 0.1), ("Per", 0.5), ("son", 0.9), ('"}', 0.1)])
    assert confidences(answer, ProjectKind.SINGLE_LABEL) == pytest.approx([0.45])


def test_a_token_over_the_edge_of_the_words_counts() -> None:
    answer = reply([('{"class":', 0.9), (' "Org', 0.5), ('"}', 0.25)])
    assert confidences(answer, ProjectKind.SINGLE_LABEL) == pytest.approx([0.5])


def test_without_tokens_there_is_nothing_to_say() -> None:
    text = "".join(piece for piece, _ in PIECES)
    assert confidences(Reply(text, Finish.STOP, Usage())) == [None, None]


@pytest.mark.parametrize("text", ["another answer", "Org: Acme\nPerson: Ann"])
def test_tokens_of_another_text_say_nothing(text: str) -> None:
    assert set(confidences(reply(PIECES, text))) <= {None}


def test_half_characters_leave_the_rest_in_place() -> None:
    text = '{"entities": [{"text": "😀 Bob", "category": "Org", "before": ""}]}'
    start, end = text.index("😀"), text.index("Org")
    answer = reply(
        [
            (text[:start], 0.1),
            ("\\xf0\\x9f", 0.5),
            ("�", 0.5),
            (" Bob", 0.5),
            (text[start + 5 : end], 0.1),
            ("Org", 0.8),
            (text[end + 3 :], 0.1),
        ],
        text,
    )
    assert confidences(answer) == pytest.approx([0.5 * 0.8])


def test_an_impossible_token_is_no_confidence() -> None:
    answer = Reply(
        '{"class": "Org"}',
        Finish.STOP,
        Usage(),
        tokens=(Token('{"class": "', -0.1), Token('Org"}', -math.inf)),
    )
    assert confidences(answer, ProjectKind.SINGLE_LABEL) == [None]


@given(st.lists(st.text('Acme é😀\\"\n', min_size=1, max_size=6), min_size=1, max_size=5), st.integers(1, 9))
def test_any_cut_into_tokens_gives_a_probability(found: list[str], size: int) -> None:
    items = [{"text": words, "category": "Org", "before": ""} for words in found]
    text = json.dumps({"entities": items}, ensure_ascii=False)
    answer = reply([(text[at : at + size], 0.5) for at in range(0, len(text), size)])
    for confidence in confidences(answer):
        assert confidence is not None
        assert 0 < confidence <= 0.25 + 1e-9


@given(st.text(max_size=30), st.lists(st.tuples(st.text(max_size=4), st.floats(-9, 1)), max_size=20))
def test_no_tokens_break_it(text: str, found: list[tuple[str, float]]) -> None:
    answer = Reply(text, Finish.STOP, Usage(), tokens=tuple(Token(*one) for one in found))
    for kind in ProjectKind:
        for confidence in confidences(answer, kind):
            assert confidence is None or 0 <= confidence <= 1


# --- agreement --------------------------------------------------------------------------------------


def test_what_both_samples_name_is_surer_than_what_one_does() -> None:
    assert agreement([["a", "b", "b"], ["b", "c"]]) == {"a": 0.5, "b": 2.5 / 3, "c": 0.5}


def test_one_sample_agrees_with_nobody() -> None:
    assert agreement([["a"]]) == {}
    assert agreement([[], []]) == {}


# --- calibration ------------------------------------------------------------------------------------


def test_with_few_examples_a_confidence_stays_as_it_is() -> None:
    learned = confidence_map([(0.9, False)] * (FEWEST - 1))
    assert learned == ConfidenceMap()
    assert learned(0.3) == 0.3


def test_too_sure_a_model_is_set_right() -> None:
    chance = random.Random(5)

    def drawn(number: int) -> list[tuple[float, bool]]:
        # It says c and is right in c squared of the cases.
        raw = [chance.random() for _ in range(number)]
        return [(c, chance.random() < c * c) for c in raw]

    learned = confidence_map(drawn(400))
    unseen = drawn(4000)
    before = calibration(unseen)
    after = calibration((learned(confidence), right) for confidence, right in unseen)
    assert before is not None
    assert after is not None
    assert before.error > 0.12
    assert after.error < 0.05


def test_always_right_is_not_promised_to_stay_so() -> None:
    assert 0.97 < confidence_map([(0.99, True)] * 100)(0.99) < 1


outcomes = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=FEWEST, max_size=300)


@given(outcomes, st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_map_never_falls_and_stays_within_bounds(
    found: list[tuple[float, bool]], asked: list[float]
) -> None:
    learned = confidence_map(found)
    assert learned == confidence_map(reversed(found))
    assert 1 <= len(learned.points) <= len(found)
    told = [learned(confidence) for confidence in sorted(asked)]
    assert all(low <= high + 1e-12 for low, high in itertools.pairwise(told))
    assert all(0 < share < 1 for share in told)
