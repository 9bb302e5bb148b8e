"""Mutated label files for all readers: a result or a ``LabelerError``, and work in proportion to the file.

Samples come from each format's own writer and from :data:`FOREIGN`, shapes that other tools write. A format
that is registered is in it without further ado.

    python -m tests.formats.fuzz --inputs 100000 --seed 1
"""

from __future__ import annotations

import argparse
import base64
import importlib
import io
import json
import random
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from tests.formats import samples
from tests.formats.test_azure_2021 import bare_entities, classes
from tui_labeler.domain.labels import Span
from tui_labeler.domain.projects import Dataset, ProjectKind
from tui_labeler.engine.errors import FormatError, LabelerError
from tui_labeler.engine.formats import FORMATS, detect
from tui_labeler.engine.formats.model import FileCategory, FileDocument, FileLabel, Format, LabelFile, Unit
from tui_labeler.engine.formats.resolve import ResolvedLabel, to_code_points, to_utf16, with_all_categories

if TYPE_CHECKING:
    from types import FrameType

WORK_A_BYTE, WORK_A_FILE = 400, 20_000
"""Calls, of Python and C alike, that reading and using a file may take: linear in its size."""

TEXT = "Ann \U0001f468\u200d\U0001f469 lives\r\nin Zoe\u0308's house. She paid 5."
_SPANS = (("Name", 0, 3), ("City", 13, 15), ("Price", 28, 29))

ODD: list[Any] = [
    None, True, -1, 0, 1.5, 2**53, 2**63, 10**40, -(10**40), "", " ", "\x00", "\x1b[31m", "../../etc/passwd",
    "CustomHealthcare", [], {}, [[]], [None], {"": None}, {"category": None}, "Utf16CodeUnit", "\U0001f600",
    "a" * 300, "1e999", "O", "B-", "__label__", "AmlDatastore://", [0, 1, "A"], [[0, 1, "A"]], {"start": 0},
]  # fmt: skip
KEYS = [
    "$keys", "$region", "entities", "class", "labels", "label", "offset", "text", "spans", "start", "end",
    "tokens", "ner_tags", "image_url", "label_confidence", "location", "meta", "data", "annotations",
    "result", "answer", "options", "accept", "relations", "Comments", "id",
]  # fmt: skip
CHUNKS = [
    b"{", b"[", b'"', b"\\ud800", b"1e999", b"NaN", b"\xff", b"}" * 9, b"\n", b"\r", b"\t", b" ", b",", b"|",
    b"\\", b"\x00", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"B-", b"I-", b"O", b"#", b"# newdoc id = ",
    b"-DOCSTART-",
    b"__label__", b"%20", b"-1", b"9" * 30, b"T1\t", b"R1\t", b"../",
]  # fmt: skip

DOCBINS = tuple(
    base64.b85decode(text)
    for text in (
        "c-re+UY1%^oSC1u*g(&4X<|u9QSoF)U%zD~`Pr#?#YZOWPh;$hpKP&@nE?W77$NkTvr0?mty7j~L=(T`WRV<T`|KDK11iw#%zT%SYx){y&"
        "ikyU^O_OUrY$<O#^=q=`t|7Q&s~$(IlC!#7Md`_vf_fo<kaFLY>bQ`8<*##=B1Zp6d&PW1@gcm#U(|VdFjP-7A(|T?3kCg*e5l0q2ICq*P"
        "vj3za>%mhgUC71d8UQrY_D+Em>HxqzWjsBssC9cv3^tLdVngA0QSjbUJPSEDa2nrsX827f)*3l#y5*Uz(SlmtUS24{^sKtb(h7bY6UVQGR"
        "Jb@uVY+6MzT+?bmr9",
        "c-re)UY1%^oSC1u*g(&4X<|u9QSl^4&t)a~*{ONOM-<Lolh--BDRveE6l6Ln{g4u!+63b-D=tV(PAxvd#K^cjCp9m<B%}BU3lmUcd2vZmW"
        "?p*n<OK^W7FI4vPAn;&*tF2`wEYK&#)VF&VP-5%%SlWxp4hl4Be6KXG%q_ZzdSD<V(#J9Ksqlzy(qu5pm^dD#tAD+i&Kl@QxZ!OCmvyGT$"
        "s%W04#+^i2",
    )
)
"""As spaCy 3.8 writes them: entities and classes, and classes with data of a user's own."""

FOREIGN: dict[str, tuple[str | bytes, ...]] = {
    "azure": tuple(
        samples.data(value)
        for value in (
            samples.entities(),
            samples.single(),
            samples.multi(),
            bare_entities(),
            classes(1, 2, model_type="multiClassification"),
        )
    ),
    "aml": (
        '{"image_url": "AmlDatastore://s/a.txt", "label": "A,B", "label_confidence": [0.9, 0.1]}\n',
        '{"image_url": "azureml://x/datastores/s/paths/a", "label": [{"label": "N", "offsetStart": 0, '
        '"offsetEnd": 3}], "label_confidence": [0.5], "label_date": "x"}\n',
    ),
    "jsonl": (
        '{"id": "0", "tokens": ["EU", "rejects"], "ner_tags": ["B-ORG", "O"]}\n',
        '[{"text": "Ann", "entities": [{"start_offset": 0, "end_offset": 3, "type": "N", "text": "Ann"}]}]',
        '{"text": "x", "label": 1, "label_text": "Good", "file_name": "a", "dataset": "Test"}\n',
    ),
    "doccano": (
        '{"id": 1, "text": "Ann met", "label": [[0, 3, "N"]], "Comments": [], "meta": {"file": "a.txt"}}\n',
        '[{"data": "Ann", "entities": [{"id": 0, "start_offset": 0, "end_offset": 3, "label": "N"}], '
        '"relations": [{"from_id": 0, "to_id": 0, "type": "is"}], "cats": ["A"]}]',
        '{"text": "x", "label": ["A", "B"]}\n{"text": "y", "label": []}\n',
    ),
    "prodigy": (
        '{"text": "Ann met", "_input_hash": 1, "tokens": [{"text": "Ann", "start": 0, "end": 3, "id": 0}, '
        '{"text": "met", "start": 4, "end": 7, "id": 1}], "spans": [{"start": 0, "end": 3, "label": "N", '
        '"token_start": 0, "token_end": 0}], "answer": "accept", "meta": {"source": "a.txt"}}\n',
        '{"text": "x", "label": "A", "answer": "accept"}\n{"text": "x", "label": "B", "answer": "ignore"}\n',
        '{"text": "x", "options": [{"id": 1, "text": "A"}], "accept": [1], "answer": "accept"}\n',
    ),
    "labelstudio": (
        '[{"id": 1, "data": {"text": "Ann met"}, "annotations": [{"result": [{"id": "r", "from_name": "l", '
        '"to_name": "text", "type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", '
        '"labels": ["N"]}}], "was_cancelled": false}], "predictions": [{"score": 0.5, "result": '
        '[{"type": "labels", "value": {"start": 4, "end": 7, "labels": ["V"]}}]}]}]',
        '[{"text": "Ann met", "id": 1, "label": [{"start": 0, "end": 3, "labels": ["N", "M"]}], '
        '"annotator": 1, "annotation_id": 1}]',
        '[{"text": "x", "id": 1, "mood": {"choices": ["A", "B"]}, "annotator": 1, "annotation_id": 1}]',
    ),
    "spacy": (
        '[["Ann met", {"entities": [[0, 3, "N", "Q1"]], "links": {}}], ["x", {"cats": {"A": 0.7}}]]',
        '[{"text": "Ann", "ents": [{"start": 0, "end": 3, "label": "N"}], "tokens": [{"id": 0}]}]',
        *DOCBINS,
    ),
    "conll": (
        "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nUK NNP I-NP B-ORG\n\nPeter NNP I-NP I-PER\n",
        "EU S-Borrower Name\nPeter B-PER\nB E-PER\nx O\n",
        "#\tn-tv\n1\tEU\tB-ORG\tO\n2\tx\tO\tO\n",
    ),
    "fasttext": ("x y __label__A __label__B%20C\r\n\r\n__label__A x\n",),
    "csv": (
        'Url;Label\r\n"AmlDatastore://s/a.txt";"A#B"\r\nb;A\r\n',
        'text\tlabels\tstart\nx\t["A", "B"]\t1\ny\tA, B\t\n',
        'text,begin,length,tag,id\n"Ann\r\nmet",0,3.0,Name,1\n"Ann\r\nmet",4,1,Verb,2\n',
    ),
}
"""By format: what its own writer doesn't write, and its reader takes."""


def _file(kind: ProjectKind, known: Format) -> LabelFile:
    """One that every format can hold something of, in its own unit."""
    names = [name for name, _, _ in _SPANS]
    if kind is ProjectKind.ENTITIES:
        resolved = [ResolvedLabel(name, Span(start, end)) for name, start, end in _SPANS]
        labels: tuple[FileLabel, ...] = tuple(
            FileLabel(name, start, end - start, Unit.CODE_POINT) for name, start, end in _SPANS
        )
        if known.unit is Unit.UTF16:
            labels, _ = to_utf16(resolved, (), TEXT)
    else:
        labels = tuple(map(FileLabel, names[: 1 if kind is ProjectKind.SINGLE_LABEL else None]))
    documents = (
        FileDocument("a.txt", "de", Dataset.TEST, labels, text=TEXT),
        FileDocument("Zoë b.txt", labels=labels[:1], text=TEXT, extra={"more": [1, {"x": None}]}),
        FileDocument("c.txt", text="none"),
    )
    return LabelFile(kind, "Loans", "en", categories=tuple(map(FileCategory, names)), documents=documents)


def seeds() -> dict[str, list[bytes]]:
    """Good files of every format that there is."""
    found: dict[str, list[bytes]] = {}
    for name, known in FORMATS.items():
        data = [each.encode() if isinstance(each, str) else each for each in FOREIGN.get(name, ())]
        if not _has_spacy():
            data = [each for each in data if each not in DOCBINS]
        for kind in sorted(known.kinds):
            data.append(known.write(_file(kind, known)).data)
        found[name] = data
    return found


@cache
def _has_spacy() -> bool:
    """Whether DocBin files can be read. It is loaded here, so that its loading is no work of a reader."""
    try:
        importlib.import_module("spacy.strings")
    except ModuleNotFoundError:
        return False
    return True


class TooMuchWorkError(AssertionError):
    """A reader that goes on and on, told by what it does and not by a clock."""


THROUGH = frozenset({"copy", "count", "index", "insert", "remove", "reverse", "sort", "split", "splitlines"})
"""Methods of C that go through all of a list, a tuple or a text, whatever they are given."""


@contextmanager
def bounded(most: int, *, lines: bool = False) -> Iterator[Callable[[], int]]:
    """Ends what does more than ``most``; gives how much was done so far.

    Counted are calls, and for those in :data:`THROUGH` each item that is gone through; with ``lines`` each
    line that is run, too, so that loops without a call count: a comprehension's line runs once an item. What
    C does otherwise, as for ``in`` a list, shows in no such count: ``benchmarks.reading`` takes its time.
    """
    count = 0

    def counted(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += 1
        if event == "c_call" and argument.__name__ in THROUGH:
            of = getattr(argument, "__self__", None)
            count += len(of) if isinstance(of, list | tuple | str | bytes) else 0
        if count > most:
            sys.setprofile(None)
            raise TooMuchWorkError(f"more than {most} calls and steps")

    def traced(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return traced

    before, tracing = sys.getprofile(), sys.gettrace()
    sys.setprofile(counted)
    if lines:
        sys.settrace(traced)
    try:
        yield lambda: count
    finally:
        sys.settrace(tracing)
        sys.setprofile(before)


def allowed(data: bytes) -> int:
    return WORK_A_FILE + WORK_A_BYTE * len(data)


BUSY = [
    b"[", b"{", b'{"a":', b'"', b"\\", b",", b"\n", b"\r", b" ", b"\t", b"-", b"#", b"# newdoc\n",
    b"__label__a ", b"__label__",
    b"x O\n", b"x B-A\n", b"\\|", b"|", b"a,", b'""', b"\x00", b"\xcc\x88", b"\xe2\x80\xa8",
    b'{"text":"x","label":"A"}\n', b'{"text":""}\n', b"x O\n\n", b"x\n",
    b"T1\tA 0 1\tx\n", b"text,label\nx,A\n",
]  # fmt: skip
HEADS = [b"", b"text,labels\n", b"text,start,end,label\n", b"x B-A\n", b"__label__a ", b"x __label__a "]


def busy(size: int) -> Iterator[bytes]:
    """Files that are made to keep a reader busy, of so many bytes."""
    for head in HEADS:
        for one in BUSY:
            yield head + one * (size // len(one))


def use(name: str, data: bytes) -> bool:
    """Goes the whole way with a file: found, read, held against a text, written, read again.

    Whether it could be read. Raises whatever is no ``LabelerError``, and ``AssertionError`` where what was
    written can't be read, or labels are gone without a word.
    """
    with bounded(allowed(data)):
        with suppress(LabelerError):
            detect(data, "labels.json")
        try:
            said = FORMATS[name].read(data)
            with_all_categories(said)
        except LabelerError:
            return False
        _use_on(FORMATS[name], said)
    return True


def _use_on(known: Format, said: LabelFile) -> None:
    file, _ = with_all_categories(said)
    documents: list[FileDocument] = []
    for document in file.documents:
        text = TEXT if document.text is None else document.text
        resolved = to_code_points(file.kind, document, text)
        dropped = sum(problem.dropped for problem in resolved.problems)
        assert len(resolved.labels) + dropped == len(document.labels)
        documents.append(msgspec.structs.replace(document, text=text))
    try:
        written = known.write(replace(file, documents=tuple(documents)))
    except LabelerError:
        return
    lost = sum(problem.dropped for problem in written.problems)
    try:
        again = known.read(written.data)
    except FormatError:
        # All that there was may have been left out, and an empty file is none.
        assert lost or not any(document.labels for document in documents)
        return
    before = sum(len(document.labels) for document in documents)
    assert lost or sum(len(document.labels) for document in again.documents) == before


def mutated(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """``data`` with something done to it; what is packed is unpacked for that, mostly."""
    if rng.random() < 0.8:
        if data[:2] == b"PK":
            return _in_archive(rng, data, others)
        if data[:1] == b"\x78":
            try:
                return zlib.compress(_in_docbin(rng, zlib.decompress(data), others))
            except zlib.error:
                pass
    return _plainly(rng, data, others)


def _plainly(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    ways: list[Callable[[], bytes]] = [
        lambda: _bytes(rng, data),
        lambda: data[: rng.randrange(len(data) + 1)],
        lambda: _lines(rng, data),
        *[lambda: _values(rng, data)] * 5,
        lambda: _deep(rng, data),
        lambda: _spliced(rng, data, rng.choice(others)),
        lambda: _bytes(rng, _values(rng, data)),
        lambda: data * rng.randint(2, 4),
    ]
    return rng.choice(ways)()


def _bytes(rng: random.Random, data: bytes) -> bytes:
    mutable = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if not mutable:
            break
        at = rng.randrange(len(mutable))
        match rng.randrange(4):
            case 0:
                mutable[at] = rng.randrange(256)
            case 1:
                del mutable[at : at + rng.randint(1, 20)]
            case 2:
                mutable[at:at] = rng.choice(CHUNKS)
            case 3:
                mutable[at:at] = mutable[at : at + rng.randint(1, 60)]
    return bytes(mutable)


def _lines(rng: random.Random, data: bytes) -> bytes:
    """Lines change places, go, come twice or run into one another."""
    lines = data.split(b"\n")
    for _ in range(rng.randint(1, 4)):
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                lines[one], lines[other] = lines[other], lines[one]
            case 1:
                lines.insert(other, lines[one])
            case 2 if len(lines) > 1:
                del lines[one]
            case 3:
                lines[one] += lines[other]
            case _:
                lines.insert(one, rng.choice(CHUNKS))
    return rng.choice([b"\n", b"\n", b"\r\n", b"\r", b"\n\n"]).join(lines)


def _values(rng: random.Random, data: bytes) -> bytes:
    """A value somewhere in the JSON, or a field somewhere in the columns, becomes odd."""
    try:
        return json.dumps(_value(rng, json.loads(data))).encode()
    except ValueError:
        pass
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    try:
        lines[at] = json.dumps(_value(rng, json.loads(lines[at]))).encode()
    except ValueError:
        separator = rng.choice([b"\t", b" ", b",", b"|", b";"])
        fields = lines[at].split(separator)
        fields[rng.randrange(len(fields))] = str(rng.choice(ODD)).encode()
        lines[at] = separator.join(fields)
    return b"\n".join(lines)


def _value(rng: random.Random, value: Any) -> Any:
    """One place somewhere in the tree becomes odd, goes, or comes twice."""
    if rng.random() < 0.2 or not value or not isinstance(value, dict | list):
        return deepcopy(rng.choice(ODD))
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = rng.choice(keys)
    roll = rng.random()
    if roll < 0.1:
        del value[key]
    elif roll < 0.2 and isinstance(value, dict):
        value[rng.choice(KEYS)] = deepcopy(rng.choice(ODD))
    elif roll < 0.2 and isinstance(value, list):
        value.append(value[key])
    else:
        value[key] = _value(rng, value[key])
    return value


def _deep(rng: random.Random, data: bytes) -> bytes:
    levels = rng.choice([20, 50, 50, 99, 99, 101, 101, 101, 2000])
    nest = rng.choice(
        [b"[" * levels + b"]" * levels, b'{"a":' * levels + b"1" + b"}" * levels, b"[" * levels]
    )
    places = [at for at, byte in enumerate(data) if byte in b":,[\n\t"] or [0]
    at = rng.choice(places) + 1
    end = rng.choice([at, at, at + rng.randint(1, 12)])
    return data[:at] + nest + data[end:]


def _spliced(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _in_docbin(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """A value of the object, or a number of a column, is another; or its bytes are, as those of any file."""
    if rng.random() < 0.3:
        return _plainly(rng, data, others)
    try:
        value = msgspec.msgpack.decode(data)
        if rng.random() < 0.5:
            name = rng.choice(["tokens", "tokens", "spaces", "lengths"])
            value[name] = _numbers(rng, value[name], {"tokens": 8, "lengths": 4}.get(name, 1))
        else:
            value = _value(rng, value)
        return msgspec.msgpack.encode(value)
    except (msgspec.MsgspecError, LookupError, ValueError, OverflowError, AttributeError):
        return _plainly(rng, data, others)


def _numbers(rng: random.Random, column: bytes, size: int) -> bytes:
    """Some of the numbers of so many bytes are others, those of others, or gone."""
    numbers = [column[at : at + size] for at in range(0, len(column), size)]
    for _ in range(rng.randint(1, 4)):
        few = rng.choice([0, 1, 1, 2, 3, 4, 65, 2 ** (8 * size) - 1]).to_bytes(size, "little")
        numbers[rng.randrange(len(numbers))] = rng.choice([few, few, few, rng.choice(numbers), b""])
    return b"".join(numbers)


def _in_archive(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """One file of an archive is another, has another name, or is there twice."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = [(each.filename, archive.read(each)) for each in archive.infolist()]
    at = rng.randrange(len(files))
    name, content = files[at]
    match rng.randrange(6):
        case 0:
            files[at] = (
                rng.choice(["../x.ann", "/x.txt", "C:\\x.ann", "x", "", "a" * 200, "x.ann"]),
                content,
            )
        case 1 if len(files) > 1:
            del files[at]
        case 2:
            files.append((f"twin/{name}", content))
        case _:
            files[at] = (name, _plainly(rng, content, others))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            packing = rng.choice([*[zipfile.ZIP_DEFLATED] * 4, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
            archive.writestr(zipfile.ZipInfo(name or "empty"), content, packing)
    return _bytes(rng, stream.getvalue()) if rng.random() < 0.3 else stream.getvalue()


def inputs(seed: int, count: int, *names: str) -> Iterator[tuple[str, bytes]]:
    """``count`` mutated files, formats in turn; the same for the same ``seed``."""
    rng = random.Random(seed)
    good = seeds()
    pool = [data for each in good.values() for data in each if data[:2] != b"PK"]
    turns = list(names or good)
    for number in range(count):
        name = turns[number % len(turns)]
        yield name, mutated(rng, rng.choice(good[name]), pool)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None, help="another one each time unless given")
    parser.add_argument("--format", action="append", default=[], choices=list(FORMATS))
    said = parser.parse_args(arguments)
    seed = said.seed if said.seed is not None else random.SystemRandom().randrange(2**32)
    read: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for number, (name, data) in enumerate(inputs(seed, said.inputs, *said.format)):
        try:
            done = use(name, data)
        except BaseException:
            sys.stderr.write(f"seed {seed}, input {number}, {name}: {data!r}\n")
            raise
        (read if done else refused)[name] += 1
    for name in said.format or FORMATS:
        sys.stdout.write(f"{name:12} {read[name]:7} read  {refused[name]:7} refused\n")
    sys.stdout.write(f"{said.inputs} inputs, seed {seed}: each a result or a clear refusal\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
