"""Token counts: near the truth without a vocabulary, exact with one, and better with every answer."""

from __future__ import annotations

import string
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.realdata import real
from tui_labeler.engine.adapters.vocabulary import exact_counter, vocabulary_of
from tui_labeler.engine.autolabelers.chunking import chunks
from tui_labeler.engine.deployments.chat import Message, Question, Role
from tui_labeler.engine.deployments.tokens import (
    Correction,
    TokenCounter,
    estimate,
    estimating,
    prompt_tokens,
    question_tokens,
)

WRITTEN = {
    "english": (
        "en",
        "The lender agrees to pay the borrower the sum of $12,500.00 on 3 March 2024, and the borrower "
        "agrees to give it back in twelve equal parts, together with interest of 4.5% a year. If a part is "
        "late by more than thirty days, the whole of what is left is due at once.",
        71,
    ),
    "german": (
        "de",
        "Der Vertrag beginnt am ersten Januar und endet nach zwei Jahren, ohne dass es einer Kündigung "
        "bedarf. Änderungen und Ergänzungen bedürfen der Schriftform; das gilt auch für diese Klausel.",
        40,
    ),
    "russian": (
        "ru",
        "Договор вступает в силу первого января и действует два года. Изменения и дополнения к нему "
        "имеют силу, если они сделаны в письменной форме и подписаны обеими сторонами.",
        40,
    ),
    "chinese": (
        "zh",
        "本合同自一月一日起生效，有效期为两年。任何修改和补充均须采用书面形式，并由双方签字。",
        33,
    ),
    "japanese": ("ja", "この契約は一月一日に始まり、二年後に終わります。変更は書面で行うものとします。", 30),
    "arabic": ("ar", "يبدأ العقد في الأول من يناير وينتهي بعد عامين، ويجب أن تكون التعديلات مكتوبة.", 23),
    "thai": ("th", "สัญญานี้เริ่มในวันที่หนึ่งมกราคมและสิ้นสุดหลังจากสองปี การแก้ไขต้องทำเป็นลายลักษณ์อักษร", 35),
    "json": ("", '{"category": "LoanAmount", "text": "$12,500.00", "before": "sum of", "after": "on"}', 30),
    "code": ("", "def total(rows):\n    return sum(row.cost for row in rows if row.cost is not None)\n", 20),
}
"""Language, text, and its tokens in ``o200k_base``."""


@pytest.mark.parametrize("name", WRITTEN)
def test_the_estimate_of_a_short_text_is_near_its_tokens(name: str) -> None:
    language, text, tokens = WRITTEN[name]
    assert estimate(text, language) == pytest.approx(tokens, rel=0.25)
    assert estimating(language).at_most(text) >= tokens


def exact() -> TokenCounter:
    counter = exact_counter("gpt-4o-2024-08-06")
    if counter is None:
        pytest.skip("the extra `tokens` is not installed, so that there is nothing to compare with")
    return counter


@pytest.mark.parametrize("name", WRITTEN)
def test_with_a_vocabulary_the_count_is_exact(name: str) -> None:
    _, text, tokens = WRITTEN[name]
    assert exact().count(text) == tokens
    assert exact().at_most(text) == tokens


@pytest.mark.parametrize(
    ("path", "tolerance"),
    [
        ("azure-language/custom-ner-loan-agreements", 0.06),
        ("azure-language/multi-label-movies", 0.06),
        ("azure-language/single-label-webofscience", 0.06),
        ("banking77/test.csv", 0.12),
        ("goemotions/test.tsv", 0.10),
        ("unicode/masakhaner2-yor/test.txt", 0.10),
        ("unicode/weibo-chinese/README-src.md", 0.15),
    ],
)
def test_on_real_texts_the_estimate_is_within_its_stated_error(path: str, tolerance: float) -> None:
    place = real(*path.split("/"))
    files = sorted(place.rglob("*.txt")) if place.is_dir() else [place]
    text = "\n".join(file.read_text(encoding="utf-8-sig", errors="replace") for file in files)[:300_000]
    assert estimate(text) == pytest.approx(exact().count(text), rel=tolerance)


def test_chinese_posts_and_yoruba_sentences_are_within_a_tenth() -> None:
    posts = real("unicode", "weibo-chinese", "weiboNER_2nd_conll.test").read_text(encoding="utf-8")
    characters = "".join(line[0] if line.strip() else "\n" for line in posts.splitlines())
    assert estimate(characters) == pytest.approx(exact().count(characters), rel=0.1)
    rows = real("unicode", "masakhaner2-yor", "test.txt").read_text(encoding="utf-8").splitlines()
    sentences = " ".join(row.split()[0] if row.strip() else "\n" for row in rows)
    assert estimate(sentences) == pytest.approx(exact().count(sentences), rel=0.1)


def test_nothing_has_no_tokens_and_anything_has_some() -> None:
    assert estimate("") == 0
    assert estimating().at_most("") == 0
    assert all(estimate(character) >= 1 for character in string.printable + "é田к😀\u0301\u200b\ue000")


@given(st.text(max_size=200))
def test_any_text_has_between_one_token_for_many_characters_and_one_for_each_byte(text: str) -> None:
    tokens = estimate(text)
    assert 0 <= tokens <= 3 * len(text.encode("utf-8", "surrogatepass")) + 1
    assert bool(tokens) == bool(text)


@given(st.text(alphabet=string.ascii_lowercase + " \n,.019é田к", max_size=60))
def test_a_longer_text_has_hardly_ever_fewer_tokens(text: str) -> None:
    counts = [estimate(text[:end]) for end in range(len(text) + 1)]
    assert all(after >= before - 1 for before, after in pairwise(counts))


@pytest.mark.parametrize(
    "unit", ["a", " ", "\n", " \n", "田", "😀", "Ab", ".", "1", "\u0301", "a b", "\t ", "A"]
)
def test_no_text_makes_the_count_slow(unit: str) -> None:
    text = unit * (128_000 // len(unit))
    began = time.process_time()
    assert estimate(text) > 0
    assert time.process_time() - began < 1.0


def test_a_document_is_cut_into_chunks_that_fit() -> None:
    counter = exact()
    place = real("azure-language", "multi-label-movies")
    text = "\n\n".join(file.read_text(encoding="utf-8") for file in sorted(place.rglob("*.txt"))[:60])
    made = chunks(text, 500, estimating().at_most, overlap=40)
    sizes = [counter.count(chunk.text) for chunk in made]
    assert len(made) > 10
    assert max(sizes) <= 500


@pytest.mark.parametrize(
    ("model", "vocabulary"),
    [
        ("gpt-4o-mini-2024-07-18", "o200k_base"),
        ("gpt-5.4-nano", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("gpt-35-turbo", "cl100k_base"),
        ("gpt-oss-20b", "o200k_harmony"),
        ("gpt-4.1", "o200k_base"),
        ("local", None),
        ("gpt-6-sol", None),
        ("gpt-40", None),
        ("", None),
    ],
)
def test_a_vocabulary_is_used_only_for_the_models_that_have_it(model: str, vocabulary: str | None) -> None:
    assert vocabulary_of(model) == vocabulary
    if vocabulary is None:
        assert exact_counter(model) is None


def test_a_prompt_is_counted_with_its_messages_and_its_schema() -> None:
    messages = (Message(Role.SYSTEM, "one two"), Message(Role.USER, "three"))
    plain = prompt_tokens(Question(messages, 100), lambda text: len(text.split()))
    assert plain == 3 + 2 * 4 + 3
    schema = {"type": "object", "properties": {"class": {"enum": ["田"]}}}
    with_schema = prompt_tokens(Question(messages, 100, schema), lambda text: text.count("田"))
    assert with_schema == 3 + 2 * 4 + 1


def test_answers_correct_the_estimates_of_the_same_job() -> None:
    correction = Correction()
    assert correction.corrected(1000) == 1000
    for _ in range(20):
        correction.learn(1000, 1500)
    assert correction.ratio == pytest.approx(1.5, abs=0.02)
    assert correction.corrected(1000) == pytest.approx(1500, abs=20)


def test_a_server_that_counts_nothing_or_nonsense_spoils_no_estimate() -> None:
    correction = Correction()
    correction.learn(1000, 0)
    correction.learn(0, 1000)
    correction.learn(1000, -5)
    assert correction.ratio == 1.0
    correction.learn(10, 10**9)
    assert correction.ratio == 4.0
    assert Correction().corrected(0) == 0


def test_one_short_answer_moves_the_estimate_a_little() -> None:
    correction = Correction()
    correction.learn(10, 30)
    assert 1.0 < correction.ratio < 1.1


def test_a_text_that_was_counted_is_not_counted_again_in_its_question() -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return estimate(text)

    _, text, *_ = WRITTEN["english"]
    about = Message(Role.USER, f"=====\n{text}\n=====")
    question = Question((Message(Role.SYSTEM, "Find names."), about), max_tokens=100)
    counter = TokenCounter(count, is_estimate=True, name="estimate")
    whole = question_tokens(question, counter)
    counted.clear()
    parted = question_tokens(question, counter, text)
    assert abs(parted - whole) <= 2
    assert counted == [text, "=====\n\n====="]
    exact = TokenCounter(count, is_estimate=False, name="exact")
    assert question_tokens(question, exact, text) == question_tokens(question, exact)
