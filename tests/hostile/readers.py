"""Readers of what others wrote, but for label files: settings, state, shared files, answers, replies.

Each is given good samples, mutated as those of label files are, and large ones that are made to keep it
busy. It must end in a result or a ``LabelerError``, soon; time is that of the processor.

    python -m tests.hostile.readers --inputs 100000 --seed 1
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tests.formats.fuzz import mutated
from tui_labeler.domain.projects import Category, ProjectKind
from tui_labeler.domain.resources import ResourceKind
from tui_labeler.engine.adapters.blob.addresses import Sas, endpoint_of, parse_url, plain_string
from tui_labeler.engine.adapters.chat import headers
from tui_labeler.engine.adapters.chat.answers import read_refusal, read_reply
from tui_labeler.engine.adapters.chat.batch_bodies import ResultLine, known_batch, state_of
from tui_labeler.engine.adapters.store.journal_lines import parsed as transaction
from tui_labeler.engine.adapters.store.shards import AtomicJSONStorage
from tui_labeler.engine.autolabelers.prompts.names import Names
from tui_labeler.engine.autolabelers.prompts.parsing import parse
from tui_labeler.engine.deployments.chat import Finish, RateLimits
from tui_labeler.engine.deployments.endpoints import checked_endpoint
from tui_labeler.engine.deployments.prices import read_prices
from tui_labeler.engine.documents.decoding import decode
from tui_labeler.engine.errors import LabelerError
from tui_labeler.engine.sharing import shared_file
from tui_labeler.engine.sharing.connection_files import read_record, read_register
from tui_labeler.engine.sharing.project_form import read_project
from tui_labeler.engine.takes.leases import holder_in
from tui_labeler.engine.takes.takes import take_in
from tui_labeler.engine.typed import decode as decode_json
from tui_labeler.remembering import remember
from tui_labeler.settings import read_settings, unknown_settings_note

if TYPE_CHECKING:
    from types import FrameType

LARGE = 1_000_000
"""Bytes of the inputs that are made to keep a reader busy, unless a test takes smaller ones."""

PATIENCE = 30.0
"""Seconds of the processor after which a reader counts as hanging: many times what the slowest takes."""

NAMES = Names([Category("o", "Organization"), Category("p", "Person Name")])


@dataclass(frozen=True)
class Reader:
    """What reads, and samples that it takes."""

    read: Callable[[bytes], object]
    samples: tuple[bytes, ...]


class HangingError(AssertionError):
    """A reader that goes on and on."""


@contextmanager
def patient(seconds: float = PATIENCE) -> Iterator[None]:
    """Ends what takes more of the processor's time."""

    def over(number: int, frame: FrameType | None) -> None:
        raise HangingError(f"more than {seconds:g} s of the processor")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _in_home(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A reader of a file of that name in a home."""

    def reading(data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / name).write_bytes(data)
            read(Path(folder))

    return reading


def _settings(home: Path) -> None:
    with suppress(LabelerError):
        remember(home, "theme", "nord")
    read_settings(home)
    unknown_settings_note(home)


def _each(*readers: Callable[[Any], object]) -> Callable[[Any], object]:
    """All of them, one after the other, whether or not one refuses."""

    def reading(data: Any) -> None:
        for read in readers:
            with suppress(LabelerError):
                read(data)

    return reading


def _headers(data: bytes) -> None:
    text = data.decode("latin-1")
    for name in ("retry-after", "retry-after-ms", "x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"):
        # A date before or behind all that there is must not make a wait that no clock can count.
        wait = headers.retry_after({name: text, "x-ratelimit-remaining-requests": "0"})
        assert wait is None or 0 <= wait < 1e16
    headers.rate_limits({"x-ratelimit-reset-requests": text})
    headers.request_id({"x-request-id": text})


def _answer(kind: ProjectKind) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode("utf-8", "replace"), Finish.STOP, NAMES, kind)


def _batch(data: bytes) -> None:
    if (batch := known_batch(msgspec.Raw(data))) is not None:
        state_of(batch)
    with suppress(msgspec.MsgspecError):
        line = decode_json(data, ResultLine)
        if line.response is not None:
            read_reply(bytes(line.response.body), "host", limits=RateLimits(), request_id="")


def _as_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


_STAMP = {"actor": "ana", "time": "2026-11-21T10:00:00.000Z"}
_SPAN = {"start": 0, "end": 3}
_DOCUMENT = {
    "version": 1,
    "location": "a.txt",
    "dataset": "Test",
    "flag": "look",
    "reviewed": _STAMP,
    "readers": ["ana", "bo"],
    "extra": {"k": [1]},
    "labels": [{"id": "a1", "category": "c1", "span": _SPAN, "origin": "user", "made": _STAMP}],
    "suggestions": [{"id": "s1", "category": "c1", "span": _SPAN, "source": "gpt:r/d", "job": "j"}],
    "to_place": [{"id": "t1", "category": "c1", "text": "Ann", "source": "gpt:r/d", "job": "j"}],
}
_PROJECT = {
    "version": 1,
    "id": "pshared",
    "name": "Loans",
    "kind": "CustomEntityRecognition",
    "language": "en",
    "categories": [{"id": "c1", "name": "Person", "examples": ["Ann"]}],
    "settings": {"immediate": True},
}
_REPLY = {
    "choices": [
        {
            "message": {"content": "hi", "refusal": None},
            "finish_reason": "stop",
            "logprobs": {"content": [{"token": "hi", "logprob": -0.1}]},
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}},
    "model": "m",
}
_BATCH = {
    "id": "b",
    "status": "completed",
    "output_file_id": "f",
    "request_counts": {"total": 1, "completed": 1, "failed": 0},
    "errors": {"data": [{"code": "empty_file", "line": 1}]},
}
_ANSWER = {"entities": [{"text": "Ann", "category": "Person Name", "before": "by"}]}
_TABLE = {"documents": {"1": {"id": 1, "location": "a.txt", "labels": {}}}}
_CHANGE = {"seq": 1, "time": _STAMP["time"], "actor": "ana", "action": "label", "changes": []}
_HOLDER = {"session": "s", "actor": "ana", "host": "h", "since": _STAMP["time"], "location": "a.txt"}
_ANSWERS = (_json(_ANSWER), b"- **Organization**: Acme | before: x\nPerson Name = Ann\n", b"none")

READERS: dict[str, Reader] = {
    "settings.toml": Reader(
        _in_home("settings.toml", _settings),
        (
            b'name = "x"\nquota = 5\n[keys]\n"review.accept" = "y"\n[containers.a]\ncontainer = "c"\n'
            b'[resources.b]\nendpoint = "https://b.example"\nentra = true\n',
        ),
    ),
    "prices.toml": Reader(
        _in_home("prices.toml", read_prices),
        (b'as_of = 2026-01-01\n[models."gpt-4o"]\ninput = 1.0\noutput = 2\ncached = 0.1\n',),
    ),
    "a shared document": Reader(
        _each(*(lambda data, kind=kind: shared_file.read(data, kind) for kind in ProjectKind)),
        (_json(_DOCUMENT),),
    ),
    "a shared project": Reader(read_project, (_json(_PROJECT),)),
    "the pen": Reader(
        _each(lambda data: read_record(data, "etag", "pen"), lambda data: read_register(data, "aml")),
        (b'{"version": 1, "phase": "ours"}',),
    ),
    "takes and leases": Reader(_each(take_in, holder_in), (_json(_HOLDER),)),
    "the journal": Reader(lambda data: transaction(Path("journal"), 0, data), (_json(_CHANGE),)),
    "a shard": Reader(
        _in_home("shard.json", lambda home: AtomicJSONStorage(home / "shard.json").read()), (_json(_TABLE),)
    ),
    "a reply": Reader(
        lambda data: read_reply(data, "host", limits=RateLimits(), request_id=""), (_json(_REPLY),)
    ),
    "a refusal": Reader(
        read_refusal,
        (
            b'{"error": {"code": "x", "message": "m", "innererror": {"code": "c"}}}',
            b'{"detail": [{"loc": 1}]}',
        ),
    ),
    "headers": Reader(
        _headers,
        (
            b"10",
            b"6m0s",
            b"-1",
            b"Wed, 21 Oct 2026 07:28:00 -0500",
            b"Wed, 21 Oct 2026 07:28:00 +" + b"9" * 40,
        ),
    ),
    "a batch": Reader(
        _batch,
        (_json(_BATCH), _json({"custom_id": "k", "response": {"status_code": 200, "body": _REPLY}})),
    ),
    "a model's entities": Reader(_answer(ProjectKind.ENTITIES), _ANSWERS),
    "a model's class": Reader(_answer(ProjectKind.SINGLE_LABEL), _ANSWERS),
    "addresses": Reader(
        _as_text(
            _each(
                parse_url,
                endpoint_of,
                plain_string,
                Sas.of,
                lambda text: checked_endpoint(ResourceKind.AZURE, text),
                lambda text: checked_endpoint(ResourceKind.OPENAI, text),
            )
        ),
        (
            b"https://a.blob.core.windows.net/c?sv=1&sig=abc",
            b"AccountName=a;AccountKey=b;EndpointSuffix=c",
            b"https://x.openai.azure.com/openai/deployments/x?api-version=1",
            b"http://[::1]:80/v1",
        ),
    ),
    "a document": Reader(decode, (b"\xef\xbb\xbfAnn", "Zoe\u0308".encode(), b"\xff\xfeA\x00")),
}

BUSY = [
    b"[", b"{", b'{"a":', b"[[],", b'"', b"\\", b",", b"\n", b"\r", b" ", b"\t", b"9", b"-", b"a = ",
    b"a.", b"x: ", b"][", b"{}", b"`", b"| before: ", b"Organization: x\n", b"<think>", b"\x00",
    b"\xe2\x80\x9c", b"\xff", b"a = [1]\n", b"+", b"%3f", b"https://", b";a=",
]  # fmt: skip
HEADS = [b"", b'{"version": 1, "x": ', b"x = [", b'{"entities": [', b"Organization: a"]


def inputs(name: str, seed: int, count: int) -> Iterator[bytes]:
    """Good samples of a reader, then mutated ones, then some with numbers and nesting beyond all bounds."""
    rng = random.Random(seed)
    reader = READERS[name]
    pool = [sample for each in READERS.values() for sample in each.samples]
    yield from reader.samples
    yield from (b"x = " + b"[" * 5000, b"[" * 5000, b'{"a":' * 5000, b"[" * 5000 + b"]" * 5000)
    for sample in reader.samples:
        for digits in (b"9" * 5000, b"-" + b"9" * 400, b"1e999", b"NaN"):
            yield sample.replace(b"1", digits)
        for signs in (b"\\ud800", b"\xff", b"\x00"):
            yield sample.replace(b"a", signs)
    for _ in range(count):
        yield mutated(rng, rng.choice(reader.samples), pool)


def use(name: str, data: bytes, *, patience: float = PATIENCE) -> None:
    """Raises whatever is no ``LabelerError``, and ``HangingError``."""
    with patient(patience), suppress(LabelerError):
        READERS[name].read(data)


def busy(size: int = LARGE) -> Iterator[bytes]:
    """Inputs that are made to keep a reader busy, of so many bytes."""
    for head in HEADS:
        for one in BUSY:
            yield head + one * (size // len(one))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None, help="another one each time unless given")
    parser.add_argument("--most", type=float, default=PATIENCE, help="seconds of processor time for 1 MB")
    said = parser.parse_args(arguments)
    seed = said.seed if said.seed is not None else random.SystemRandom().randrange(2**32)
    longest = 0.0, ""
    for name in READERS:
        slowest: dict[str, tuple[float, bytes]] = {}
        for what, given in (("small", inputs(name, seed, said.inputs // len(READERS))), ("1 MB", busy())):
            for data in given:
                since = time.process_time()
                try:
                    use(name, data)
                except BaseException:
                    sys.stderr.write(f"seed {seed}, {name}: {data[:2000]!r}\n")
                    raise
                taken = time.process_time() - since
                slowest[what] = max(slowest.get(what, (0.0, b"")), (taken, data[:30]))
        words = ", ".join(f"{what} {taken:.2f} s {data!r}" for what, (taken, data) in slowest.items())
        longest = max(longest, (slowest["1 MB"][0], name))
        sys.stdout.write(f"{name:18} at most: {words}\n")
    told = f"the longest for 1 MB {longest[0]:.2f} s of processor time ({longest[1]})"
    sys.stdout.write(f"{said.inputs} inputs, seed {seed}: each a result or a clear refusal; {told}\n")
    return int(longest[0] > said.most)


if __name__ == "__main__":
    raise SystemExit(main())
