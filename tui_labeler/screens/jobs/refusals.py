"""Why a key does nothing to the job at the cursor."""

from __future__ import annotations

from tui_labeler.domain.jobs import Job, JobKind

_AUTOLABELING = "It is no autolabeling job"


def why_not(action: str, job: Job) -> str:
    """What to tell of an action of the screen of jobs that is not for this job as it is now."""
    is_autolabeling = job.request.kind is JobKind.AUTOLABEL
    match action:
        case "review" if job.request.kind is JobKind.TRAIN:
            return "Its model is shown once the training has succeeded."
        case "review":
            return "It has suggested nothing to review." if is_autolabeling else f"{_AUTOLABELING}."
        case "cancel" if not job.state.is_over:
            return "It is being cancelled already."
        case "cancel":
            return "It has ended: there is nothing to cancel."
        case "resume" if not job.state.is_over:
            return "It has not ended yet: it goes on by itself."
        case "resume":
            return "It was done to its end: nothing is missing." + " t tries what failed." * bool(job.failed)
        case "retry" if not job.state.is_over:
            return "It has not ended yet: what fails is tried again after that."
        case "retry":
            return "None of its documents failed."
        case "undo" | "compare" if not is_autolabeling:
            done = "there is nothing to take back" if action == "undo" else "its answers can't be compared"
            return f"{_AUTOLABELING}: {done}."
        case "undo" | "delete" if not job.state.is_over:
            return "It has not ended yet: c cancels it first."
        case "undo":
            return "It has suggested nothing: there is nothing to take back."
        case _:
            return "It has labeled nothing yet: there is nothing to compare."
