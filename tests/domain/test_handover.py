"""Who has the pen, which step is allowed when, and what a connection needs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui_labeler.domain.aml_languages import aml_language
from tui_labeler.domain.handover import AmlProject, Doer, Handover, Phase, Side, Step, Terms, forbidden
from tui_labeler.domain.handover_needs import Facts, needs

AML = AmlProject("11-22", "people", "loans-ws", "loans-in-aml")
TERMS = Terms(AML)
WHERE = {
    phase: Handover(phase, None if phase is Phase.NONE else TERMS, "2026-11-21T09:00:00.000Z", Doer("ana"))
    for phase in Phase
}
ALLOWED = {
    Phase.NONE: {Step.CONNECT},
    Phase.CONNECTING: set(),
    Phase.HERE: {Step.TO_AML, Step.DISCONNECT},
    Phase.SWITCHING: set(),
    Phase.AML: {Step.TO_HERE, Step.IMPORT},
    Phase.DISCONNECTED: {Step.CONNECT},
}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("step", Step)
def test_each_step_is_allowed_in_its_phases_and_refused_with_words_in_others(
    phase: Phase, step: Step
) -> None:
    rule = forbidden(WHERE[phase], step, "ana")
    assert (rule is None) is (step in ALLOWED[phase])
    if rule is not None:
        assert rule.message.endswith(".")
        assert rule.todo


@pytest.mark.parametrize(
    ("phase", "pen"),
    [
        (Phase.NONE, Side.HERE),
        (Phase.CONNECTING, None),
        (Phase.HERE, Side.HERE),
        (Phase.SWITCHING, None),
        (Phase.AML, Side.AML),
        (Phase.DISCONNECTED, Side.HERE),
    ],
)
def test_one_side_has_the_pen_and_nobody_while_it_is_on_its_way(phase: Phase, pen: Side | None) -> None:
    assert WHERE[phase].pen is pen


@pytest.mark.parametrize("step", [Step.TO_AML, Step.TO_HERE, Step.DISCONNECT])
def test_only_those_who_are_named_move_the_pen(step: Step) -> None:
    terms = replace(TERMS, switchers=("ana", "bo"))
    phase = Phase.AML if step is Step.TO_HERE else Phase.HERE
    here = Handover(phase, terms)
    assert forbidden(here, step, "bo") is None
    refused = forbidden(here, step, "cleo")
    assert refused is not None
    assert refused.message == f"Only ana, bo may {step}."


def test_anybody_imports_labels_whoever_may_switch() -> None:
    assert forbidden(Handover(Phase.AML, replace(TERMS, switchers=("ana",))), Step.IMPORT, "cleo") is None


def test_a_connection_has_terms_and_nothing_else_has() -> None:
    with pytest.raises(ValueError, match="terms"):
        Handover(Phase.HERE)
    with pytest.raises(ValueError, match="terms"):
        Handover(Phase.NONE, TERMS)


# --- the labeling project ---------------------------------------------------------------------------


def test_names_that_differ_in_case_alone_are_one_labeling_project() -> None:
    assert AmlProject("11-22", "People", "LOANS-ws", "Loans-in-AML").key == AML.key
    assert AmlProject("11-22", "people", "loans-ws", "loans-in-aml2").key != AML.key
    assert AmlProject("11-22", "people", "loans-w", "sloans-in-aml").key != AML.key


@pytest.mark.parametrize("name", ["", " ", "a ", "a/b", "a\nb", "a\x1b[2J", "x" * 256])
def test_a_name_that_none_can_be_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="workspace"):
        AmlProject("11-22", "people", name, "loans")


# --- what it needs ----------------------------------------------------------------------------------

GOOD = Facts(1, "entities", True, "https://loans.blob.core.windows.net/texts", 3, 2, False, "en-us")


def missing(facts: Facts) -> list[str]:
    return [need.name for need in needs(facts) if not need.met]


def test_a_project_that_has_all_lacks_nothing() -> None:
    assert missing(GOOD) == []


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (replace(GOOD, is_blob=False, container="/texts"), "container"),
        (replace(GOOD, documents=0), "documents"),
        (replace(GOOD, categories=0), "categories"),
        (replace(GOOD, least=2, nouns="classes", categories=1), "categories"),
        (replace(GOOD, multilingual=True), "one language"),
        (replace(GOOD, language="am"), "language"),
    ],
)
def test_each_prerequisite_is_told_by_itself_with_what_to_do(facts: Facts, name: str) -> None:
    assert missing(facts) == [name]
    (need,) = [need for need in needs(facts) if not need.met]
    assert need.todo
    assert need.detail


MISSING_THERE = (
    *("am", "as", "eo", "gd", "ha", "km", "ku", "lo", "or"),
    *("ps", "sa", "sd", "si", "so", "ug", "xh", "yi", "zu"),
)
"""Languages of the service that TextDNNLanguages lacks."""


@pytest.mark.parametrize(
    ("code", "there"),
    [
        ("en-us", "eng"),
        ("en", "eng"),
        ("EN_US", "eng"),
        ("pt-br", "por"),
        ("pt-pt", "por"),
        ("zh-hans", "zho"),
        ("nb", "nob"),
        ("tl", "tgl"),
        ("ms", "msa"),
        *((code, None) for code in MISSING_THERE),
        ("", None),
        ("tlh", None),
    ],
)
def test_a_language_is_known_on_both_sides_or_is_none(code: str, there: str | None) -> None:
    assert aml_language(code) == there
