"""Two people and a container: whatever they do, and in whatever order they sync, nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tui_labeler.domain.items import Items, Key, agreed_after
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.sharing.merging import merge
from tui_labeler.engine.sharing.merging_labels import is_active

Side = dict[Key, Any]
CATEGORIES = ("person", "town")
ACTS = (
    *("add", "remove", "change", "accept", "reject", "undo", "flag", "review", "job", "recategorise"),
    *("add", "accept", "reject", "pen", "save", "remove", "recategorise", "recategorise"),
)


@dataclass
class Person:
    """One side: what it holds, what it agreed on last, and what it has done since."""

    name: str
    kind: ProjectKind
    items: Side = field(default_factory=dict)
    base: Side = field(default_factory=dict)
    minute: int = 0
    made: list[str] = field(default_factory=list)
    undone: list[Key] = field(default_factory=list)
    drafts: set[Key] = field(default_factory=set)
    drafting: bool = False

    def stamp(self) -> dict[str, str]:
        self.minute += 1
        return {"actor": self.name, "time": f"2026-11-21T{self.minute:06}"}

    def active(self) -> list[Key]:
        return sorted(key for key, row in self.items.items() if key.table == "label" and is_active(row))

    def suggestions(self) -> list[Key]:
        return sorted(key for key in self.items if key.table == "suggestion")

    def act(self, what: str, at: int, category: str) -> None:
        """Does one thing by the rules that hold on this side; nothing where they forbid it."""
        labels, open_ones = self.active(), [k for k in self.suggestions() if "decision" not in self.items[k]]
        chosen = labels[at % len(labels)] if labels else None
        if what == "add":
            self.add(at, category)
        elif what == "remove" and chosen:
            self.remove(chosen)
        elif what == "change" and chosen:
            before, drafts = dict(self.items), set(self.drafts)
            self.remove(chosen)
            if self.add(at, category) is None:
                self.items, self.drafts = before, drafts
        elif (
            what == "recategorise" and self.kind is ProjectKind.ENTITIES
        ):  # two categories become one: labels keep their ids
            for key in labels:
                self.items[key] = {**self.items[key], "category": category}
        elif what in ("accept", "reject") and open_ones:
            self.decide(open_ones[at % len(open_ones)], what)
        elif what == "undo" and self.made:
            key = Key("label", self.made.pop())
            if key in self.items and is_active(self.items[key]):
                if key in self.base:
                    self.items[key] = {**self.items[key], "removed": self.stamp()}
                else:
                    del self.items[key]
                self.undone.append(key)
                self.redecide(key)
        elif what == "pen":
            self.drafting = not self.drafting
        elif what == "save":
            self.drafts.clear()
        elif what == "flag":
            self.items[Key("field", "flag")] = f"{self.name}{at}"
        elif what == "review":
            self.items.setdefault(Key("field", "reviewed"), self.stamp())
        elif what == "job":
            self.job(at, category)

    def place(self, at: int) -> dict[str, int] | None:
        if self.kind is not ProjectKind.ENTITIES:
            return None
        return {"start": at, "end": at + 3}

    def add(self, at: int, category: str, **more: Any) -> Key | None:
        span = self.place(at)
        for key in self.active():
            other = self.items[key]
            if self.kind is ProjectKind.ENTITIES:
                if abs(other["span"]["start"] - at) < 3:
                    return None
            elif self.kind is ProjectKind.SINGLE_LABEL:
                if other["category"] == category:
                    return None
                self.remove(key)
            elif other["category"] == category:
                return None
        made = Key("label", f"{self.name}{self.minute:03}")
        self.items[made] = {"category": category, "span": span, "made": self.stamp(), **more}
        if self.drafting:
            self.drafts.add(made)
        else:
            self.made.append(made.id)
        return made

    def remove(self, key: Key) -> None:
        if key in self.drafts:
            self.drafts.discard(key)
            self.undone.append(key)
            del self.items[key]
        else:
            self.items[key] = {**self.items[key], "removed": self.stamp()}
        self.redecide(key)

    def redecide(self, label: Key) -> None:
        """A suggestion whose label goes was not right."""
        for key in self.suggestions():
            decision = self.items[key].get("decision")
            if decision and decision.get("label") == label.id:
                said = {"verdict": "rejected", "stamp": self.stamp()}
                self.items[key] = {**self.items[key], "decision": said}

    def decide(self, key: Key, what: str) -> None:
        row = self.items[key]
        made = None
        if what == "accept":
            at = row["span"]["start"] if row["span"] else 0
            made = self.add(at, row["category"], suggestion=key.id)
            if made is None:
                return
        decision = {"verdict": f"{what}ed", "stamp": self.stamp()} | ({"label": made.id} if made else {})
        if self.drafting:
            self.drafts.add(key)
        self.items[key] = {**row, "decision": decision}

    def job(self, at: int, category: str) -> None:
        for key in self.suggestions():
            if "decision" not in self.items[key]:
                del self.items[key]
        row = {"category": category, "span": self.place(at), "job": f"{self.name}{at}"}
        self.items[Key("suggestion", f"{self.name}{self.minute}")] = row
        self.minute += 1


def stands_for(side: Items, gone: Key) -> bool:
    """Whether a label, or a decision's label, was made twice and the other one is there."""
    row = side.get(gone)
    if gone.table == "suggestion":
        made = Key("label", ((row or {}).get("decision") or {}).get("label", ""))
        return is_active(side.get(made))
    if row is None or row.get("removed") != row["made"]:
        return False
    same = (row["category"], row["span"])
    return any(
        (other["category"], other["span"]) == same
        for key, other in side.items()
        if key.table == "label" and is_active(other)
    )


def removed_beside_a_change(base: Items, *sides: Items) -> list[Key]:
    """Labels that both had, of which one removed what the other has given another category since."""
    found: list[Key] = []
    for one, other in (sides, sides[::-1]):
        for key, row in one.items():
            before, gone = base.get(key), other.get(key)
            if key.table != "label" or not (before and gone and is_active(row) and is_active(before)):
                continue
            is_changed = row["category"] not in (before["category"], gone["category"])
            found += [key] * (is_changed and not is_active(gone))
    return found


def assert_none_meet(kind: ProjectKind, side: Items) -> None:
    """What nobody could do on one side does not come of a merge either."""
    labels = [row for key, row in side.items() if key.table == "label" and is_active(row)]
    for row in labels:
        decision = side.get(Key("suggestion", row.get("suggestion", "")), {}).get("decision")
        assert decision is None or decision["verdict"] == "accepted", "a label of what was rejected"
    for at, one in enumerate(labels):
        for other in labels[at + 1 :]:
            if kind is ProjectKind.ENTITIES:
                assert abs(one["span"]["start"] - other["span"]["start"]) >= 3
            elif kind is ProjectKind.SINGLE_LABEL:
                raise AssertionError("two classes")
            else:
                assert one["category"] != other["category"]


@dataclass
class World:
    people: tuple[Person, Person]
    container: Side = field(default_factory=dict)
    conflicts: int = 0
    dropped: set[Key] = field(default_factory=set)
    """Labels and decisions that a person, asked, has given up."""

    def sync(self, person: Person, *, push: bool = True) -> None:
        before, there = dict(person.items), dict(self.container)
        drafts = set(person.drafts)
        merged = merge(person.kind, person.base, person.items, self.container, drafts)
        person.drafts = {key for key in drafts if merged.ours.get(key) not in (None, merged.theirs.get(key))}
        again = merge(person.kind, merged.base, merged.ours, merged.theirs, person.drafts)
        for key in drafts:
            assert merged.theirs.get(key) == there.get(key), "a draft has left"
        assert again == merged, "merging again changes something"
        self.check_conflicts(merged.conflicts, before, there, person.base)
        in_conflict = {key for conflict in merged.conflicts for key in conflict.keys}
        for key in removed_beside_a_change(person.base, before, there):
            assert key in in_conflict, f"{key} was changed, and went without a word"
        for one, other in ((before, there), (there, before)):
            for key in (one.keys() | person.base.keys()) - in_conflict:
                if (
                    key not in drafts
                    and one.get(key) != person.base.get(key)
                    and other.get(key) == person.base.get(key)
                ):
                    same = merged.ours.get(key) == one.get(key)
                    assert same or stands_for(merged.ours, key), f"{key} was overwritten"
        if push:
            self.container = dict(merged.theirs)
        person.items = dict(merged.ours)
        for side in (before, there):
            for key in side.keys() - in_conflict - self.dropped:
                if key.table == "suggestion" and "decision" in side[key]:
                    assert key in merged.ours, f"{key}: a decision is lost"
        person.base = agreed_after(person.base, person.items, self.container, merged.conflicts)
        assert_none_meet(person.kind, person.items)
        assert_none_meet(person.kind, self.container)
        self.conflicts = len(merged.conflicts)

    def check_conflicts(self, conflicts: Any, ours: Side, theirs: Side, base: Side) -> None:
        for conflict in conflicts:
            assert any(ours.get(key) != base.get(key) for key in conflict.keys), "only they have changed it"
            assert any(theirs.get(key) != base.get(key) for key in conflict.keys), "only we have changed it"
            assert any(ours.get(key) != theirs.get(key) for key in conflict.keys), "both say the same"

    def resolve(self, person: Person, *, theirs: bool) -> None:
        merged = merge(person.kind, person.base, person.items, self.container, person.drafts)
        for conflict in merged.conflicts:
            gone = conflict.ours if theirs else conflict.theirs
            kept = conflict.theirs if theirs else conflict.ours
            for key in conflict.keys:
                if key in self.container:
                    person.base[key] = self.container[key]
                else:
                    person.base.pop(key, None)
                if theirs:
                    person.drafts.discard(key)
                if theirs and key in conflict.theirs:
                    person.items[key] = conflict.theirs[key]
                elif key not in kept and key in gone:
                    if key.table == "label":
                        person.items[key] = {**gone[key], "removed": person.stamp()}
                        self.dropped.add(key)
                    else:
                        person.items.pop(key, None)
                if key in gone and kept.get(key) != gone[key]:
                    self.dropped.add(key)

    def settle(self) -> None:
        """Everybody syncs and decides until nothing is left."""
        for person in self.people:
            person.drafts.clear()
        for _ in range(12):
            for person in self.people:
                self.sync(person)
                if self.conflicts:
                    self.resolve(person, theirs=len(self.container) % 2 == 0)
                    self.sync(person)
            if all(person.items == self.container for person in self.people):
                return
        raise AssertionError("they never come to agree")


steps = st.lists(
    st.one_of(
        st.tuples(st.just("act"), st.integers(0, 1), st.sampled_from(ACTS), st.integers(0, 6),
                  st.sampled_from(CATEGORIES)),
        st.tuples(st.just("sync"), st.integers(0, 1), st.booleans()),
        st.tuples(st.just("resolve"), st.integers(0, 1), st.booleans()),
    ),
    max_size=30,
)  # fmt: skip


def two_people(kind: ProjectKind) -> World:
    """Ana and Bo, with some suggestions and a label that both have."""
    world = World((Person("ana", kind), Person("bo", kind)))
    ana, bo = world.people
    for at, category in ((0, "person"), (3, "town"), (5, "person")):
        ana.items[Key("suggestion", f"s{at}")] = {
            "category": category, "span": ana.place(at), "job": "j"
        }  # fmt: skip
    ana.add(9, "town")
    ana.made.clear()
    for person in (ana, bo):
        world.sync(person)
    return world


MERGED_AND_REMOVED = [("act", 0, "recategorise", 0, "person"), ("act", 1, "remove", 0, "town")]


@given(st.sampled_from(ProjectKind), steps)
@example(ProjectKind.ENTITIES, MERGED_AND_REMOVED)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_two_people_who_label_and_sync_in_any_order_end_up_equal_and_lose_nothing(
    kind: ProjectKind, done: list[tuple[Any, ...]]
) -> None:
    world = two_people(kind)
    ever: dict[Key, Any] = {}
    for step in done:
        person = world.people[step[1]]
        if step[0] == "act":
            person.act(step[2], step[3], step[4])
        elif step[0] == "sync":
            world.sync(person, push=step[2])
        else:
            world.resolve(person, theirs=step[2])
        ever |= {key: row for key, row in person.items.items() if key.table == "label"}
    world.settle()
    ana, bo = world.people
    assert ana.items == bo.items == world.container
    assert ana.base == bo.base == world.container
    undone = set(ana.undone) | set(bo.undone)
    for key in ever.keys() - undone:
        assert key in world.container, f"{key} vanished"
    _no_label_went_by_itself(world, ever)


def _no_label_went_by_itself(world: World, ever: dict[Key, Any]) -> None:
    """A tombstone was set by a person, or stands for a label that was made twice."""
    for key, row in world.container.items():
        if key.table == "label" and not is_active(row) and row["removed"] == row["made"]:
            twins = [k for k, other in ever.items() if k != key and other["span"] == row["span"]]
            assert twins, f"{key} went and nothing stood for it"


@given(st.sampled_from(ProjectKind), steps)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_where_there_is_no_conflict_it_does_not_matter_who_syncs_first(
    kind: ProjectKind, done: list[tuple[Any, ...]]
) -> None:
    def played(order: tuple[int, int]) -> World:
        world = two_people(kind)
        for step in done:
            if step[0] == "act":
                world.people[step[1]].act(step[2], step[3], step[4])
        for person in world.people:
            person.drafts.clear()
        for number in (*order, order[0]):
            world.sync(world.people[number])
            if world.conflicts:
                break
        return world

    first, second = played((0, 1)), played((1, 0))
    assert bool(first.conflicts) == bool(second.conflicts)
    if not first.conflicts:
        assert first.container == second.container
        assert all(person.items == first.container for person in (*first.people, *second.people))


@given(st.sampled_from(ProjectKind), steps)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_with_one_person_at_work_there_is_never_a_conflict(
    kind: ProjectKind, done: list[tuple[Any, ...]]
) -> None:
    world = two_people(kind)
    for step in done:
        if step[0] == "act":
            world.people[0].act(step[2], step[3], step[4])
        elif step[0] == "sync":
            world.sync(world.people[step[1]])
            assert world.conflicts == 0
    expected = dict(world.people[0].items)
    world.settle()
    assert world.people[1].items == expected
