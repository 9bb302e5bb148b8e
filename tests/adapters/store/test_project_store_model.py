"""The store against a plain dictionary: any changes, reopened, folded and followed in any order."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.builders import Clock
from tui_labeler.domain.documents import Document
from tui_labeler.domain.labels import Label, Origin, Span, Stamp
from tui_labeler.domain.projects import Project, ProjectKind
from tui_labeler.engine.adapters.store import checkpoint, journal
from tui_labeler.engine.adapters.store.home import TinyProjects
from tui_labeler.engine.adapters.store.memory import MemoryState
from tui_labeler.engine.ports import Change, Plan, State
from tui_labeler.engine.rows import document_header, to_document, to_row

if TYPE_CHECKING:
    from tui_labeler.engine.adapters.store.project_store import TinyProjectStore

T = TypeVar("T")
DOCUMENTS = st.integers(0, 7)
LABELS = st.sampled_from(["a", "b", "c"])
VIEWS = st.integers(0, 1)


class StoreMachine(RuleBasedStateMachine):
    """Two views of one project beside a dictionary of what it must hold."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._loop = asyncio.new_event_loop()
        self._ids = itertools.count()
        self._projects = TinyProjects(Path(self._folder.name), Clock(), lambda: f"g{next(self._ids)}")
        self._sizes = (journal.SEGMENT_SIZE, checkpoint.CHECKPOINT_AFTER)
        journal.SEGMENT_SIZE = 3000
        checkpoint.CHECKPOINT_AFTER = 4000
        self._run(self._projects.begin(Project("p1", "P", ProjectKind.ENTITIES, "/")))
        self._run(self._projects.publish("p1"))
        self.views = [self._open(), self._open()]
        self.documents: dict[int, str] = {}
        self.labels: dict[tuple[int, str], int] = {}

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def _open(self) -> TinyProjectStore:
        return self._run(self._projects.open("P"))

    def _commit(self, view: int, changes: list[tuple[str, str, dict[str, Any] | None]]) -> None:
        def plan(state: State) -> Plan:
            made = [Change(table, key, state.raw(table, key), after) for table, key, after in changes]
            return Plan("x", made)

        self._run(self.views[view].commit("ana", plan))

    @rule(view=VIEWS, document=DOCUMENTS, flag=st.text(max_size=3).filter(lambda text: text.isprintable()))
    def put_document(self, view: int, document: int, flag: str) -> None:
        row = document_header(to_row(Document(document, f"d{document}.txt", flag=flag)))
        self._commit(view, [("document", str(document), row)])
        self.documents[document] = flag

    @rule(view=VIEWS, document=DOCUMENTS)
    def drop_document(self, view: int, document: int) -> None:
        self._commit(view, [("document", str(document), None)])
        self.documents.pop(document, None)
        self.labels = {place: start for place, start in self.labels.items() if place[0] != document}

    @rule(view=VIEWS, document=DOCUMENTS, label=LABELS, start=st.integers(0, 50))
    def put_label(self, view: int, document: int, label: str, start: int) -> None:
        if document in self.documents:
            made = Label(label, "c1", Span(start, start + 1), Origin.PERSON, Stamp("ana", "now"))
            self._commit(view, [("label", f"{document}/{label}", to_row(made))])
            self.labels[document, label] = start

    @rule(view=VIEWS, document=DOCUMENTS, label=LABELS)
    def drop_label(self, view: int, document: int, label: str) -> None:
        self._commit(view, [("label", f"{document}/{label}", None)])
        self.labels.pop((document, label), None)

    @rule(view=VIEWS)
    def fold(self, view: int) -> None:
        self._run(self.views[view].checkpoint())

    @rule(view=VIEWS)
    def reopen(self, view: int) -> None:
        self._run(self.views[view].close())
        self.views[view] = self._open()

    @rule(view=VIEWS)
    def reopen_without_closing(self, view: int) -> None:
        self.views[view] = self._open()

    @rule()
    def lose_the_index(self) -> None:
        (Path(self._folder.name) / "projects" / "p1" / "index.json").unlink(missing_ok=True)

    @invariant()
    def every_view_holds_what_the_dictionary_does(self) -> None:
        for view in self.views:
            self._run(view.refresh())
            state = view.state
            assert {key: row.flag for key, row in state.rows.items()} == self.documents
            for document in self.documents:
                known = state.document(document).labels
                assert isinstance(state, MemoryState)
                row = state.document_row(document)
                assert row is not None
                assert state.document(document) == to_document(row)
                found = {(document, key): item.span.start for key, item in known.items() if item.span}
                assert found == {place: at for place, at in self.labels.items() if place[0] == document}
                assert state.rows[document].label_count == len(known)
                assert state.document_id(f"d{document}.txt") == document

    def teardown(self) -> None:
        for view in self.views:
            self._run(view.close())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        journal.SEGMENT_SIZE, checkpoint.CHECKPOINT_AFTER = self._sizes
        self._folder.cleanup()


StoreMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
TestStore = StoreMachine.TestCase
