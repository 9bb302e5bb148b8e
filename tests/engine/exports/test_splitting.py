"""Parts for training elsewhere: their shares, their categories, and no text in two of them."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import TEXT, Bench, key, number, span
from tests.engine.paper import Paper, paper
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError, InputError
from tui_labeler.engine.exports import split_export
from tui_labeler.engine.exports.splitting import Group, Part, Shares, shares, stratified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_labeler.engine.session import ProjectSession

__all__ = ["paper"]


@pytest.mark.parametrize(
    "text", ["", "80", "80/10", "80/10/20", "0/50/50", "a/b/c", "80/10/5/5", "-10/110", "sätze"]
)
def test_what_is_no_split_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no split"):
        shares(text)


def test_shares_are_named_by_their_number() -> None:
    assert shares("80/10/10").percent == {Part.TRAIN: 80, Part.DEV: 10, Part.TEST: 10}
    assert shares("75/25").percent == {Part.TRAIN: 75, Part.TEST: 25}
    assert shares("sets").keeps_sets
    assert shares("70/20/10").words == "70/20/10"


def groups_of(categories: list[str]) -> list[Group]:
    return [Group([at], Counter(names.split())) for at, names in enumerate(categories)]


def test_each_part_gets_its_share_of_documents_and_of_every_category() -> None:
    categories = ["common"] * 80 + ["common rare"] * 10 + ["other"] * 10
    parts = stratified(groups_of(categories), shares("80/10/10", seed=3))
    by_part = {part: [categories[at] for at, mine in parts.items() if mine is part] for part in Part}
    assert {part: len(items) for part, items in by_part.items()} == {
        Part.TRAIN: 80,
        Part.DEV: 10,
        Part.TEST: 10,
    }
    for name, expected in (("rare", 1), ("other", 1)):
        for part in (Part.DEV, Part.TEST):
            assert sum(name in item.split() for item in by_part[part]) == expected


@pytest.mark.parametrize(
    ("classes", "each", "split", "sizes"),
    [
        (30, 3, "80/10/10", [72, 9, 9]),
        (30, 3, "80/20", [72, 18]),
        (20, 2, "80/20", [32, 8]),
        (77, 2, "80/10/10", [123, 15, 16]),
    ],
)
def test_parts_keep_their_sizes_where_each_category_has_few_documents(
    classes: int, each: int, split: str, sizes: list[int]
) -> None:
    groups = [Group([number], Counter([f"c{number % classes}"])) for number in range(classes * each)]
    found = stratified(groups, shares(split))
    counts = Counter(found.values())
    assert all(abs(counts[part] - size) <= 1 for part, size in zip(shares(split).percent, sizes, strict=True))
    assert {number % classes for number, part in found.items() if part is Part.TRAIN} == set(range(classes))


@pytest.mark.parametrize("split", ["80/10/10", "50/25/25", "80/20"])
@pytest.mark.parametrize(
    "categories",
    [
        ["A C", "A B"],
        ["Ri S"] * 4 + ["S T0", "S T1"] + ["U"] * 14,
    ],
)
def test_the_last_document_of_a_category_is_learned_from(categories: list[str], split: str) -> None:
    for seed in range(5):
        found = stratified(groups_of(categories), shares(split, seed))
        learned = {
            name for at, part in found.items() if part is Part.TRAIN for name in categories[at].split()
        }
        assert learned == {name for names in categories for name in names.split()}


def test_groups_of_several_documents_go_by_their_size() -> None:
    groups = [Group([at, at + 100], Counter({f"c{at % 20}": 2})) for at in range(40)]
    counts = Counter(stratified(groups, shares("80/20")).values())
    assert counts == {Part.TRAIN: 64, Part.TEST: 16}


def test_the_same_seed_draws_the_same_parts_and_another_one_others() -> None:
    groups = groups_of(["a", "b", "a b"] * 30)
    first = stratified(groups, shares("80/10/10", seed=1))
    assert stratified(groups, shares("80/10/10", seed=1)) == first
    assert stratified(groups, shares("80/10/10", seed=2)) != first


def test_a_category_of_one_document_is_learned_from() -> None:
    parts = stratified(groups_of(["a"] * 9 + ["once"]), shares("80/10/10"))
    assert parts[9] is Part.TRAIN


@given(
    st.lists(st.lists(st.sampled_from("abcd"), max_size=3, unique=True), max_size=40),
    st.integers(0, 5),
)
def test_every_document_is_in_one_part_and_groups_stay_together(found: list[list[str]], seed: int) -> None:
    groups = [Group([at, at + 1000], Counter(dict.fromkeys(names, 2))) for at, names in enumerate(found)]
    parts = stratified(groups, shares("60/20/20", seed))
    assert set(parts) == {at for group in groups for at in group.documents}
    assert all(parts[group.documents[0]] is parts[group.documents[1]] for group in groups)


# --- of a project -----------------------------------------------------------------------------------


async def labeled(bench: Bench, texts: dict[str, str]) -> ProjectSession:
    """A project whose every document has its first Ann or Bob labeled."""
    session = await bench.create(texts, immediate=True)
    for name, text in texts.items():
        word = "Ann" if "Ann" in text else "Bob"
        category = key(session, "Person" if word == "Ann" else "Place")
        await session.documents.open(number(session, name))
        await session.labeling.add(number(session, name), category, span(word, text))
    return session


def texts(count: int) -> dict[str, str]:
    return {f"d{at:03}.txt": f"{at}: {'Ann' if at % 2 else 'Bob'} was here.\n" for at in range(count)}


async def test_a_split_is_a_file_a_part_and_a_card(bench: Bench, paper: Paper) -> None:
    session = await labeled(bench, texts(20))
    found = await session.label_files.write_split("paper", shares("80/10/10", 7), session.agreeing)
    assert sorted(found.files) == ["data-card.json", "data-card.md", "dev.paper", "test.paper", "train.paper"]
    names = {
        part: {line.split()[0] for line in found.files[f"{part}.paper"].decode().splitlines()}
        for part in ("train", "dev", "test")
    }
    assert {part: len(items) for part, items in names.items()} == {"train": 16, "dev": 2, "test": 2}
    assert set.union(*names.values()) == set(texts(20))
    card = json.loads(found.files["data-card.json"])
    assert (card["documents"], card["labels"], card["seed"], card["split"]) == (20, 20, 7, "80/10/10")
    assert card["parts"]["train"]["categories"] == {
        "Person": {"labels": 8, "documents": 8},
        "Place": {"labels": 8, "documents": 8},
    }
    assert card["agreement"] is None
    assert len(card["labels_version"]) == 16
    again = await session.label_files.write_split("paper", shares("80/10/10", 7), session.agreeing)
    assert [again.files[f"{part}.paper"] for part in names] == [
        found.files[f"{part}.paper"] for part in names
    ]
    markdown = found.files["data-card.md"].decode()
    assert "| train | 16 | 16 |" in markdown
    assert "| Person | 8 in 8 | 1 in 1 | 1 in 1 |" in markdown


async def test_the_documents_of_a_part_say_which_set_they_are_in(bench: Bench, paper: Paper) -> None:
    session = await labeled(bench, texts(10))
    await session.label_files.write_split("paper", shares("80/20"), session.agreeing)
    by_set = [{document.dataset for document in file.documents} for file in paper.written]
    assert by_set == [{Dataset.TRAIN}, {Dataset.TEST}]


async def test_parts_do_not_depend_on_the_ids_that_a_project_gave(
    bench: Bench, paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def spy(groups: Sequence[Group], wanted: Shares) -> dict[int, Part]:
        seen.extend(name for group in groups for name in group.categories)
        return stratified(groups, wanted)

    monkeypatch.setattr(split_export, "stratified", spy)
    session = await labeled(bench, texts(4))
    await session.label_files.write_split("paper", shares("50/50"), session.agreeing)
    assert set(seen) == {"Person", "Place"}


async def test_a_part_that_gets_no_document_is_told(bench: Bench, paper: Paper) -> None:
    session = await labeled(bench, texts(2))
    found = await session.label_files.write_split("paper", shares("80/10/10"), session.agreeing)
    assert sorted(found.files) == ["data-card.json", "data-card.md", "train.paper"]
    assert [note.reason.partition(":")[0] for note in found.notes] == [
        "dev has no document",
        "test has no document",
    ]
    assert "test has no document" in found.files["data-card.md"].decode()


async def test_documents_with_the_same_text_are_never_in_two_parts(bench: Bench, paper: Paper) -> None:
    given = {
        f"d{at}{twin}.txt": f"{at}: Ann was here.{end}"
        for at in range(6)
        for twin, end in (("a", "\n"), ("b", "  \r\n"))
    }
    session = await labeled(bench, given)
    for seed in range(5):
        paper.written.clear()
        found = await session.label_files.write_split("paper", shares("50/25/25", seed), session.agreeing)
        parts = [{document.location[:2] for document in file.documents} for file in paper.written]
        assert sum(len(part) for part in parts) == len(set.union(*parts)) == 6
        assert found.card.duplicates == 6


async def test_sets_can_be_kept_and_a_text_of_the_testing_set_is_not_learned_from(
    bench: Bench, paper: Paper
) -> None:
    session = await labeled(bench, {"a.txt": TEXT, "b.txt": "Bob.\n", "c.txt": TEXT + "\n"})
    await session.documents.set([number(session, "c.txt")], dataset=Dataset.TEST)
    found = await session.label_files.write_split("paper", shares("sets"), session.agreeing)
    assert [[d.location for d in file.documents] for file in paper.written] == [["b.txt"], ["c.txt"]]
    assert [(item.location, "testing set" in item.reason) for item in found.skipped] == [("a.txt", True)]
    assert json.loads(found.files["data-card.json"])["seed"] is None


async def test_what_nobody_has_labeled_is_in_no_part(bench: Bench, paper: Paper) -> None:
    session = await bench.create(3, immediate=True)
    with pytest.raises(InputError, match="no saved label"):
        await session.label_files.write_split("azure", shares("80/20"), session.agreeing)
    await session.labeling.add(number(session), key(session, "Person"), span("Ann"))
    await session.documents.set([number(session, "d0001.txt")], dataset=Dataset.TEST)
    found = await session.label_files.write_split("azure", shares("80/20"), session.agreeing)
    assert found.documents == 1


async def test_a_format_that_can_not_hold_the_labels_is_refused(bench: Bench, paper: Paper) -> None:
    session = await labeled(bench, texts(4))
    paper.use(kinds=frozenset({ProjectKind.MULTI_LABEL}))
    with pytest.raises(FormatError):
        await session.label_files.write_split("paper", shares("80/20"), session.agreeing)


async def test_names_of_a_project_are_no_markup_in_its_card(bench: Bench, paper: Paper) -> None:
    session = await bench.create(1, immediate=True, categories=("a|b <script>\x1b[31m",))
    (category,) = session.store.state.categories
    await session.labeling.add(number(session), category, span("Ann"))
    found = await session.label_files.write_split("paper", shares("100/0"), session.agreeing)
    markdown = found.files["data-card.md"].decode()
    assert "\x1b" not in markdown
    assert r"| a\|b \<script\>" in markdown


async def test_a_category_without_a_place_in_some_parts_is_told_once_with_the_parts(bench: Bench) -> None:
    session = await labeled(bench, texts(20))
    rare = "Oslo is where nobody else is.\n"
    bench.write({"rare.txt": rare})
    await session.documents.sync()
    await session.categories.add("RARE")
    await session.documents.open(number(session, "rare.txt"))
    await session.labeling.add(number(session, "rare.txt"), key(session, "RARE"), span("Oslo", rare))
    wanted = shares("80/10/10", seed=7)
    found = await session.label_files.write_split("conll", wanted, session.agreeing)
    words = "in dev, test: RARE is in no label and has no place"
    assert [(item.location, item.reason) for item in found.notes if "RARE" in item.reason] == [("", words)]
    assert f"- {words}\n" in found.files["data-card.md"].decode()
