"""``train``, ``models``, ``evaluate``, ``autolabel``, ``jobs`` and what is decided of suggestions."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, write_letters
from tui_labeler.assembly import now
from tui_labeler.cli.grammar import build
from tui_labeler.domain.jobs import Job, JobKind, JobRequest, JobState, Method
from tui_labeler.engine.adapters.store.jobs import FileJobStore
from tui_labeler.engine.wording import JOB_STATES

FIGURES = {"precision", "recall", "f1", "per_category", "train_documents", "test_documents", "seconds"}


@pytest.fixture(scope="module")
def own_letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_letters(tmp_path_factory.mktemp("own") / "letters", 6)


def test_training_reports_figures_and_deleted_suggestions(cli: Cli, suggested: str) -> None:
    needs_yes = cli("train", suggested, "--model", "second", "--json")
    assert needs_yes.code == 2
    assert "suggestions" in needs_yes.error["message"]
    assert "--yes" in needs_yes.error["hint"]
    waiting = cli("project", "show", suggested, "--json").json["auto_labeled"]
    assert waiting == 8

    ran = cli(
        "train", suggested, "--model", "second", "--test-percent", "25", "--seed", "3", "--yes", "--json"
    )
    assert ran.code == 0
    assert ran.json["model"] == "second"
    assert ran.json.keys() >= FIGURES
    assert ran.json["deleted_suggestions"] > 0
    assert ran.json["train_documents"] + ran.json["test_documents"] == 16
    assert ran.json["drafts_pending"] == 0
    for figures in ran.json["per_category"].values():
        assert figures.keys() >= {"precision", "recall", "f1", "support"}
    assert cli("project", "show", suggested, "--json").json["auto_labeled"] == 0


def test_documents_reviewed_by_half_are_warned_of_before_and_after(cli: Cli, suggested: str) -> None:
    first, second, *_ = suggestions(cli, suggested)
    assert first["location"] == second["location"]
    assert cli("accept", suggested, "--id", first["id"]).code == 0
    words = "1 document still has undecided suggestions; what is not accepted there counts as nothing"
    assert words in cli("train", suggested, "--model", "second").err
    assert cli("train", suggested, "--model", "second", "--yes", "--json").json["warnings"] == [words]


def test_a_model_is_overwritten_only_on_purpose(cli: Cli, trained: str) -> None:
    ran = cli("train", trained, "--model", "first", "--json")
    assert ran.code == 2
    assert "overwrites the model first" in ran.error["message"]
    before = cli("model", "show", trained, "first", "--json").json["version"]
    assert before


def test_models_are_listed_shown_and_deleted(cli: Cli, trained: str) -> None:
    (listed,) = cli("models", trained, "--json").json["items"]
    assert listed["model"] == "first"
    assert listed.keys() >= FIGURES
    shown = cli("model", "show", trained, "first", "--json").json
    assert shown["f1"] == listed["f1"]
    people = cli("model", "show", trained, "first").out
    assert "precision" in people
    assert "Person" in people
    found = shown["calibration"]
    assert found["expected_calibration_error"] >= 0
    assert sum(one["predictions"] for one in found["bins"]) == found["predictions"] > 0
    assert "expected calibration error" in people
    assert cli("model", "delete", trained, "first", "--json").code == 2
    assert cli("model", "delete", trained, "first", "--yes", "--json").json["deleted"] is True
    assert cli("models", trained, "--json").json["items"] == []
    newest = cli("history", trained, "--limit", "1", "--json").json["items"][0]
    assert (newest["action"], newest["who"], newest["model"]) == ("model.delete", "tester", "first")
    told = cli("history", trained).out
    assert "delete a model" in told
    assert "train a model" in told
    assert cli("autolabel", trained, "--model", "first", "--json").error["code"] == "not_found"


def test_a_model_in_use_is_refused_with_the_job(cli: Cli, trained: str) -> None:
    (jobs,) = cli.home.glob("projects/*/jobs")
    request = JobRequest("j7", JobKind.AUTOLABEL, "bob", now(), Method("model", model="first"))
    asyncio.run(FileJobStore(jobs, now).create(request))
    ran = cli("model", "delete", trained, "first", "--yes", "--json")
    assert ran.code == 4
    assert "j7" in ran.error["message"]
    assert len(cli("models", trained, "--json").json["items"]) == 1


def test_training_without_any_label_is_refused(cli: Cli, own_letters: Path) -> None:
    create = ("project", "create", "bare", "--kind", "ner", "--container", str(own_letters))
    cli(*create, "--category", "Town")
    ran = cli("train", "bare", "--model", "m", "--json")
    assert ran.code == 2
    assert "label" in ran.error["message"]
    assert ran.error["hint"]
    assert cli("jobs", "bare", "--json").json["items"] == []


def test_training_with_one_class_only_says_so(cli: Cli, own_letters: Path) -> None:
    create = ("project", "create", "topics", "--kind", "single", "--container", str(own_letters))
    cli(*create, "--category", "Trip", "--category", "Bags")
    for number in range(4):
        cli("label", "topics", f"letter{number:02}.txt", "--category", "Trip")
    ran = cli("train", "topics", "--model", "m", "--json")
    assert ran.code == 2
    assert ran.error["message"]
    assert "second class" in ran.error["hint"]
    assert (
        cli("jobs", "topics", "--json").json["items"] == cli("models", "topics", "--json").json["items"] == []
    )
    people = cli("train", "topics", "--model", "m")
    assert people.code == 2
    assert ran.error["message"] in people.err


def test_a_category_with_one_label_is_trained_and_advised(cli: Cli, own_letters: Path) -> None:
    create = ("project", "create", "few", "--kind", "ner", "--container", str(own_letters))
    cli(*create, "--category", "Town", "--category", "Person")
    for number, town in ((1, "Lisbon"), (2, "Turin"), (3, "Bergen")):
        cli("label", "few", f"letter{number:02}.txt", "--category", "Town", "--text", town)
    cli("label", "few", "letter01.txt", "--category", "Person", "--text", "Bo Sand")
    ran = cli("train", "few", "--model", "m", "--json")
    assert ran.code == 0
    assert any(item["category"] == "Person" for item in ran.json["guidance"])


def test_a_manual_split_needs_a_testing_set(cli: Cli, trained: str) -> None:
    ran = cli("train", trained, "--model", "manual", "--split", "manual", "--json")
    assert ran.code == 4
    assert "--dataset test" in ran.error["hint"]
    refused = cli("train", trained, "--model", "no/name", "--json")
    assert refused.code == 2
    assert "model name" in refused.error["message"]
    assert "project name" not in refused.error["message"]


def test_labeled_documents_whose_text_changed_are_named_when_they_are_left_out(
    cli: Cli, trained: str, trained_home: Path
) -> None:
    folder = trained_home.parent / "letters"
    kept = {name: (folder / name).read_bytes() for name in ("letter01.txt", "letter02.txt", "letter03.txt")}
    try:
        (folder / "letter01.txt").write_text("Another text.")
        (folder / "letter02.txt").write_text("Another text.")
        cli("sync", trained)
        (folder / "letter02.txt").write_text("Yet another text.")
        (folder / "letter03.txt").unlink()
        ran = cli("train", trained, "--model", "second", "--json")
        assert ran.code == 0
        assert ran.json["train_documents"] + ran.json["test_documents"] == 13
        assert [item["location"] for item in ran.json["skipped"]] == sorted(kept)
        assert "changed" in ran.json["skipped"][0]["reason"]
        (warning,) = ran.json["warnings"]
        assert f"{warning}." in ran.err.splitlines()
        assert "to learn from" in ran.err
        assert f"warning: {warning}" in cli("model", "show", trained, "second").out
        assert warning.startswith("3 labeled documents")
        assert all(name in warning for name in kept)
        people = cli("evaluate", trained, "--model", "second", "--include-training").out
        assert f"warning: {warning}" in people
    finally:
        for name, content in kept.items():
            (folder / name).write_bytes(content)
    cli("sync", trained)
    sound = cli("evaluate", trained, "--model", "first", "--json").json
    assert (sound["skipped"], sound["warnings"]) == ([], [])


def test_the_labels_to_train_on_may_be_named_and_others_are_refused(cli: Cli, trained: str) -> None:
    unknown = cli("train", trained, "--model", "m", "--label-origin", "there", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "usage")
    # A project in a folder is connected with nobody.
    refused = cli("train", trained, "--model", "m", "--label-origin", "aml", "--json")
    assert (refused.code, refused.error["code"]) == (4, "handover")
    manual = cli("train", trained, "--model", "m", "--label-origin", "here", "--split", "manual", "--json")
    assert manual.code == 4


def test_evaluating_tells_figures_with_intervals_and_changes_nothing(cli: Cli, trained: str) -> None:
    before = cli("project", "show", trained, "--json").json
    ran = cli("evaluate", trained, "--model", "first", "--json")
    assert ran.code == 0
    assert ran.json.keys() >= {"precision", "recall", "f1", "per_category", "documents", "usage", "cost"}
    assert ran.json["intervals"]["level"] == 0.95
    assert ran.json["cost"] is None
    assert ran.json["documents"] < 16
    job = cli("job", "show", trained, ran.json["job_id"], "--json").json
    assert (job["done"], job["total"]) == (100, 100)
    limited = cli("evaluate", trained, "--model", "first", "--limit", "2", "--include-training")
    assert "too few documents" in limited.out
    assert "F1" in limited.out
    assert cli("quota", "--json").json["used"] == 0
    assert cli("project", "show", trained, "--json").json == before


def test_a_container_that_is_not_there_ends_a_job_at_once_and_charges_nothing(cli: Cli, trained: str) -> None:
    folder = Path(cli("project", "show", trained, "--json").json["container"])
    folder.rename(folder.with_name("elsewhere"))
    ran = cli("autolabel", trained, "--model", "first", "--yes", "--json")
    assert (ran.code, ran.json["state"], ran.error["code"]) == (3, "failed", "container")
    assert "there is no folder" in ran.error["message"]
    assert ran.json["failed"] == []
    assert cli("quota", "--json").json["used"] == 0
    folder.with_name("elsewhere").rename(folder)
    resumed = cli("job", "resume", trained, ran.json["job_id"], "--json")
    assert (resumed.code, resumed.json["state"]) == (0, "succeeded")


# --- autolabel ----------------------------------------------------------------------------------------


def test_autolabeling_takes_the_unlabeled_documents(cli: Cli, trained: str) -> None:
    ran = cli("autolabel", trained, "--model", "first", "--json")
    job = ran.json
    assert ran.code == 0
    assert job["state"] == "succeeded"
    assert (job["documents"], job["text_records"], job["failed"]) == (8, 8, [])
    assert job["suggestions"] > 0
    assert job["unaligned"] == 0
    assert set(job["usage"].values()) == {0}
    assert job["cost"] is None
    assert job["pid"] is None
    assert cli("quota", "--json").json["used"] == 8
    listed = cli("documents", trained, "--filter", "auto-labeled", "--json").json["items"]
    assert sum(item["suggestions"] for item in listed) == job["suggestions"]
    shown = cli("show", trained, listed[0]["location"], "--json").json
    suggestion = shown["suggestions"][0]
    assert suggestion["text"] == shown["text"][suggestion["offset"] :][: suggestion["length"]]
    assert suggestion["source"] == "model:first"
    assert suggestion["placed"] == "exact"
    assert 0 <= suggestion["confidence"] <= 1


def test_autolabeling_again_finds_nothing_left_to_do(cli: Cli, suggested: str) -> None:
    ran = cli("autolabel", suggested, "--model", "first", "--json")
    assert ran.code == 0
    assert (ran.json["documents"], ran.json["job_id"]) == (0, None)
    assert len(cli("jobs", suggested, "--json").json["items"]) == 2


def test_documents_and_categories_are_chosen(cli: Cli, trained: str, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_bytes(b"letter20.txt\r\n\nletter03.txt\n")

    def chosen(*options: str, stdin: bytes = b"") -> int:
        ran = cli("autolabel", trained, "--model", "first", "--dry-run", "--json", *options, stdin=stdin)
        assert ran.code == 0, ran
        assert ran.json["job_id"] is None
        return int(ran.json["documents"])

    assert chosen() == 8
    assert chosen("--limit", "3") == 3
    assert chosen("--filter", "labeled") == 16
    assert chosen("--document", "letter00.txt", "--document", "letter23.txt") == 2
    assert chosen("--documents-from", str(names)) == 2
    assert chosen("--documents-from", "-", stdin=b"letter21.txt\n") == 1
    assert chosen("--documents-from", "-", stdin=b"\xef\xbb\xbfletter21.txt\r\n\r\nletter22.txt") == 2
    assert chosen("--documents-from", "-", stdin=b"") == 0
    assert chosen("--documents-from", str(names), "--filter", "unlabeled") == 1
    one = cli(
        *("autolabel", trained, "--model", "first", "--json"),
        *("--category", "Town", "--document", "letter20.txt"),
    ).json
    assert one["categories"] == ["Town"]
    shown = cli("show", trained, "letter20.txt", "--json").json
    assert {item["category"] for item in shown["suggestions"]} <= {"Town"}
    assert len(cli("jobs", trained, "--json").json["items"]) == 2


@pytest.mark.parametrize(
    "options",
    [
        ("--model", "none"),
        ("--model", "first", "--document", "none.txt"),
        ("--model", "first", "--category", "Planet"),
        ("--model", "first", "--documents-from", "nowhere.txt"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_starts_no_job(options: tuple[str, ...], cli: Cli, trained: str) -> None:
    ran = cli("autolabel", trained, *options, "--json")
    assert ran.code == 2
    assert len(cli("jobs", trained, "--json").json["items"]) == 1


def test_too_little_quota_is_refused_with_what_would_fit(cli: Cli, trained: str) -> None:
    (cli.home / "settings.toml").write_text("quota = 5\n")
    ran = cli("autolabel", trained, "--model", "first", "--json")
    assert ran.code == 4
    assert ran.error["code"] == "quota"
    assert "8" in ran.error["message"]
    assert "5" in ran.error["message"]
    assert "--limit 5" in ran.error["hint"]
    assert "`quota` in the home's settings.toml" in ran.error["hint"]
    assert cli("quota", "--json").json["used"] == 0
    dry = cli("autolabel", trained, "--model", "first", "--dry-run", "--json")
    assert (dry.code, dry.json["fits"], dry.json["enough"]) == (0, 5, False)
    fits = cli("autolabel", trained, "--model", "first", "--limit", "5", "--json")
    assert (fits.code, fits.json["text_records"]) == (0, 5)
    quota = cli("quota", "--json").json
    assert (quota["limit"], quota["used"], quota["left"]) == (5, 5, 0)


def test_a_document_removed_before_the_job_fails_alone_and_can_be_retried(
    cli: Cli, trained: str, trained_home: Path, tmp_path: Path
) -> None:
    folder = trained_home.parent / "letters"
    content = (folder / "letter20.txt").read_bytes()
    (folder / "letter20.txt").unlink()
    try:
        ran = cli("autolabel", trained, "--model", "first", "--json")
        assert ran.code == 1
        assert ran.json["state"] == "partially completed"
        (failed,) = ran.json["failed"]
        assert failed["location"] == "letter20.txt"
        assert failed["error"] == "gone"
        assert failed["message"]
        listed = cli("documents", trained, "--filter", "failed", "--json").json["items"]
        assert [item["location"] for item in listed] == ["letter20.txt"]
        assert cli("quota", "--json").json["used"] == 7
        assert "letter20.txt" in cli("job", "show", trained, ran.json["job_id"]).out
    finally:
        (folder / "letter20.txt").write_bytes(content)
    again = cli("job", "retry", trained, ran.json["job_id"], "--json")
    assert (again.code, again.json["state"], again.json["failed"]) == (0, "succeeded", [])
    assert cli("quota", "--json").json["used"] == 8


def test_jobs_are_listed_newest_first_and_steered(cli: Cli, suggested: str) -> None:
    newest, oldest = cli("jobs", suggested, "--json").json["items"]
    assert (newest["kind"], oldest["kind"]) == ("autolabel", "train")
    job_id = newest["job_id"]
    assert cli("job", "show", suggested, job_id, "--json").json["state"] == "succeeded"
    cancelled = cli("job", "cancel", suggested, job_id, "--json")
    assert (cancelled.code, cancelled.json["state"]) == (0, "succeeded")
    for again in ("resume", "retry"):
        for job, instead in ((newest, "`autolabel`"), (oldest, "`train`")):
            refused = cli("job", again, suggested, job["job_id"], "--json")
            assert refused.code == 4
            assert instead in refused.error["hint"]
    assert cli("job", "delete", suggested, job_id, "--json").json["deleted"] is True
    assert cli("job", "show", suggested, job_id, "--json").code == 2
    assert cli("accept", suggested, "--job", job_id, "--json").json["accepted"] > 0


def broken_records(cli: Cli) -> str:
    """Breaks the card of the model ``first`` and the records of the oldest job; returns the job's id."""
    (card,) = cli.home.glob("projects/*/models/first/card.json")
    card.write_bytes(card.read_bytes()[:50])
    job_id = str(cli("jobs", "letters", "--json").json["items"][-1]["job_id"])
    (events,) = cli.home.glob(f"projects/*/jobs/{job_id}/events.jsonl")
    events.write_bytes(b"[]\n")
    return job_id


def test_broken_records_are_named_and_hide_no_others(cli: Cli, suggested: str) -> None:
    job_id = broken_records(cli)
    ran = cli("jobs", suggested, "--json")
    assert ran.code == 1
    assert [item["job_id"] for item in ran.json["items"] if "error" in item] == [job_id]
    assert [item["state"] for item in ran.json["items"] if "error" not in item] == ["succeeded"]
    assert job_id in cli("jobs", suggested).out
    models = cli("models", suggested, "--json")
    assert (models.code, [item["model"] for item in models.json["items"]]) == (1, ["first"])
    assert "card.json" in models.json["items"][0]["error"]["message"]
    assert "card.json" in cli("models", suggested).out
    assert "card.json" in cli("model", "show", suggested, "first", "--json").error["message"]
    doctor = cli("doctor", "--json")
    assert doctor.code == 1
    failed = {check["name"] for check in doctor.json["checks"] if not check["ok"]}
    assert failed == {f"job {job_id} of letters", "model first of letters"}


def test_broken_records_can_be_deleted(cli: Cli, suggested: str) -> None:
    job_id = broken_records(cli)
    assert cli("job", "delete", suggested, job_id, "--json").code == 0
    assert cli("jobs", suggested, "--json").code == 0
    assert "overwrites the model first" in cli("train", suggested, "--model", "first").err
    assert cli("model", "delete", suggested, "first", "--yes", "--json").code == 0
    assert cli("models", suggested, "--json").json["items"] == []
    assert cli("doctor", "--json").code == 0


def test_what_a_broken_job_reserved_is_told_where_its_use_is_not_known(cli: Cli, suggested: str) -> None:
    job_id = cli("jobs", suggested, "--json").json["items"][0]["job_id"]
    (folder,) = cli.home.glob(f"projects/*/jobs/{job_id}")
    for name in ("events.jsonl", "answers.jsonl"):
        (folder / name).write_bytes(b"[]\n")
    ledger = cli.home / "quota.json"
    uses = json.loads(ledger.read_bytes())
    ((row,),) = (table.values() for table in uses.values())
    row.update(reserved=20, used=0)
    ledger.write_text(json.dumps(uses), encoding="utf-8")
    ran = cli("job", "delete", suggested, job_id)
    assert "All that it reserved counts as used: 20 text records." in ran.out
    assert cli("quota", "--json").json["used"] == 20


def spawn(cli: Cli, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tui_labeler", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TUI_LABELER_HOME": str(cli.home)},
    )


def started_job(process: subprocess.Popen[bytes]) -> str:
    """The job's id, from the first line of progress behind what is said before the start."""
    assert process.stderr is not None
    events = (json.loads(line) for line in process.stderr)
    return str(next(event["job_id"] for event in events if "job_id" in event))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_cancels_the_job(number: signal.Signals, cli: Cli, trained: str) -> None:
    process = spawn(cli, "autolabel", trained, "--model", "first", "--json", "--progress", "jsonl")
    job_id = started_job(process)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    document = json.loads(out)
    assert (document["job_id"], document["state"]) == (job_id, "cancelled")
    resumed = cli("job", "resume", trained, job_id, "--json")
    assert (resumed.code, resumed.json["state"], resumed.json["done"]) == (0, "succeeded", 8)
    assert cli("quota", "--json").json["used"] == 8


def test_a_lost_terminal_leaves_the_job_to_go_on(cli: Cli, trained: str) -> None:
    process = spawn(cli, "autolabel", trained, "--model", "first", "--json", "--progress", "jsonl")
    job_id = started_job(process)
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=60)
    assert process.returncode not in (0, 130)
    assert out == b""
    followed = cli("job", "resume", trained, job_id, "--json")
    assert followed.code in (0, 4)  # 4: it was over before it could be followed
    assert cli("job", "show", trained, job_id, "--json").json["state"] == "succeeded"


def test_a_job_cancelled_from_elsewhere_ends_the_one_who_follows_with_130(cli: Cli, trained: str) -> None:
    process = spawn(cli, "train", trained, "--model", "other", "--json", "--progress", "jsonl")
    job_id = started_job(process)
    cancelled = cli("job", "cancel", trained, job_id, "--json")
    assert (cancelled.code, cancelled.json["state"]) == (0, "cancelled")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["state"] == "cancelled"
    assert [item["model"] for item in cli("models", trained, "--json").json["items"]] == ["first"]


def test_a_detached_job_is_printed_at_once_and_can_be_followed(cli: Cli, trained: str) -> None:
    ran = cli("autolabel", trained, "--model", "first", "--detach", "--json")
    assert ran.code == 0
    assert ran.json["state"] in ("queued", "running")
    followed = cli("job", "resume", trained, ran.json["job_id"], "--json")
    assert followed.code in (0, 4)
    assert cli("job", "show", trained, ran.json["job_id"], "--json").json["done"] == 8


# --- decisions ----------------------------------------------------------------------------------------


def suggestions(cli: Cli, project: str) -> list[dict[str, Any]]:
    listed = cli("documents", project, "--filter", "auto-labeled", "--json").json["items"]
    return [
        {**item, "location": document["location"]}
        for document in listed
        for item in cli("show", project, document["location"], "--json").json["suggestions"]
    ]


def test_suggestions_are_decided_by_confidence(cli: Cli, suggested: str) -> None:
    waiting = suggestions(cli, suggested)
    bound = sorted(item["confidence"] for item in waiting)[len(waiting) // 2]
    above = [item for item in waiting if item["confidence"] >= bound]
    accepted = cli("accept", suggested, "--min-confidence", str(bound), "--json")
    assert accepted.code == 0
    assert accepted.json["accepted"] == len(above)
    assert accepted.json["documents"] == len({item["location"] for item in above})
    rejected = cli("reject", suggested, "--all", "--json").json
    assert rejected["rejected"] == len(waiting) - len(above)
    assert suggestions(cli, suggested) == []
    assert cli("accept", suggested, "--all", "--json").json == {
        "schema_version": 1,
        "accepted": 0,
        "documents": 0,
        "skipped": 0,
        "outdated": 0,
    }


def test_suggestions_are_decided_by_document_category_and_id(cli: Cli, suggested: str) -> None:
    waiting = suggestions(cli, suggested)
    first = waiting[0]
    one = cli("accept", suggested, "--id", first["id"], "--json")
    assert (one.json["accepted"], one.json["documents"]) == (1, 1)
    assert cli("accept", suggested, "--id", first["id"], "--json").json["accepted"] == 0
    assert cli("accept", suggested, "--id", "nonsense", "--json").code == 2
    here = [item for item in waiting[1:] if item["location"] == waiting[-1]["location"]]
    decided = cli(
        *("reject", suggested, "--document", waiting[-1]["location"], "--json"),
        *("--category", "Person", "--category", "Town"),
    )
    assert decided.json["rejected"] == len(here)
    undone = cli("undo", suggested, "--json").json
    assert undone["undone"] >= len(here)
    assert undone["documents"] == [waiting[-1]["location"]]
    assert len(suggestions(cli, suggested)) == len(waiting) - 1


def test_a_whole_job_is_taken_back(cli: Cli, suggested: str) -> None:
    job_id = cli("jobs", suggested, "--json").json["items"][0]["job_id"]
    cli("accept", suggested, "--category", "Town")
    undone = cli("undo", suggested, "--job", job_id, "--json").json
    assert undone["undone"] > 0
    assert len(undone["documents"]) == 8
    figures = cli("project", "show", suggested, "--json").json
    assert (figures["labeled"], figures["auto_labeled"], figures["unlabeled"]) == (16, 0, 8)


def test_history_tells_who_did_what(cli: Cli, suggested: str) -> None:
    cli("accept", suggested, "--document", "letter20.txt")
    cli(
        "label",
        suggested,
        "letter21.txt",
        "--category",
        "Town",
        "--offset",
        "0",
        "--length",
        "6",
        "--replace",
    )
    entries = cli("history", suggested, "--json").json["items"]
    assert [entry["action"] for entry in entries[:3]] == ["label.add", "suggestion.accept_all", "job.suggest"]
    assert entries[0]["location"] == "letter21.txt"
    assert entries[0]["category"] == "Town"
    assert entries[0]["who"] == "tester"
    assert entries[2]["job"]
    of_one = cli("history", suggested, "--document", "letter20.txt", "--json").json["items"]
    assert "label.add" not in [entry["action"] for entry in of_one]
    page = cli("history", suggested, "--limit", "1", "--json").json
    following = cli("history", suggested, "--limit", "1", "--after", page["next_after"], "--json").json
    assert following["items"][0]["action"] == "suggestion.accept_all"
    assert "autolabel" in cli("history", suggested).out


def test_a_job_is_taken_back_once(cli: Cli, suggested: str) -> None:
    job_id = cli("jobs", suggested, "--json").json["items"][0]["job_id"]
    assert cli("undo", suggested, "--job", job_id).out.startswith("Taken back: autolabel (")
    newest = cli("history", suggested, "--limit", "1", "--json").json["items"][0]
    assert (newest["action"], newest["of"], newest["job"]) == ("undo", "job.suggest", job_id)
    assert "undo: autolabel" in cli("history", suggested).out
    again = cli("undo", suggested, "--job", job_id)
    assert (again.code, again.out) == (0, f"Nothing is left of job {job_id}: it was taken back already.\n")
    assert cli("undo", suggested, "--job", job_id, "--json").json["undone"] == 0


def test_undo_of_a_job_at_work_says_that_it_goes_on_and_what_stops_it(
    cli: Cli, trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = cli("autolabel", trained, "--model", "first", "--limit", "2", "--json").json["job_id"]
    ended = FileJobStore.list

    async def at_work(self: FileJobStore) -> tuple[Job, ...]:
        return tuple(replace(job, state=JobState.RUNNING) for job in await ended(self))

    with monkeypatch.context() as patch:
        patch.setattr(FileJobStore, "list", at_work)
        words = cli("undo", trained).out.splitlines()
        told = cli("undo", trained, "--job", job_id, "--json").json
    assert words[0].startswith("Taken back: autolabel (")
    assert f"`tui-labeler job cancel {trained} {job_id}` stops it" in words[1]
    assert (told["job_id"], told["job_at_work"]) == (job_id, True)
    assert cli("undo", trained, "--job", job_id, "--json").json["job_at_work"] is False
    other = cli("undo", trained, "--json").json
    assert (other["job_id"], other["job_at_work"]) == (None, False)


def test_a_job_that_goes_on_says_at_its_end_what_was_taken_back_before(
    cli: Cli, trained: str, trained_home: Path
) -> None:
    folder = trained_home.parent / "letters"
    content = (folder / "letter20.txt").read_bytes()
    (folder / "letter20.txt").unlink()
    try:
        ran = cli("autolabel", trained, "--model", "first", "--json").json
    finally:
        (folder / "letter20.txt").write_bytes(content)
    assert ran["suggestions_taken_back"] == 0
    cli("accept", trained, "--document", "letter21.txt")
    assert cli("job", "show", trained, ran["job_id"], "--json").json["suggestions_taken_back"] == 0
    assert cli("undo", trained, "--job", ran["job_id"]).code == 0
    again = cli("job", "retry", trained, ran["job_id"], "--json").json
    left = again["suggestions"] - ran["suggestions"]
    assert (again["suggestions_to_review"], again["suggestions_taken_back"]) == (left, ran["suggestions"])
    shown = cli("job", "show", trained, ran["job_id"]).out
    assert f"({left} to review, 0 hidden by labels, {ran['suggestions']} taken back)" in shown


def test_undo_of_a_job_says_that_training_deleted_its_suggestions(cli: Cli, suggested: str) -> None:
    job_id = cli("jobs", suggested, "--json").json["items"][0]["job_id"]
    assert cli("train", suggested, "--model", "first", "--yes").code == 0
    gone = cli("undo", suggested, "--job", job_id)
    assert (gone.code, gone.out) == (
        0,
        f"Nothing is left of job {job_id}: training a model deleted its suggestions.\n",
    )
    assert cli("undo", suggested).code == 0


def test_a_refused_undo_goes_on_to_the_action_before_in_the_next_command(
    cli: Cli, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = ("label", project, "--category", "Town", "--length", "3", "--offset")
    assert cli(*label, "0", "letter10.txt").code == 0
    made = cli(*label, "0", "letter11.txt", "--json").json["labels"][0]
    monkeypatch.setenv("TUI_LABELER_NAME", "somebody")
    assert cli("label", project, "letter11.txt", "--remove", "--id", made["id"]).code == 0
    monkeypatch.setenv("TUI_LABELER_NAME", "tester")
    refused = cli("undo", project)
    assert refused.code == 4
    assert "changed again since" in refused.err
    assert cli("undo", project).code == 0
    assert cli("show", project, "letter10.txt", "--json").json["labels"] == []


def test_jobs_show_documents_of_autolabeling_and_percent_of_training(cli: Cli, suggested: str) -> None:
    autolabel, train = cli("jobs", suggested).out.splitlines()[1:]
    assert "  8/8  " in autolabel
    assert "  100 %  " in train


def test_suggestions_that_labels_hide_are_counted_apart(cli: Cli, trained: str) -> None:
    chosen = ("--document", "letter00.txt", "--document", "letter23.txt")
    ran = cli("autolabel", trained, "--model", "first", *chosen, "--json").json
    waiting = len(suggestions(cli, trained))
    assert 0 < ran["suggestions_hidden"] == ran["suggestions"] - waiting
    assert ran["suggestions_to_review"] == waiting
    shown = cli("job", "show", trained, ran["job_id"]).out
    assert f"({waiting} to review, {ran['suggestions_hidden']} hidden by labels)" in shown
    item = cli("jobs", trained, "--json").json["items"][0]
    assert (item["suggestions_to_review"], item["suggestions_hidden"]) == (waiting, ran["suggestions_hidden"])
    head, line = (re.split(r"\s{2,}", row) for row in cli("jobs", trained).out.splitlines()[:2])
    cells = dict(zip(head, line, strict=True))
    assert [cells[key] for key in ("suggestions", "to review", "hidden")] == [
        str(number) for number in (ran["suggestions"], waiting, ran["suggestions_hidden"])
    ]


def test_a_share_to_test_with_does_not_go_with_a_manual_split(cli: Cli, project: str) -> None:
    split = ("--split", "manual", "--test-percent", "30")
    ran = cli("train", project, "--model", "first", *split, "--json")
    assert (ran.code, ran.error["code"]) == (2, "usage")
    assert cli("jobs", project, "--json").json["items"] == []


@pytest.mark.parametrize("state", list(JobState))
def test_the_end_of_a_job_is_said_in_a_sentence(state: JobState) -> None:
    words = r"is (queued|running|being cancelled)|succeeded|failed|was (partially completed|\w+ed)"
    assert re.fullmatch(words, JOB_STATES[state])


def test_one_of_something_is_not_told_in_the_plural(cli: Cli, suggested: str) -> None:
    first = suggestions(cli, suggested)[0]
    assert cli("accept", suggested, "--id", first["id"]).out == "1 suggestion in 1 document accepted.\n"
    assert cli("undo", suggested).out == "Taken back: accept all (1 change in 1 document).\n"


def test_the_example_that_names_documents_by_ls_passes_other_files_over(
    cli: Cli, trained: str, trained_home: Path
) -> None:
    with pytest.raises(SystemExit) as ended, contextlib.redirect_stdout(io.StringIO()) as helped:
        build().parse_args(["autolabel", "--help"])
    assert ended.value.code == 0
    (example,) = [line for line in helped.getvalue().splitlines() if "--documents-from -" in line]
    listing, _, command = example.rpartition(" | ")
    assert (trained_home.parent / "labels.json").exists()
    names = subprocess.run(
        ["sh", "-c", listing.replace("ls letters", "(ls letters; ls .)")],
        cwd=trained_home.parent,
        capture_output=True,
        check=True,
    ).stdout
    ran = cli(*command.split()[1:], "--dry-run", "--json", stdin=names)
    assert (ran.code, ran.json["documents"]) == (0, 24)
