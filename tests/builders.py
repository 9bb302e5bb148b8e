"""Homes, projects, documents and runners for tests: real adapters, a clock and models that tests set."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.fakes import home_resources
from tui_labeler.domain.documents import Document
from tui_labeler.domain.jobs import Job, Method, Usage
from tui_labeler.domain.labels import Placed, Span, Suggestion
from tui_labeler.domain.models import WORDS, Features, ModelCard, TrainOptions
from tui_labeler.domain.performance import Performance
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.domain.resources import Capabilities, Deployment, Structured
from tui_labeler.engine.adapters.folder import FolderContainer
from tui_labeler.engine.adapters.reliability import KrippendorffReliability
from tui_labeler.engine.adapters.store.answers import FileAnswerStore
from tui_labeler.engine.adapters.store.home import TinyProjects
from tui_labeler.engine.adapters.store.imports import FileImports
from tui_labeler.engine.adapters.store.jobs import FileJobStore
from tui_labeler.engine.adapters.store.models import FolderModelStore
from tui_labeler.engine.adapters.store.quota import TinyQuotaStore
from tui_labeler.engine.adapters.surveyors import DirectSurveyor
from tui_labeler.engine.changes import put_suggestion
from tui_labeler.engine.deployments.chat import Finish, Question, Reply
from tui_labeler.engine.errors import LabelerError, NotFoundError, OutsideError
from tui_labeler.engine.ports import (
    Connected,
    Container,
    Estimators,
    FittedModel,
    ModelStore,
    Plan,
    Prediction,
    Progress,
    ProjectStore,
    Reach,
    Sample,
    State,
    Surroundings,
)
from tui_labeler.engine.ports.cluster import Cluster
from tui_labeler.engine.runner import Runner
from tui_labeler.engine.session import ProjectSession
from tui_labeler.engine.workbench import NewProject, Workbench

NAMES = {"Ann": "Person", "Bob": "Person", "Rome": "Place", "Oslo": "Place"}
"""What the fake models know: words and the names of their categories."""

TEXT = "Ann met Bob in Rome. Then Ann went on to Oslo.\n"


class Clock:
    """Each look is a second after the one before; tests may set it on."""

    def __init__(self, start: str = "2026-11-21T09:00:00+00:00") -> None:
        self.moment = datetime.fromisoformat(start).astimezone(UTC)

    def __call__(self) -> str:
        self.moment += timedelta(seconds=1)
        return self.moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def pass_time(self, **parts: float) -> None:
        self.moment += timedelta(**parts)


class Launcher:
    """Starts nothing; remembers what it was asked for, or refuses."""

    def __init__(self) -> None:
        self.launched: list[str] = []
        self.error: Exception | None = None

    async def launch(self, project_id: str, job_id: str) -> int:
        if self.error is not None:
            raise self.error
        self.launched.append(job_id)
        return 4711


class RuleModel:
    """Finds known words. Counts the texts it was given, and what it was given at once."""

    def __init__(
        self,
        kind: ProjectKind,
        words: Mapping[str, str],
        confidence: float = 0.9,
        before: Callable[[Sequence[str]], Awaitable[None]] | None = None,
    ) -> None:
        self.kind = kind
        self.words = dict(words)
        """Category ids by word."""
        self.confidence = confidence
        self.before = before
        self.seen: list[str] = []
        self.most_at_once = 0

    @property
    def version(self) -> str:
        return f"rules-{len(self.words)}-{self.confidence}"

    features = (WORDS,)

    async def predict(self, texts: Sequence[str]) -> Sequence[Sequence[Prediction]]:
        if self.before is not None:
            await self.before(texts)
        self.seen += texts
        self.most_at_once = max(self.most_at_once, len(texts))
        return [self._predict(text) for text in texts]

    def _predict(self, text: str) -> list[Prediction]:
        found = [
            Prediction(self.words[match.group()], Span(*match.span()), self.confidence)
            for match in re.finditer(r"\w+", text)
            if match.group() in self.words
        ]
        if self.kind is ProjectKind.ENTITIES:
            return found
        classes = dict.fromkeys(prediction.category for prediction in found)
        if self.kind is ProjectKind.SINGLE_LABEL:
            classes = dict.fromkeys([*classes, *self.words.values()][:1])
        return [Prediction(key, None, self.confidence) for key in classes]

    def save(self, folder: str) -> None:
        (Path(folder) / "rules.txt").write_text(
            "\n".join(f"{word} {key}" for word, key in self.words.items()), encoding="utf-8"
        )


class RuleEstimators:
    """Learns the words of the labels it is shown."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[Sample], list[str], int]] = []
        self.error: Exception | None = None
        self.hold: asyncio.Event | None = None
        """Training waits for it."""
        self.begun = asyncio.Event()
        self.kind = ProjectKind.ENTITIES

    async def train(
        self,
        kind: ProjectKind,
        samples: Sequence[Sample],
        unlabeled: Iterable[str],
        *,
        seed: int,
        features: Features,
        progress: Progress,
    ) -> FittedModel:
        self.features = features
        self.kind = kind
        self.calls.append((list(samples), list(unlabeled), seed))
        progress("learning", 0.5)
        self.begun.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        words = {}
        for sample in samples:
            for category, span in sample.annotations:
                known = sample.text[span.start : span.end] if span else sample.text.split()[0]
                words[known] = category
        return RuleModel(kind, words)

    async def load(self, folder: str) -> FittedModel:
        lines = (Path(folder) / "rules.txt").read_text(encoding="utf-8").splitlines()
        return RuleModel(self.kind, dict(line.split(" ", 1) for line in lines))


class MemoryModels:
    """A model store that keeps models as they are given."""

    def __init__(self) -> None:
        self.cards: dict[str, ModelCard] = {}
        self.models: dict[str, FittedModel] = {}

    async def list(self) -> tuple[ModelCard, ...]:
        return tuple(self.cards[name] for name in sorted(self.cards))

    async def broken(self) -> tuple[tuple[str, LabelerError], ...]:
        return ()

    async def save(self, card: ModelCard, model: FittedModel) -> None:
        self.cards[card.name], self.models[card.name] = card, model

    async def load(self, name: str) -> FittedModel:
        if name not in self.models:
            raise NotFoundError(f"There is no model named {name!r}.")
        return self.models[name]

    async def files(self, name: str) -> dict[str, bytes]:
        return {"rules": (await self.load(name)).version.encode()}

    async def delete(self, name: str) -> None:
        if name not in self.models:
            raise NotFoundError(f"There is no model named {name!r}.")
        del self.cards[name], self.models[name]


class RuleChat:
    """Deployments of a test: answer by ``says``, a function of the text that is asked about."""

    def __init__(self) -> None:
        self.says: Callable[[str], str | Reply | Exception] = _said_by_rules
        self.questions: list[Question] = []
        self.deployment = Deployment(
            "gpt", Capabilities(Structured.SCHEMA, logprobs=False, reasoning=False, seconds=0.1, tested="now")
        )

    async def connect(self, resource: str, deployment: str) -> Connected:
        return Connected(self, self.deployment, f"{resource}/{deployment}")

    async def reach(self, method: Method) -> Reach:
        connected = await self.connect(method.resource, method.deployment)
        return Reach(connected.deployment, connected.address, connected.counter)

    async def ask(self, question: Question) -> Reply:
        self.questions.append(question)
        await asyncio.sleep(0)
        said = self.says(asked_text(question))
        if isinstance(said, Exception):
            raise said
        return said if isinstance(said, Reply) else Reply(said, Finish.STOP, Usage(100, 10))

    async def close(self) -> None:
        return None


def asked_text(question: Question) -> str:
    """What a question is about: what stands in the last fence."""
    last = next(item.content for item in reversed(question.messages) if "\n=====" in item.content)
    fence = next(line for line in last.split("\n") if line.startswith("====="))
    return last.split(f"{fence}\n", 1)[1].rsplit(f"\n{fence}", 1)[0]


def _said_by_rules(text: str) -> str:
    found = [(match.start(), word) for word in NAMES for match in re.finditer(word, text)]
    entities = [{"text": word, "category": NAMES[word], "before": ""} for _, word in sorted(found)]
    return json.dumps({"entities": entities})


async def no_cluster(scheduler: str) -> Cluster:
    raise OutsideError(f"There is no scheduler at {scheduler}.")


@dataclass
class Bench:
    """A home in a temporary folder, and everything that works on it."""

    root: Path
    kind: ProjectKind = ProjectKind.ENTITIES
    clock: Clock = field(default_factory=Clock)
    launcher: Launcher = field(default_factory=Launcher)
    models: ModelStore = field(default_factory=MemoryModels)
    estimators: RuleEstimators = field(default_factory=RuleEstimators)
    chat: RuleChat = field(default_factory=lambda: RuleChat())
    clusters: Callable[[str], Awaitable[Cluster]] = no_cluster
    quota: int = 5000
    numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def documents(self) -> Path:
        return self.root / "documents"

    def new_id(self) -> str:
        return f"id{next(iter(self.numbers)):05}"

    def surroundings(self, actor: str) -> Surroundings:
        return Surroundings(actor, self.clock, self.new_id)

    def projects(self, viewer: str = "") -> TinyProjects:
        return TinyProjects(self.home, self.clock, self.new_id, viewer)

    def quota_store(self) -> TinyQuotaStore:
        return TinyQuotaStore(self.home, self.quota, self.clock)

    def write(self, texts: Mapping[str, str | bytes]) -> None:
        """Puts documents into the container."""
        self.documents.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            data = text if isinstance(text, bytes) else text.encode("utf-8")
            (self.documents / name).write_bytes(data)

    def workbench(self, actor: str = "ana", *, immediate: bool = False) -> Workbench:
        projects = self.projects(actor)
        around = self.surroundings(actor)

        def connect(store: ProjectStore) -> ProjectSession:
            project = store.state.project
            return ProjectSession(
                store,
                FolderContainer(Path(project.container)),
                FileJobStore(projects.folder(project.id) / "jobs", self.clock),
                self.models,
                self.quota_store(),
                self.launcher,
                around,
                immediate=immediate,
                reliability=KrippendorffReliability(),
                imports=FileImports(projects.place(project.id) / "importing"),
                surveyor=DirectSurveyor(
                    store,
                    FolderContainer(Path(project.container)),
                    lambda: FileAnswerStore(projects.folder(project.id) / "answers", self.new_id()),
                    self.chat.reach,
                    FileJobStore(projects.folder(project.id) / "jobs", self.clock),
                ),
            )

        return Workbench(projects, self.quota_store(), connect, str, around, home_resources(self.home))

    async def create(
        self,
        texts: Mapping[str, str | bytes] | int = 3,
        *,
        kind: ProjectKind = ProjectKind.ENTITIES,
        immediate: bool = False,
        categories: Sequence[str] = ("Person", "Place"),
        language: str = "",
    ) -> ProjectSession:
        """A project named ``Test``, open for ``ana``."""
        self.kind = kind
        many = {f"d{number:04}.txt": TEXT for number in range(texts)} if isinstance(texts, int) else texts
        self.write(many)
        new = NewProject("Test", kind, str(self.documents), language, categories=tuple(categories))
        return (await self.workbench(immediate=immediate).create(new)).session

    async def session(self, actor: str = "ana", *, immediate: bool = False) -> ProjectSession:
        """The project as another process, perhaps of another person, sees it."""
        return await self.workbench(actor, immediate=immediate).open("Test")

    async def project_folder(self) -> Path:
        projects = self.projects()
        (project,) = await projects.list()
        return projects.folder(project.id)

    # --- models and jobs ----------------------------------------------------------------------------

    async def add_model(
        self,
        session: ProjectSession,
        name: str = "rules",
        *,
        words: Mapping[str, str] = NAMES,
        confidence: float = 0.9,
        before: Callable[[Sequence[str]], Awaitable[None]] | None = None,
        learned: Sequence[int] = (),
    ) -> RuleModel:
        """A model that knows some words, with an empty card."""
        ids = {word: session.categories.by_name(category).id for word, category in words.items()}
        model = RuleModel(session.project.kind, ids, confidence, before)
        card = ModelCard(
            name=name,
            kind=session.project.kind,
            created=self.clock(),
            actor="ana",
            seconds=0.0,
            version=model.version,
            labels_version="",
            options=TrainOptions(name),
            categories={key: item.name for key, item in session.store.state.categories.items()},
            performance=Performance({}),
            train_documents=tuple(learned),
            test_documents=(),
        )
        await self.models.save(card, model)
        return model

    async def runner(self, *, container: Container | None = None) -> Runner:
        """What a runner's process works with; its own view of the store."""
        projects = self.projects()
        store = await projects.open("Test")
        project = store.state.project
        return Runner(
            store=store,
            container=container or FolderContainer(Path(project.container)),
            jobs=FileJobStore(projects.folder(project.id) / "jobs", self.clock),
            models=self.models,
            quota=self.quota_store(),
            estimators=lambda: self.estimators,
            deployments=self.chat,
            answers=lambda job: FileAnswerStore(
                projects.folder(project.id) / "answers", f"{job}-{self.new_id()}"
            ),
            surroundings=self.surroundings("runner"),
            clusters=self.clusters,
        )

    async def run(self, job: Job, *, container: Container | None = None) -> Job:
        """Runs a job to its end, as its process does."""
        runner = await self.runner(container=container)
        try:
            return await runner.run(job.id)
        finally:
            await runner.store.close()

    async def autolabel(
        self, session: ProjectSession, *locations: str, model: str = "rules", categories: Sequence[str] = ()
    ) -> Job:
        """Starts and runs a job over some documents, or all; returns it when it is over."""
        job = await self.start(session, *locations, model=model, categories=categories)
        ended = await self.run(job)
        await session.refresh()
        return ended

    async def start(
        self, session: ProjectSession, *locations: str, model: str = "rules", categories: Sequence[str] = ()
    ) -> Job:
        """Starts a job; no process runs it yet."""
        rows = [row for row in session.documents.select() if not locations or row.location in locations]
        chosen = [session.categories.by_name(name).id for name in categories] or None
        return await session.jobs.autolabel(rows, Method("model", model), chosen)


def folder_models(bench: Bench, folder: Path) -> FolderModelStore:
    """A model store on disk whose models the bench's estimators load."""

    def estimators() -> Estimators:
        return bench.estimators

    return FolderModelStore(folder, estimators)


# --- looking at a project ---------------------------------------------------------------------------


def key(session: ProjectSession, name: str) -> str:
    """A category's id."""
    return session.categories.by_name(name).id


def number(session: ProjectSession, location: str = "d0000.txt") -> int:
    """A document's id."""
    return session.documents.find(location).id


def span(word: str, text: str = TEXT, nth: int = 0) -> Span:
    """Where a word stands for the n-th time."""
    matches = list(re.finditer(re.escape(word), text))
    return Span(*matches[nth].span())


def document(session: ProjectSession, location: str = "d0000.txt") -> Document:
    return session.documents.find(location)


def labels(session: ProjectSession, location: str = "d0000.txt") -> list[tuple[str, Span | None]]:
    """The labels that people see: category name and span."""
    names = session.store.state.categories
    return [(names[item.category].name, item.span) for item in document(session, location).active_labels]


def saved(session: ProjectSession, location: str = "d0000.txt") -> list[tuple[str, Span | None]]:
    """The labels that training and export use."""
    names = session.store.state.categories
    return [(names[item.category].name, item.span) for item in document(session, location).saved_labels]


def suggestions(session: ProjectSession, location: str = "d0000.txt") -> tuple[Suggestion, ...]:
    """The open suggestions of a document."""
    return document(session, location).open_suggestions(session.project.kind)


async def suggest(
    session: ProjectSession, location: str, *given: tuple[str, Span, float | None]
) -> list[str]:
    """Suggestions as they are given: category, span, confidence."""
    place = number(session, location)
    made = [
        Suggestion(f"s{place}{at}", key(session, name), where, "gpt:r/d", "job9", confidence, Placed.FUZZY)
        for at, (name, where, confidence) in enumerate(given)
    ]

    def plan(state: State) -> Plan:
        target = state.document(place)
        return Plan("job.suggest", [put_suggestion(state, target, item) for item in made], job="job9")

    await session.store.commit("runner", plan)
    return [item.id for item in made]


def words_of(found: Iterable[Suggestion], text: str = TEXT) -> list[str]:
    """What open suggestions stand on."""
    return [text[item.span.start : item.span.end] if item.span else "" for item in found]


def whole(session: ProjectSession) -> dict[str, object]:
    """Everything that the state says, for comparing two views of it."""
    state = session.store.state
    documents = {row.location: replace(state.document(row.id), revision=0) for row in state.rows.values()}
    return {
        "project": state.project,
        "categories": list(state.categories.items()),
        "rows": dict(sorted(state.rows.items())),
        "documents": documents,
    }
