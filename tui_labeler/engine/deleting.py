"""What goes with a project when it is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_labeler.domain.documents import DocumentState
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from tui_labeler.engine.session import ProjectSession


@dataclass(frozen=True, slots=True)
class Holdings:
    """What people made in a project, as of one moment."""

    labels: int
    labeled: int
    """Documents with a label."""
    drafts: Mapping[str, int]
    """Decisions that are not saved, by whose they are."""
    waiting: int
    """Documents with suggestions that nobody has decided."""
    models: int
    """Those that can't be read too."""
    running: tuple[str, ...]
    """The ids of jobs at work."""

    @property
    def words(self) -> tuple[str, ...]:
        """A phrase for each of them that there is; none for a project without work in it."""
        said = []
        if self.labels:
            said.append(f"{counted(self.labels, 'label')} in {counted(self.labeled, 'document')}")
        if drafts := sum(self.drafts.values()):
            whose = ", ".join(f"{count:,} of {name}" for name, count in sorted(self.drafts.items()))
            said.append(f"{counted(drafts, 'decision')} not saved yet ({whose})")
        if self.waiting:
            said.append(f"suggestions that wait for review in {counted(self.waiting, 'document')}")
        if self.models:
            said.append(counted(self.models, "model"))
        if self.running:
            jobs = "job" if len(self.running) == 1 else "jobs"
            said.append(f"the running {jobs} {', '.join(self.running)} (cancelled first)")
        return tuple(said)


async def holdings(session: ProjectSession) -> Holdings:
    """What would be lost with the project. Raises ``StorageError``."""
    rows, totals = session.rows.values(), session.store.state.totals
    jobs = await session.jobs.list()
    return Holdings(
        labels=sum(row.label_count for row in rows),
        labeled=sum(bool(row.labels) for row in rows),
        drafts={name: count for name, count in totals.drafts.items() if count},
        waiting=totals.states[DocumentState.AUTO_LABELED],
        models=len(await session.models.list()) + len(await session.models.broken()),
        running=tuple(job.id for job in jobs if not job.state.is_over),
    )
