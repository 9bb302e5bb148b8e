"""Models of classes that go by sentence embeddings, and what is said where the extra is missing."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.adapters.estimators import made
from tui_labeler.domain.models import EMBEDDINGS, WORDS, Features
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.adapters.estimators import SklearnEstimators, TextClassifier, sentences
from tui_labeler.engine.errors import InputError
from tui_labeler.engine.ports import FittedModel, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SINGLE, MULTI = ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL

needs_extra = pytest.mark.skipif(
    not sentences.installed(), reason="no sentence embeddings here: pip install 'tui-labeler[embeddings]'"
)

SAID = {
    "animals": (
        "The dog sleeps.",
        "A cat drinks milk.",
        "Two horses run.",
        "My parrot talks.",
        "Cows eat grass.",
    ),
    "money": (
        "Pay the bill.",
        "My salary rose.",
        "The bank lent cash.",
        "Taxes are due.",
        "He owes ten euros.",
    ),
}
ASKED = {"animals": "There were sheep and goats on the meadow", "money": "a mortgage with low interest"}
"""Not a word of them was in what was learned from."""


async def trained(kind: ProjectKind, samples: list[Sample], features: Features) -> FittedModel:
    return await SklearnEstimators().train(
        kind, samples, (), seed=0, features=features, progress=lambda words, share: None
    )


def files_of(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def by_meaning() -> list[Sample]:
    return [Sample(text, ((name, None),)) for name, texts in SAID.items() for text in texts]


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sentences, "PACKAGES", ("onnxruntime_that_nobody_has",))
    sentences.encoder.cache_clear()
    yield
    sentences.encoder.cache_clear()


@needs_extra
async def test_texts_are_told_apart_by_what_they_mean_where_they_share_no_word() -> None:
    model = await trained(SINGLE, by_meaning(), Features.EMBEDDINGS)
    assert EMBEDDINGS in model.features
    said = await model.predict(list(ASKED.values()))
    assert [row[0].category for row in said] == list(ASKED)


@needs_extra
@pytest.mark.parametrize(("kind", "several"), [(SINGLE, False), (MULTI, True)])
async def test_such_a_model_is_arrays_and_json_and_says_the_same_when_it_is_loaded(
    tmp_path: Path, kind: ProjectKind, several: bool
) -> None:
    samples = made.classes(18, several=several)
    model = await trained(kind, samples, Features.EMBEDDINGS)
    model.save(str(tmp_path))
    assert {path.suffix for path in files_of(tmp_path)} == {".json", ".npy"}
    loaded = await SklearnEstimators().load(str(tmp_path))
    texts = [sample.text for sample in samples]
    assert (loaded.version, loaded.features) == (model.version, model.features)
    for one, other in zip(await model.predict(texts), await loaded.predict(texts), strict=True):
        assert [p.category for p in one] == [p.category for p in other]
        assert [p.confidence for p in one] == pytest.approx([p.confidence for p in other], abs=1e-4)


@needs_extra
def test_a_text_has_the_same_vector_alone_and_among_others_by_one_core_and_by_two() -> None:
    encoder = sentences.encoder()
    texts = ["a refund, please", "", "a refund, please", "x " * 300, "日本語のテキスト", "\x1b[31m\0 \u202e"]
    vectors = encoder.encode(texts, 2)
    assert vectors.shape == (6, sentences.DIMENSIONS)
    assert all((vectors[at] == encoder.encode([text], 1)[0]).all() for at, text in enumerate(texts))
    lengths = np.linalg.norm(vectors, axis=1)
    assert lengths == pytest.approx([1, 0, 1, 1, 1, lengths[5]], abs=1e-5)


@needs_extra
def test_a_long_text_is_read_from_its_beginning_to_its_end_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sentences, "CHUNK", 16)
    monkeypatch.setattr(sentences, "MOST_CHUNKS", 5)
    encoder = sentences.encoder()
    read: list[int] = []
    session = encoder._session

    class Counted:
        def run(self, names: None, inputs: dict[str, Any]) -> Any:
            read.append(inputs["input_ids"].shape[1])
            return session.run(names, inputs)

    monkeypatch.setattr(encoder, "_session", Counted())
    animals, money = (" ".join(SAID[name]) for name in SAID)
    both, first, second = encoder.encode([f"{animals * 20} {money * 20}", animals, money], 1)
    assert (first @ second, max(read)) < (0.3, 19)
    assert min(both @ first, both @ second) > 0.5
    assert len(read) == 5 + 2 * 2


@needs_extra
def test_progress_is_told_text_by_text() -> None:
    told: list[tuple[str, float]] = []
    texts = [text for name in SAID for text in SAID[name]]
    names = [name for name in SAID for _ in SAID[name]]
    TextClassifier(embeddings=True).fit(
        texts, names, progress=lambda words, share: told.append((words, share))
    )
    shares = [share for _, share in told]
    assert all(later > earlier - 1e-9 for earlier, later in pairwise(shares))
    assert shares[-1] == 1.0
    assert sum(words == "Embedding the texts" for words, _ in told) == len(texts)


@needs_extra
async def test_words_alone_are_words_alone_even_where_the_extra_is_there() -> None:
    model = await trained(SINGLE, made.classes(30), Features.WORDS)
    assert model.features == (WORDS,)


async def test_what_needs_the_extra_says_how_to_install_it_where_it_is_missing(without_extra: None) -> None:
    with pytest.raises(InputError) as error:
        await trained(SINGLE, made.classes(30), Features.EMBEDDINGS)
    assert "pip install 'tui-labeler[embeddings]'" in error.value.hint
    assert (await trained(SINGLE, made.classes(30), Features.AUTO)).features == (WORDS,)


@needs_extra
async def test_a_model_that_needs_the_extra_is_refused_where_it_is_missing(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    (await trained(SINGLE, by_meaning(), Features.EMBEDDINGS)).save(str(tmp_path))
    request.getfixturevalue("without_extra")
    with pytest.raises(InputError) as error:
        await SklearnEstimators().load(str(tmp_path))
    assert "pip install 'tui-labeler[embeddings]'" in error.value.hint


@needs_extra
async def test_a_model_with_another_network_is_refused(tmp_path: Path) -> None:
    (await trained(SINGLE, by_meaning(), Features.EMBEDDINGS)).save(str(tmp_path))
    header = json.loads((tmp_path / "model.json").read_text())
    header["embedding"] = "another"
    (tmp_path / "model.json").write_text(json.dumps(header))
    with pytest.raises(InputError, match="embeds texts in a way that is not known"):
        await SklearnEstimators().load(str(tmp_path))


@needs_extra
def test_another_network_in_the_package_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "SHA256", "0" * 64)
    sentences.encoder.cache_clear()
    with pytest.raises(InputError, match="another network"):
        sentences.encoder()
    sentences.encoder.cache_clear()
