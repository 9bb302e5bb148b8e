"""What of an answer can't be used is told, in short."""

from __future__ import annotations

from tui_labeler.domain.jobs import Unused
from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.engine.autolabelers.not_used import MORE, MOST, QUOTED, joined, unused_of
from tui_labeler.engine.autolabelers.prompts.answers import Problem, Unclear
from tui_labeler.engine.autolabelers.prompts.names import Names
from tui_labeler.engine.autolabelers.prompts.parsing import parse
from tui_labeler.engine.deployments.chat import Finish
from tui_labeler.engine.wording import unused_words

NAMES = Names([Category("p", "Person")])


def said(answer: str) -> list[str]:
    parsed = parse(answer, Finish.STOP, NAMES, ProjectKind.ENTITIES)
    assert [item.words for item in parsed.items] == ["Ann"]
    return [unused_words(item) for item in unused_of(parsed.problems)]


def test_lines_with_unknown_names_are_told_with_their_words() -> None:
    assert said("Person: Ann\nCity: Rome") == ["“Rome” as “City”: the job has no such category"]


def test_a_line_that_leads_up_to_the_answer_is_no_category() -> None:
    assert said("Here are the entities:\nPerson: Ann") == ["a part was not in the form that was asked for"]


def test_what_has_no_form_is_counted_and_not_quoted() -> None:
    found = unused_of([Problem(Unclear.OTHER, "the whole text"), Problem(Unclear.OTHER, "once more")])
    assert found == (Unused("not_understood", times=2),)


def test_an_entry_without_words_loses_nothing() -> None:
    assert unused_of([Problem(Unclear.EMPTY, category="Person"), Problem(Unclear.CUT)]) == ()


def test_long_words_are_cut_and_many_are_counted() -> None:
    (long,) = unused_of([Problem(Unclear.CATEGORY, "w" * 1000, "c\n" * 1000)])
    assert (len(long.words), len(long.category)) == (QUOTED, QUOTED)
    many = joined(Unused("unknown_category", str(number)) for number in range(MOST + 7))
    assert many[-1] == Unused(MORE, times=7)
    assert sum(item.times for item in joined([*many, *many])) == 2 * (MOST + 7)
    assert unused_words(many[-1]) == "and 7 more"


def test_half_a_surrogate_pair_can_be_written_down() -> None:
    (found,) = unused_of([Problem(Unclear.CATEGORY, "\ud83d", "City")])
    assert found.words.encode() == b"?"
