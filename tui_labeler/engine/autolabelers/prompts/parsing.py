"""Makes items of an answer: JSON first, as strict or loose as it is, then lines of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.autolabelers.prompts.answers import Parsed, Problem, Unclear
from tui_labeler.engine.autolabelers.prompts.in_json import from_json
from tui_labeler.engine.autolabelers.prompts.in_lines import from_lines
from tui_labeler.engine.deployments.chat import Finish

if TYPE_CHECKING:
    from tui_labeler.engine.autolabelers.prompts.harvest import Harvest
    from tui_labeler.engine.autolabelers.prompts.names import Names

SHOWN = 200
"""Characters of an answer that a problem quotes."""

LONGEST = 300_000
"""Characters of an answer that are read: as many as the longest that is asked for has, six to a token."""

_THOUGHT, _END_OF_THOUGHT = "<think>", "</think>"


def parse(answer: str, finish: Finish, names: Names, kind: ProjectKind) -> Parsed:
    """What ``answer`` says. Never raises, whatever it is.

    A filtered answer is read as far as it goes; that it was filtered is the caller's to tell.
    """
    if len(answer) > LONGEST:
        answer, finish = answer[:LONGEST], Finish.OTHER if finish is Finish.STOP else finish
    # Some servers leave what the model thought in the answer; drafts in there are no answers.
    thought = answer.rfind(_END_OF_THOUGHT)
    start = thought + len(_END_OF_THOUGHT) if thought >= 0 else 0
    if thought < 0 and answer.lstrip().startswith(_THOUGHT):
        start = len(answer)
    is_over = finish is Finish.STOP
    harvest = from_json(answer, start, names, kind, is_over=is_over)
    if not harvest.has_form:
        harvest = from_lines(answer, start, names, kind, is_over=is_over)
    return _parsed(harvest, answer[start:], finish, kind)


def _parsed(harvest: Harvest, answer: str, finish: Finish, kind: ProjectKind) -> Parsed:
    items, problems = list(harvest.items), list(harvest.problems)
    if kind.is_classification:
        items = list({item.category: item for item in items}.values())
    if kind is ProjectKind.SINGLE_LABEL and len(items) > 1:
        problems.append(Problem(Unclear.SEVERAL, _quoted(answer)))
        items = []
    if finish is Finish.LENGTH:
        problems.append(Problem(Unclear.LENGTH))
    elif harvest.is_cut or finish is Finish.OTHER:
        problems.append(Problem(Unclear.CUT, _quoted(answer[-SHOWN:])))
    # Nothing found is a statement like any other: what could not be read does not make it.
    is_read = harvest.items or harvest.says_nothing or (harvest.has_form and problems)
    if not is_read and finish is not Finish.LENGTH:
        problems.insert(0, Problem(Unclear.UNREADABLE, _quoted(answer)))
    return Parsed(tuple(items), tuple(problems))


def _quoted(answer: str) -> str:
    return answer.strip()[:SHOWN]
