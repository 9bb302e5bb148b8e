# ruff: noqa: E501 - answers stand as models write them
from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile.readers import patient
from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.engine.autolabelers.mentions import Mention
from tui_labeler.engine.autolabelers.prompts.answers import Parsed, Unclear
from tui_labeler.engine.autolabelers.prompts.names import LONGEST, Names
from tui_labeler.engine.autolabelers.prompts.parsing import LONGEST as LONGEST_ANSWER
from tui_labeler.engine.autolabelers.prompts.parsing import parse
from tui_labeler.engine.deployments.chat import Finish

CATEGORIES = [Category("o", "Organization"), Category("p", "Person Name"), Category("d", "Date")]
NAMES = Names(CATEGORIES)


def entities(answer: str, finish: Finish = Finish.STOP) -> Parsed:
    return parse(answer, finish, NAMES, ProjectKind.ENTITIES)


def pairs(parsed: Parsed) -> list[tuple[str, str]]:
    return [(item.category, item.words) for item in parsed.items]


def codes(parsed: Parsed) -> list[str]:
    return [problem.code for problem in parsed.problems]


STRICT = '{"entities": [{"text": "Acme", "category": "Organization", "before": ""}, {"text": "Ann", "category": "Person Name", "before": "by"}]}'


def test_a_strict_answer_is_taken_with_its_places() -> None:
    parsed = entities(STRICT)
    assert parsed.mentions == (Mention("o", "Acme"), Mention("p", "Ann", before="by"))
    assert parsed.problems == ()
    for item in parsed.items:
        assert item.words_at is not None
        assert STRICT[slice(*item.words_at)] == item.words
        assert STRICT[slice(*item.category_at)] == NAMES.name(item.category)


@pytest.mark.parametrize(
    "answer",
    [
        f"```json\n{STRICT}\n```",
        f"Sure! Here is what I found [in JSON]:\n\n{STRICT}\n\nLet me know {{if}} you need more.",
        STRICT.replace('""}', '"",},').replace("]}", "],}"),
        STRICT.replace('"', "'"),
        STRICT.replace('"', '"').replace('{"text"', '{"t": 1, "text"'),
        '{"text": "Acme", "category": "organization"}\n{"text": "Ann", "category": "PERSON_NAME"}\n',
        '[{"label": "ORGANIZATION", "span": "Acme"}, {"type": "person-name", "name": "Ann"}]',
        '{"Organization": ["Acme"], "Person Name": "Ann", "Date": []}',
        '{"Organization": "Acme", "Person Name": ["Ann"], "Date": null}',
        "Organization: Acme\nPerson Name: Ann",
        '- **Organization**: Acme\r\n- **Person name:** "Ann"\r\n',
        "1. organization | Acme\n2. Person Name = Ann\n",
        f'<think>Perhaps {{"text": "Bob", "category": "Date"}}?</think>{STRICT}',
        '{"entities": [{"text": "Acme", "category": "Organization"}, {"text": "Ann", "category": "Person Name"',
        '{"data": {"answer": [[{"text": "Acme", "category": " Organization "}], {"text": "Ann", "category": "Person  Name"}]}}',
    ],
)
def test_the_same_is_understood_in_any_dress(answer: str) -> None:
    parsed = entities(answer)
    assert pairs(parsed) == [("o", "Acme"), ("p", "Ann")]
    for item in parsed.items:
        assert item.words_at is not None
        assert answer[slice(*item.words_at)] == item.words


@pytest.mark.parametrize(
    "answer",
    ['{"entities": []}', "[]", "```json\n[]\n```", "none", "None.", '{"entities": null}', "No entities"],
)
def test_an_answer_that_names_nothing_is_an_answer(answer: str) -> None:
    assert entities(answer) == Parsed()


def test_whole_items_before_a_cut_are_taken() -> None:
    for end in range(len(STRICT)):
        parsed = entities(STRICT[:end], Finish.LENGTH)
        whole = STRICT[:end].count("}")
        assert pairs(parsed) == [("o", "Acme"), ("p", "Ann")][:whole]
        assert codes(parsed) == [Unclear.LENGTH]
        assert parsed.is_cut
        assert not parsed.asks_for_repair


def test_a_cut_line_is_left_out() -> None:
    parsed = entities("Organization: Acme\nOrganization: Beta Indus", Finish.LENGTH)
    assert pairs(parsed) == [("o", "Acme")]
    assert parsed.is_cut


def test_what_goes_on_behind_the_longest_answer_is_not_read_and_said_to_be_cut() -> None:
    item = '{"text": "Ann", "category": "Person", "before": ""}'
    parsed = entities('{"entities": [' + item + "," + " " * LONGEST_ANSWER + item + "]}")
    assert pairs(parsed) == pairs(entities('{"entities": [' + item + "]}"))
    assert parsed.is_cut


def test_half_an_answer_that_claims_to_be_whole_says_so() -> None:
    parsed = entities('{"entities": [{"text": "Acme", "category": "Organization"}, {"text": "An')
    assert pairs(parsed) == [("o", "Acme")]
    assert codes(parsed) == [Unclear.CUT]


def test_an_unknown_category_is_kept_among_what_was_not_understood() -> None:
    parsed = entities(
        '{"entities": [{"text": "Rome", "category": "City"}, {"text": "Acme", "category": "Organization"}]}'
    )
    assert pairs(parsed) == [("o", "Acme")]
    assert [(p.code, p.words, p.category) for p in parsed.problems] == [(Unclear.CATEGORY, "Rome", "City")]
    parsed = entities("City: Rome\nOrganization: Acme")
    assert [(p.code, p.words, p.category) for p in parsed.problems] == [(Unclear.CATEGORY, "Rome", "City")]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ('{"text": true, "category": "Date"}', Unclear.TYPE),
        ('{"text": null, "category": "Date"}', Unclear.TYPE),
        ('{"text": NaN, "category": "Date"}', Unclear.TYPE),
        ('{"text": {"a": 1}, "category": "Date"}', Unclear.TYPE),
        ('{"text": "x", "category": 7}', Unclear.TYPE),
        ('{"text": " ", "category": "Date"}', Unclear.EMPTY),
        ('"Acme"', Unclear.OTHER),
        ("12", Unclear.OTHER),
    ],
)
def test_wrong_types_are_said(item: str, code: Unclear) -> None:
    parsed = entities(f'{{"entities": [{item}, {{"text": "Acme", "category": "Organization"}}]}}')
    assert pairs(parsed) == [("o", "Acme")]
    assert codes(parsed) == [code]


def test_a_number_is_taken_as_it_was_written() -> None:
    assert pairs(entities('[{"text": 1200.50, "category": "Date"}]')) == [("d", "1200.50")]


def test_words_that_are_said_twice_are_there_twice() -> None:
    assert pairs(entities("Organization: Acme\nOrganization: Acme")) == [("o", "Acme")] * 2


def test_occurrence_and_context_are_taken_where_they_are_given() -> None:
    parsed = entities(
        '[{"text": "Ann", "category": "person name", "before": "met", "after": "in", "occurrence": "2"}]'
    )
    assert parsed.mentions == (Mention("p", "Ann", "met", "in", 2),)
    odd = entities('[{"text": "Ann", "category": "person name", "before": 3, "occurrence": -1}]')
    assert odd.mentions == (Mention("p", "Ann"),)


@pytest.mark.parametrize(
    "answer", ["I can't help with that.", "", "{", '{"foo": "bar"}', "\x00\x1b[31m", "null?"]
)
def test_what_is_no_answer_asks_for_repair(answer: str) -> None:
    parsed = entities(answer)
    assert parsed.items == ()
    if answer:
        assert parsed.problems[0].code == Unclear.UNREADABLE
        assert parsed.asks_for_repair


def test_an_answer_of_unknown_categories_alone_asks_for_repair() -> None:
    assert entities('{"entities": [{"text": "Rome", "category": "City"}]}').asks_for_repair
    assert not entities('{"entities": []}').asks_for_repair


# --- classes ----------------------------------------------------------------------------------------


def classes(answer: str, kind: ProjectKind = ProjectKind.MULTI_LABEL, finish: Finish = Finish.STOP) -> Parsed:
    return parse(answer, finish, NAMES, kind)


@pytest.mark.parametrize(
    "answer",
    [
        '{"class": "Organization"}', "{'category': 'organization'}", '"Organization"', "Organization", "**Organization**.",
        "Class: Organization", '{"class": ["Organization"]}', '{"class": {"name": "Organization"}}', "- organization\n",
        '{"class": "Organization"} {"class": "Organization"}', '["Organization"]', '{"Organization": true, "Date": false}',
    ],
)  # fmt: skip
def test_one_class_is_understood_in_any_dress(answer: str) -> None:
    parsed = classes(answer, ProjectKind.SINGLE_LABEL)
    assert [item.category for item in parsed.items] == ["o"]
    assert parsed.problems == ()


@pytest.mark.parametrize("answer", ['{"class": null}', "none", '{"class": "none"}', '{"classes": []}'])
def test_no_class_is_an_answer(answer: str) -> None:
    assert classes(answer, ProjectKind.SINGLE_LABEL) == Parsed()


def test_several_classes_where_there_is_one_are_none() -> None:
    parsed = classes('{"class": ["Organization", "Date"]}', ProjectKind.SINGLE_LABEL)
    assert parsed.items == ()
    assert codes(parsed) == [Unclear.SEVERAL]
    assert parsed.asks_for_repair


def test_a_class_is_not_read_out_of_a_sentence() -> None:
    parsed = classes("This is not Organization at all", ProjectKind.SINGLE_LABEL)
    assert parsed.items == ()
    assert parsed.asks_for_repair


@pytest.mark.parametrize(
    "answer",
    [
        '{"classes": ["Organization", "Date", "Organization"]}', '{"classes": "Organization, Date"}', "Organization, Date",
        "- Organization\n- Date", "Classes: organization; date", '{"Organization": true, "Date": true, "Person Name": false}',
        '["Organization", {"label": "Date"}]',
    ],
)  # fmt: skip
def test_many_classes_are_each_there_once(answer: str) -> None:
    parsed = classes(answer)
    assert [item.category for item in parsed.items] == ["o", "d"]
    assert parsed.problems == ()


def test_an_unknown_class_is_kept() -> None:
    parsed = classes('{"classes": ["Sports", "Date", 3]}')
    assert [item.category for item in parsed.items] == ["d"]
    assert [(p.code, p.category, p.words) for p in parsed.problems] == [
        (Unclear.CATEGORY, "Sports", ""),
        (Unclear.TYPE, "", "3"),
    ]


def test_a_class_that_was_cut_is_none() -> None:
    parsed = classes('{"classes": ["Organization", "Date', finish=Finish.LENGTH)
    assert [item.category for item in parsed.items] == ["o"]
    assert codes(parsed) == [Unclear.LENGTH]


# --- names ------------------------------------------------------------------------------------------


def test_names_of_every_sort_lead_to_their_category() -> None:
    hostile = [
        "Org",
        "org",
        "Org",
        " ORG ",
        "a\nb\x1b[31m",
        "\u200b",
        "x" * 500,
        "x" * 500 + "y",
        'q"},{"',
        "Amount: total",
        "none",
    ]
    names = Names([Category(str(number), name) for number, name in enumerate(hostile)])
    assert len(set(names.all)) == len(hostile)
    for number, name in enumerate(names.all):
        assert names.find(name) == str(number)
        assert name.isprintable()
        assert len(name) <= LONGEST + 4
        answer = json.dumps({"entities": [{"text": "w", "category": name, "before": ""}]})
        parsed = parse(answer, Finish.STOP, names, ProjectKind.ENTITIES)
        assert pairs(parsed) == [(str(number), "w")]


def test_a_name_that_may_mean_two_categories_means_none() -> None:
    names = Names([Category("1", "US"), Category("2", "us")])
    assert [names.find(said) for said in ("US", "us", "Us")] == ["1", "2", None]


def test_a_category_named_as_a_key_of_the_form_is_found() -> None:
    names = Names([Category("1", "Name"), Category("2", "entities")])
    parsed = parse('{"Name": "Ann", "entities": "x"}', Finish.STOP, names, ProjectKind.ENTITIES)
    assert pairs(parsed) == [("1", "Ann"), ("2", "x")]
    strict = '{"entities": [{"text": "Ann", "category": "Name", "before": ""}]}'
    assert pairs(parse(strict, Finish.STOP, names, ProjectKind.ENTITIES)) == [("1", "Ann")]


def test_a_name_with_the_sign_that_parts_lines_is_found() -> None:
    names = Names([Category("1", "Amount"), Category("2", "Amount: total")])
    parsed = parse("Amount: total: 5\nAmount: 6", Finish.STOP, names, ProjectKind.ENTITIES)
    assert pairs(parsed) == [("2", "5"), ("1", "6")]


@given(st.lists(st.text(min_size=1).filter(str.strip), max_size=8))
def test_any_names_are_told_apart(found: list[str]) -> None:
    names = Names([Category(str(number), name) for number, name in enumerate(found)])
    assert [names.find(name) for name in names.all] == [str(number) for number in range(len(found))]


# --- anything ---------------------------------------------------------------------------------------

fragments = st.lists(
    st.sampled_from(
        ["{", "}", "[", "]", '"', "'", ":", ",", "\n", " ", "text", "category", "Organization", "Date", "entities",
         "class", "classes", "Acme", "NaN", "null", "true", "-1e9", "\\", "\\ud83d", "```", "**", "\x00", "\u202e", "</think>"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(fragments | st.text(), st.sampled_from(list(Finish)), st.sampled_from(list(ProjectKind)))
def test_no_answer_breaks_it(answer: str, finish: Finish, kind: ProjectKind) -> None:
    parsed = parse(answer, finish, NAMES, kind)
    assert {item.category for item in parsed.items} <= {"o", "p", "d"}
    for item in parsed.items:
        assert 0 <= item.category_at[0] <= item.category_at[1] <= len(answer)
        if kind is ProjectKind.ENTITIES:
            assert item.words.strip()
        elif kind is ProjectKind.SINGLE_LABEL:
            assert len(parsed.items) == 1


planted = st.lists(
    st.tuples(
        st.sampled_from(["o", "p", "d"]),
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
    ),
    max_size=6,
)


@given(planted, st.booleans())
def test_strict_json_is_understood_word_for_word(found: list[tuple[str, str]], ascii_only: bool) -> None:
    items = [{"text": words, "category": NAMES.name(key), "before": ""} for key, words in found]
    answer = json.dumps({"entities": items}, ensure_ascii=ascii_only)
    parsed = entities(answer)
    assert pairs(parsed) == [(key, words.strip()) for key, words in found]
    assert parsed.problems == ()


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 500_000, '{"a":' * 100_000, "{" * 10 + "x" * 500_000, "Organization: " * 40_000, ":" * 500_000,
        "\n" * 500_000, '{"entities": [' + '{"text": "Acme", "category": "Organization"},' * 12_000, "[] " * 200_000,
        "a\t" * 300_000, '{"x": {' * 60_000, "[1] " * 150_000,
    ],
    ids=lambda answer: answer[:10],
)  # fmt: skip
def test_long_nonsense_takes_no_more_than_moments(answer: str) -> None:
    for kind in ProjectKind:
        began = time.process_time()
        parse(answer, Finish.STOP, NAMES, kind)
        assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("line", "words", "before"),
    [
        ("Organization: Acme | before: was paid by", "Acme", "was paid by"),
        ('- **Organization**: "Acme" | Before: "was paid by"', "Acme", "was paid by"),
        ("organization | Acme|before:", "Acme", ""),
        ("Organization: Acme | Sons", "Acme | Sons", ""),
        ("Organization: Acme before: noon", "Acme before: noon", ""),
    ],
)
def test_a_line_may_end_with_what_stands_before_the_words(line: str, words: str, before: str) -> None:
    (item,) = entities(line).items
    assert (item.words, item.before) == (words, before)
    assert item.words_at is not None
    assert line[slice(*item.words_at)] == words


@pytest.mark.parametrize("line", ["Organization: | before: was paid by", "Organization: none | before: x"])
def test_a_line_with_context_and_no_words_names_nothing(line: str) -> None:
    assert pairs(entities(line)) == []


# --- nothing found is said, or it is not so ---------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        'Here you go: {"entities": [}', '{"entities": [', '{"entities": ', '{"entities": }', '{"entities": {}}', "[", "[}", "{}",
        '{"entities": [{}]}', '{"entities": [null]}', '{"entities": [{"text": [], "category": "Date"}]}', '"', "...", "**", "Organization:",
        '{"entities": []} {"entities": [', '{"entities": []}, "text": "Acme", "category": "Date"}]}', '{"entities": []}\nDate: 1 May',
        '{"found": [{"words": 1}]} {"entities": []}', '<think>Perhaps {"entities": []}', '{"Organization": , "Date": }',
        '{"entities": ' + "[" * 70 + "]" * 70 + "}", '{"entities": []} ' + '{"a": 1} ' * 9 + '{"text": "Acme", "category": "Date"}',
    ],
)  # fmt: skip
def test_what_could_not_be_read_is_not_taken_for_nothing_found(answer: str) -> None:
    parsed = entities(answer)
    assert parsed.asks_for_repair or parsed.is_cut


@pytest.mark.parametrize(
    "answer",
    ['{"class": }', '{"class": , }', '{"class', '{"class": [', '{"class": [}', "Class:", '{"class": {}}'],
)
def test_a_class_that_could_not_be_read_is_not_taken_for_none(answer: str) -> None:
    for kind in (ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL):
        parsed = classes(answer, kind)
        assert parsed.asks_for_repair or parsed.is_cut


@pytest.mark.parametrize(
    "answer",
    [
        '{"entities": []', '{"data": {"entities": []}}', '{"Organization": [], "Date": null}', "Organization: none\nDate: -",
        'I read it [twice].\n{"entities": []}\nNote: "Acme" stands in no category.', '<think>[?]</think>{"entities": null}',
    ],
)  # fmt: skip
def test_nothing_is_found_where_that_is_said(answer: str) -> None:
    assert entities(answer) == Parsed()


@pytest.mark.parametrize(
    "answer",
    [
        '[{"text": "Acme", "category": "Organization", "text": "Ann", "category": "Person Name"}]',
        '[{"text": "Acme", "category": "Organization", {"text": "Ann", "category": "Person Name"}]',
    ],
)
def test_entries_that_run_together_are_told_apart(answer: str) -> None:
    assert pairs(entities(answer)) == [("o", "Acme"), ("p", "Ann")]


def test_entries_without_keys_ask_for_repair() -> None:
    parsed = entities("[{Acme, Spaceship}, {Bob, Person Name}]")
    assert parsed.asks_for_repair
    assert not parsed.is_cut


names_of_things = st.sampled_from(["Acme", "Bob Ray", "7 May", "Émile", "x-1"])
mutations = st.lists(
    st.tuples(
        st.sampled_from(["delete", "insert", "replace", "double", "cut", "swap"]),
        st.integers(0, 400),
        st.sampled_from(['"', "'", "{", "}", "[", "]", ",", ":", " ", "\n", "\\", "a", "[]", "null", "```", "none", "{}"]),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


def mutated(answer: str, changes: list[tuple[str, int, str]]) -> str:
    cuts = any(how == "cut" for how, _, _ in changes)
    for how, place, sign in changes:
        # What is left of an answer after a cut could become a true "nothing".
        sign = sign if not cuts or len(sign) < 2 else '"'
        at = place % max(1, len(answer))
        before, here, behind = answer[:at], answer[at : at + 1], answer[at + 1 :]
        answer = {
            "delete": before + behind,
            "insert": before + sign + here + behind,
            "replace": before + sign + behind,
            "double": before + here + here + behind,
            "cut": before,
            "swap": before + behind[:1] + here + behind[1:],
        }[how]
    return answer


@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from("opd"), names_of_things), min_size=1, max_size=3), mutations)
def test_no_broken_answer_becomes_nothing_found(
    found: list[tuple[str, str]], changes: list[tuple[str, int, str]]
) -> None:
    items = [{"text": words, "category": NAMES.name(key), "before": ""} for key, words in found]
    lines = "\n".join(f"{NAMES.name(key)}: {words}" for key, words in found)
    for answer in (json.dumps({"entities": items}), json.dumps(items), lines):
        broken = mutated(answer, changes)
        parsed = entities(broken)
        assert parsed.items or parsed.problems, broken


@settings(max_examples=400)
@given(st.lists(st.tuples(st.sampled_from("opd"), names_of_things), min_size=2, max_size=3), mutations)
def test_one_fault_in_an_answer_loses_no_entity_in_silence(
    found: list[tuple[str, str]], changes: list[tuple[str, int, str]]
) -> None:
    items = [{"text": words, "category": NAMES.name(key), "before": ""} for key, words in found]
    # Where an answer ends between two entries, nobody can know that there were more.
    changes = [change for change in changes if change[0] != "cut"][:1]
    broken = mutated(json.dumps({"entities": items}), changes)
    parsed = entities(broken)
    assert len(parsed.items) >= len(found) or parsed.problems, broken


@settings(max_examples=400)
@given(st.sampled_from(["Organization", "Date"]), mutations)
def test_no_broken_class_becomes_none(name: str, changes: list[tuple[str, int, str]]) -> None:
    for answer, kind in (
        (json.dumps({"class": name}), ProjectKind.SINGLE_LABEL),
        (json.dumps({"classes": [name]}), ProjectKind.MULTI_LABEL),
        (name, ProjectKind.SINGLE_LABEL),
    ):
        broken = mutated(answer, changes)
        parsed = classes(broken, kind)
        assert parsed.items or parsed.problems, broken


def test_a_broken_answer_of_very_many_values_is_cut_after_those_that_can_be_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = '{"entities": [' + '{"category": "Organization", "text": "Acme"} ' * 9
    assert len(pairs(entities(answer))) == 9
    monkeypatch.setattr("tui_labeler.engine.autolabelers.prompts.tolerant.MOST_NODES", 6)
    parsed = entities(answer)
    assert parsed.is_cut
    assert pairs(parsed) == [("o", "Acme")]


def test_a_long_run_of_white_space_is_tried_once() -> None:
    # From each of its places, it would take minutes.
    with patient(20.0):
        assert pairs(entities("Organization: Acme" + " " * 150_000 + "x")) != []
        assert pairs(entities("x" + " " * 150_000 + "x\nOrganization: Acme")) == [("o", "Acme")]
    assert pairs(entities("Organization  \t :: Acme  |  before: by")) == [("o", ": Acme")]
