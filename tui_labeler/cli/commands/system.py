"""``quota`` and ``doctor``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tui_labeler.cli.encoding import terminal_encoding
from tui_labeler.cli.output import Report
from tui_labeler.cli.parser import add_command
from tui_labeler.domain.text import safe
from tui_labeler.engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_labeler.cli.context import Context
    from tui_labeler.engine.doctor.check import Check


def register(parsers: Any) -> None:
    add_command(
        parsers,
        "quota",
        quota,
        "show the month's text records for jobs with trained models",
        details="The limit is `quota` in the home's settings.toml; 0 is no limit.",
    )
    parser = add_command(
        parsers, "doctor", doctor, "check terminal, home, containers and resources, and say what to do"
    )
    parser.add_argument(
        "--ask",
        action="store_true",
        help="also send a tiny request to each deployment; without it nothing is sent",
    )


async def quota(context: Context) -> Report:
    use = await context.workbench.quota()
    fields = {"month": use.month, "limit": use.limit, "used": use.used, "left": use.left}
    of = f"{use.used:,} of " if use.limit else ""
    used = of + counted(use.limit or use.used, "text record")
    left = "" if use.left is None else f", {use.left:,} left"
    return Report(fields, [f"{use.month}: {used} used{left}."])


async def doctor(context: Context) -> Report:
    from tui_labeler.assembly import now
    from tui_labeler.engine.doctor.check import Check
    from tui_labeler.engine.doctor.home import check_home
    from tui_labeler.engine.doctor.program import check_embeddings, check_packages
    from tui_labeler.engine.doctor.resources import check_prices
    from tui_labeler.engine.doctor.terminal import Terminal, check_terminal
    from tui_labeler.engine.errors import LabelerError
    from tui_labeler.settings import read_settings, unknown_settings_note

    home = context.home
    terminal = Terminal(
        is_terminal=sys.stdin.isatty() and (sys.stdout.isatty() or sys.stderr.isatty()),
        encoding=terminal_encoding(),
    )
    checks = [*check_packages(), check_embeddings(), *check_terminal(terminal), *check_home(home)]
    try:
        settings, note = read_settings(home), unknown_settings_note(home)
        checks.append(Check("settings", True, note or "all of them are known", warning=bool(note)))
        checks += _check_keys(settings.keys)
    except LabelerError as error:
        checks.append(_failed("settings", error))
    checks.append(check_prices(home, now()))
    try:
        checks += await _check_projects(context)
    except LabelerError as error:
        checks.append(_failed("projects", error))
    try:
        checks += await _check_resources(context)
    except LabelerError as error:
        checks.append(_failed("resources", error))
    items = [
        {"name": check.name, "ok": check.ok, "warning": check.warning, "detail": check.detail}
        for check in checks
    ]
    lines = [f"{_mark(check)} {check.name}: {check.detail}" for check in checks]
    return Report({"home": str(home), "checks": items}, lines, 0 if all(c.ok for c in checks) else 1)


def _check_keys(keys: Mapping[str, str]) -> list[Check]:
    """The keys that a person chose; those of the program need no check."""
    if not keys:
        return []
    # Loads the screens, which no other check needs.
    from tui_labeler.app import LabelerApp
    from tui_labeler.engine.doctor.check import Check
    from tui_labeler.screens.keymap import troubles

    found = [words for _, words in troubles(keys, LabelerApp.BINDINGS)]
    detail = safe(" ".join(found)) if found else f"{counted(len(keys), 'command')} with a key of your own"
    return [Check("keys", True, detail, warning=bool(found))]


def _mark(check: Check) -> str:
    return "warning" if check.ok and check.warning else "ok     " if check.ok else "FAILED "


def _failed(name: str, error: Any) -> Check:
    from tui_labeler.engine.doctor.check import Check
    from tui_labeler.engine.wording import in_words

    return Check(name, False, f"{error.title}: {in_words(error)}")


async def _check_resources(context: Context) -> list[Check]:
    """Each resource has a key; with ``--ask`` each deployment answers."""
    from tui_labeler.engine.doctor.check import Check
    from tui_labeler.engine.doctor.resources import check_deployment, check_resource

    resources = context.workbench.resources
    found = await resources.list()
    if not found:
        return [Check("resources", True, "there is none; only labeling with GPT needs one")]
    checks = [await check_resource(resources, resource) for resource in found]
    if context.options.ask:
        checks += [
            await check_deployment(resources, resource, deployment)
            for resource in found
            for deployment in resource.deployments
        ]
    return checks


async def _check_projects(context: Context) -> list[Check]:
    """Each project opens, and its container answers."""
    from tui_labeler.engine.doctor.check import Check
    from tui_labeler.engine.doctor.projects import check_project
    from tui_labeler.engine.errors import LabelerError

    checks = [_failed(f"project in {name}", error) for name, error in await context.workbench.broken()]
    checks += [
        Check(
            "leftovers",
            True,
            f"{folder} holds no project, only what was left when one was deleted; it may be removed",
            warning=True,
        )
        for folder in await context.workbench.leftovers()
    ]
    checks += [
        Check(
            "other files",
            True,
            f"{path} is not of the program, which does not read it; keep copies elsewhere",
            warning=True,
        )
        for path in await context.workbench.strays()
    ]
    projects = await context.workbench.projects()
    if not projects and not checks:
        return [Check("projects", True, "there is none yet")]
    for project in projects:
        try:
            session = await context.workbench.open(project.id)
            try:
                async for check in check_project(session):
                    checks.append(check)
            finally:
                await session.close()
        except LabelerError as error:
            checks.append(_failed(f"project {project.name}", error))
    return checks
