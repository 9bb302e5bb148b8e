"""How far two readers agree: over which documents, in which units, and pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import Bench, key, number, span
from tui_labeler.domain.agreement import Outcome
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.errors import RefusedError
from tui_labeler.engine.readings.agreeing import Agreeing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_labeler.engine.session import ProjectSession

Found = tuple[tuple[str, str], ...]


async def read(bench: Bench, who: str, found: Mapping[str, Found]) -> None:
    """Somebody labels documents, and is done with each."""
    session = await bench.session(who)
    for location, of_it in found.items():
        place = number(session, location)
        for category, words in of_it:
            where = None if session.project.kind.is_classification else span(words)
            await session.labeling.add(place, key(session, category), where)
        await session.readings.finish([place])
    await session.close()


async def lead_of(bench: Bench, kind: ProjectKind, documents: int, *readers: str) -> ProjectSession:
    lead = await bench.create(documents, kind=kind)
    await lead.readings.assign(readers or ["ann", "bob"])
    return lead


async def test_entities_are_compared_by_exact_spans_and_by_characters(bench: Bench) -> None:
    lead = await lead_of(bench, ProjectKind.ENTITIES, 3)
    await read(bench, "ann", {"d0000.txt": (("Person", "Ann"), ("Place", "Rome")), "d0001.txt": ()})
    await read(bench, "bob", {"d0000.txt": (("Person", "Ann"),), "d0001.txt": ()})
    await read(bench, "ann", {"d0002.txt": (("Person", "Ann"),)})
    await lead.refresh()
    found = await lead.agreeing.result()
    figures = found.figures
    assert (figures.agreement.documents, figures.agreement.agreeing) == (2, 1)
    assert found.compared.waiting == {1: 1}
    assert figures.agreement.f1 == pytest.approx(2 / 3)
    assert figures.kappa is None
    characters = 2 * lead.rows[number(lead)].characters
    assert (figures.alpha.unit, figures.alpha.units, figures.alpha.every) == ("character", characters, 1)
    # 3 characters of a person in both, 4 of a place in one: by the formula for two observers.
    person, place, none = 6, 4, 2 * characters - 10
    apart = person * place + person * none + place * none
    assert figures.alpha.value == pytest.approx(1 - (2 * characters - 1) * 4 / apart)


async def test_one_class_is_compared_by_kappa_and_alpha_over_documents(bench: Bench) -> None:
    lead = await lead_of(bench, ProjectKind.SINGLE_LABEL, 4)
    person, place = (("Person", ""),), (("Place", ""),)
    names = [f"d{at:04}.txt" for at in range(4)]
    await read(bench, "ann", dict(zip(names, (person, person, place, place), strict=True)))
    await read(bench, "bob", dict(zip(names, (person, place, place, place), strict=True)))
    await lead.refresh()
    figures = (await lead.agreeing.result()).figures
    assert figures.kappa == pytest.approx(0.5)
    assert figures.agreement.kappa == figures.kappa
    assert figures.kappas[key(lead, "Person")] == pytest.approx(0.5)
    assert (figures.alpha.unit, figures.alpha.units) == ("document", 4)
    assert figures.alpha.value == pytest.approx(1 - 7 * 1 / (3 * 5))


async def test_several_classes_are_compared_class_by_class(bench: Bench) -> None:
    lead = await lead_of(bench, ProjectKind.MULTI_LABEL, 3)
    both, person = (("Person", ""), ("Place", "")), (("Person", ""),)
    await read(bench, "ann", {"d0000.txt": both, "d0001.txt": person, "d0002.txt": ()})
    await read(bench, "bob", {"d0000.txt": both, "d0001.txt": (("Place", ""),), "d0002.txt": ()})
    await lead.refresh()
    figures = (await lead.agreeing.result()).figures
    assert figures.agreement.f1 == pytest.approx(2 / 3)
    assert figures.kappas[key(lead, "Person")] == pytest.approx(0.4)
    assert figures.kappa == pytest.approx(1 / 3)
    assert (figures.alpha.unit, figures.alpha.units) == ("class of a document", 6)


async def test_of_more_than_two_readers_each_pair_has_its_figures(bench: Bench) -> None:
    lead = await lead_of(bench, ProjectKind.SINGLE_LABEL, 6, "ann", "bob", "eve")
    person = (("Person", ""),)
    for who in ("ann", "bob", "eve"):
        mine = [row.location for row in lead.documents.select() if who in row.readers]
        await read(bench, who, dict.fromkeys(mine, person))
    await lead.refresh()
    found = await lead.agreeing.result()
    assert [pair.readers for pair in found.pairs] == [("ann", "bob"), ("ann", "eve"), ("bob", "eve")]
    assert [pair.figures.agreement.documents for pair in found.pairs] == [2, 2, 2]
    assert found.figures.agreement.outcomes == {Outcome.SAME: 6}
    assert found.figures.kappa is None
    assert found.figures.alpha.value is None  # one value only: chance alone would agree


async def test_settling_changes_no_figure(bench: Bench) -> None:
    lead = await lead_of(bench, ProjectKind.ENTITIES, 1)
    await read(bench, "ann", {"d0000.txt": (("Person", "Ann"),)})
    await read(bench, "bob", {"d0000.txt": (("Person", "Ann"),)})
    await lead.refresh()
    before = (await lead.agreeing.result()).figures
    await lead.readings.settle_agreeing([number(lead)])
    assert (await lead.agreeing.result()).figures == before


class Small:
    """Takes few units, and remembers how many it was given."""

    most = 40
    given = 0

    async def alpha(self, values: Mapping[tuple[str, str], int]) -> float | None:
        self.given = sum(count for (one, other), count in values.items() if one != other)
        return 0.5


class Absent:
    most = 40

    async def alpha(self, values: Mapping[tuple[str, str], int]) -> float | None:
        raise RefusedError("It is not there.", hint="Install it.")


async def test_where_very_much_differs_every_so_many_th_character_is_taken(bench: Bench) -> None:
    lead = await lead_of(bench, ProjectKind.ENTITIES, 1)
    await read(bench, "ann", {"d0000.txt": (("Person", "Ann met Bob"), ("Place", "Rome"))})
    await read(bench, "bob", {"d0000.txt": ()})
    await lead.refresh()
    small = Small()
    found = await Agreeing(lead.store, lead.readings, small).result()
    assert found.figures.alpha.every == 4  # 15 characters differ, of three values
    assert 0 < small.given <= 5


async def test_without_the_library_the_other_figures_are_there_and_it_is_said_why(bench: Bench) -> None:
    lead = await lead_of(bench, ProjectKind.ENTITIES, 1)
    await read(bench, "ann", {"d0000.txt": (("Person", "Ann"),)})
    await read(bench, "bob", {"d0000.txt": (("Person", "Ann"),)})
    await lead.refresh()
    found = await Agreeing(lead.store, lead.readings, Absent()).result()
    assert found.figures.agreement.f1 == 1
    assert found.figures.alpha.value is None
    assert "Install it" in found.figures.alpha.problem
