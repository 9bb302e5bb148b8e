"""What the use cases need from outside, as small protocols.

Every port that may wait is asynchronous; an adapter over a blocking library bridges inside itself. An adapter
raises only errors of :mod:`tui_labeler.engine.errors`.
"""

from __future__ import annotations

from tui_labeler.engine.ports.containers import Blob, Container, Shelf
from tui_labeler.engine.ports.deployments import AnswerStore, Connected, Deployments, Reach, Survey, Surveyor
from tui_labeler.engine.ports.estimators import Estimators, FittedModel, Prediction, Progress, Sample
from tui_labeler.engine.ports.jobs import JobJournal, JobStore, Launcher, ModelStore, QuotaStore, RequestLog
from tui_labeler.engine.ports.reliability import Reliability
from tui_labeler.engine.ports.resources import Keys, KeyState, ResourceStore, Tester
from tui_labeler.engine.ports.state import Change, Plan, Projects, ProjectStore, State, Transaction
from tui_labeler.engine.ports.surroundings import Surroundings
from tui_labeler.engine.ports.takes import TakeStore
from tui_labeler.engine.ports.watching import WatchLock

__all__ = [
    "AnswerStore",
    "Blob",
    "Change",
    "Connected",
    "Container",
    "Deployments",
    "Estimators",
    "FittedModel",
    "JobJournal",
    "JobStore",
    "KeyState",
    "Keys",
    "Launcher",
    "ModelStore",
    "Plan",
    "Prediction",
    "Progress",
    "ProjectStore",
    "Projects",
    "QuotaStore",
    "Reach",
    "Reliability",
    "RequestLog",
    "ResourceStore",
    "Sample",
    "Shelf",
    "State",
    "Surroundings",
    "Survey",
    "Surveyor",
    "TakeStore",
    "Tester",
    "Transaction",
    "WatchLock",
]
