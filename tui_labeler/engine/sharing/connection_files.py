"""What the hand-over keeps in the container: its record, a register of what was ever joined, instructions.

::

    .tui-labeler/
      aml/KEY.json            a labeling project of a workspace, and the project that it was joined with
      PROJECT_ID/
        handover.json         the connection as it is: written with If-Match, the truth for every home
        aml/instructions.md   for those who label there
        aml/labels.jsonl      the labels at the last switch, as Azure Machine Learning writes them
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from tui_labeler.domain.handover import Handover, Phase
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.sharing.shared_file import VERSION, from_json, to_json
from tui_labeler.engine.sharing.shared_form import ROOT, folder
from tui_labeler.engine.sharing.times import is_time
from tui_labeler.engine.typed import convert

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_labeler.domain.handover import AmlProject, Terms
    from tui_labeler.domain.projects import Category, Project


def record_file(project_id: str) -> str:
    return f"{folder(project_id)}handover.json"


def register_file(aml: AmlProject) -> str:
    return f"{ROOT}/aml/{aml.key}.json"


def instructions_file(project_id: str) -> str:
    return f"{folder(project_id)}aml/instructions.md"


def labels_file(project_id: str) -> str:
    return f"{folder(project_id)}aml/labels.jsonl"


def written_record(handover: Handover) -> bytes:
    row = msgspec.to_builtins(handover)
    row.pop("etag")
    return to_json({"version": VERSION, **row})


def read_record(data: bytes, etag: str, name: str) -> Handover:
    """Raises ``FormatError`` naming the file."""
    try:
        found = from_json(data)
        found.pop("version")
        handover = replace(convert(found, Handover), etag=etag)
        _check(handover)
        return handover
    except FormatError as error:
        raise error.in_file(name) from error
    except (msgspec.ValidationError, ValueError) as error:
        raise FormatError(
            f"{name}: {error}", hint="Repair the file in the container, or restore an earlier version of it."
        ) from error


def _check(handover: Handover) -> None:
    """Raises ``ValueError`` for what this program never writes: others write into a container too."""
    taken = handover.taken.time if handover.taken else ""
    for time in (handover.since, handover.before_since, handover.laid, taken):
        if not is_time(time):
            raise ValueError(f"{time[:40]!r} is no time")
    if handover.phase is Phase.SWITCHING and handover.before not in (Phase.HERE, Phase.AML):
        raise ValueError(f"nothing is switched from {str(handover.before)!r}")


def written_register(project: Project, terms: Terms, token: str, actor: str, now: str) -> bytes:
    aml = terms.aml
    return to_json(
        {
            "version": VERSION,
            "subscription": aml.subscription,
            "resource_group": aml.resource_group,
            "workspace": aml.workspace,
            "labeling_project": aml.name,
            "project": project.name,
            "project_id": project.id,
            "token": token,
            "joined": {"actor": actor, "time": now},
        }
    )


def read_register(data: bytes, name: str) -> dict[str, Any]:
    """Raises ``FormatError`` naming the file."""
    try:
        return from_json(data)
    except FormatError as error:
        raise error.in_file(name) from error


def written_instructions(project: Project, categories: Iterable[Category], own: str) -> bytes:
    """What labelers there should know: the person's own words, then the categories."""
    lines = [f"# Labeling {project.name}", "", *([own, ""] if own else [])]
    lines += [f"## {project.kind.nouns.capitalize()}", ""]
    for category in categories:
        about = f": {category.description}" if category.description else ""
        lines.append(f"- **{category.name}**{about}")
        lines += [f"  - for instance: {example}" for example in category.examples]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")
