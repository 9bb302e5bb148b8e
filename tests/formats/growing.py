"""Good label files of every format that grow in one thing: documents, labels of one document, categories.

A reader takes time in proportion to them; one that looks through all for each takes the square of it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.formats import samples

Grown = Callable[[int], bytes]
"""A file of so many rows."""


def rows(head: bytes, row: bytes, tail: bytes = b"", *, between: bytes = b"") -> Grown:
    """A row comes again and again, with its number in it, of four digits at least."""

    def made(count: int) -> bytes:
        each = (row.replace(b"%d", b"%d" % number) for number in range(1000, 1000 + count))
        return head + between.join(each) + tail

    return made


def azure(one: Callable[[], dict[str, Any]], grow: Callable[[dict[str, Any], int], None]) -> Grown:
    """An Azure labels file in which something is there so many times."""

    def made(count: int) -> bytes:
        file = one()
        grow(file["assets"], count)
        return json.dumps(file).encode()

    return made


def _documents(assets: dict[str, Any], count: int) -> None:
    first = assets["documents"][0]
    assets["documents"] = [{**first, "location": f"d{number}.txt"} for number in range(1000, 1000 + count)]


def _labels(assets: dict[str, Any], count: int) -> None:
    (region,) = assets["documents"][0]["entities"]
    region["labels"] = [{"category": "Name", "offset": 2 * number, "length": 1} for number in range(count)]
    region["regionLength"] = 2 * count


def _categories(assets: dict[str, Any], count: int) -> None:
    key = "entities" if "entities" in assets else "classes"
    assets[key] += [{"category": f"A{number}"} for number in range(1000, 1000 + count)]


def archive(files: Callable[[int], Iterator[tuple[str, str]]]) -> Grown:
    """A ZIP archive, whose files follow from their number."""

    def made(count: int) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as packed:
            for path, text in files(count):
                packed.writestr(zipfile.ZipInfo(path), text)
        return stream.getvalue()

    return made


def _many_documents(count: int) -> Iterator[tuple[str, str]]:
    for number in range(1000, 1000 + count):
        yield f"d{number}.txt", f"Ann {number}"
        yield f"d{number}.ann", "T1\tName 0 3\tAnn\n"


def _many_labels(count: int) -> Iterator[tuple[str, str]]:
    yield "a.txt", "x " * count
    yield "a.ann", "".join(f"T{at}\tA{at} {2 * at} {2 * at + 1}\tx\n" for at in range(count))


_RESULT = b'{"type":"labels","value":{"start":0,"end":1,"text":"x","labels":["A%d"]}}'
_TEXT_ROWS = {"one text": b"x", "a text each": b"x%d"}

GROWING: Mapping[str, Mapping[str, Grown]] = {
    "azure": {
        "documents with entities": azure(samples.entities, _documents),
        "documents with a class": azure(samples.single, _documents),
        "documents with classes": azure(samples.multi, _documents),
        "labels of one document": azure(samples.entities, _labels),
        "categories": azure(samples.entities, _categories),
        "classes": azure(samples.multi, _categories),
    },
    "brat": {
        "documents": archive(_many_documents),
        "labels of one document": archive(_many_labels),
    },
    "aml": {
        "documents": rows(b"", b'{"image_url":"AmlDatastore://s/d%d.txt","label":"A%d"}\n'),
        "labels of one document": rows(
            b'{"image_url":"AmlDatastore://s/a.txt","label":[',
            b'{"label":"A","offsetStart":%d,"offsetEnd":9999}',
            b"]}\n",
            between=b",",
        ),
    },
    "labelstudio": {
        **{
            f"documents, {name}": rows(
                b"[",
                b'{"id":%d,"data":{"text":"' + text + b'"},"annotations":[{"result":[' + _RESULT + b"]}]}",
                b"]",
                between=b",",
            )
            for name, text in _TEXT_ROWS.items()
        },
        "documents with a class": rows(
            b"[",
            b'{"id":%d,"data":{"text":"x"},"annotations":[{"result":[{"from_name":"c","to_name":"text",'
            b'"type":"choices","value":{"choices":["A%d"]}}]}]}',
            b"]",
            between=b",",
        ),
        "labels of one document": rows(
            b'[{"id":1,"data":{"text":"x"},"annotations":[{"result":[', _RESULT, b"]}]}]", between=b","
        ),
    },
    "prodigy": {
        **{
            f"documents, {name}": rows(b"", b'{"text":"' + text + b'","label":"A","answer":"accept"}\n')
            for name, text in _TEXT_ROWS.items()
        },
        "labels of one document": rows(
            b'{"text":"x","answer":"accept","spans":[',
            b'{"start":0,"end":1,"label":"A%d"}',
            b"]}\n",
            between=b",",
        ),
    },
    "doccano": {
        **{
            f"documents, {name}": rows(b"", b'{"text":"' + text + b'","label":["A%d"]}\n')
            for name, text in _TEXT_ROWS.items()
        },
        "documents with a span": rows(b"", b'{"text":"x","label":[[0,1,"A%d"]]}\n'),
        "labels of one document": rows(b'{"text":"x","label":[', b'[0,1,"A%d"]', b"]}\n", between=b","),
    },
    "jsonl": {
        **{
            f"documents, {name}": rows(b"", b'{"location":"d%d.txt","text":"' + text + b'","label":"A%d"}\n')
            for name, text in _TEXT_ROWS.items()
        },
        "documents of tokens": rows(b"", b'{"id":"%d","tokens":["EU","x"],"ner_tags":["B-A%d","O"]}\n'),
        "labels of one document": rows(
            b'[{"text":"x","entities":[',
            b'{"start_offset":0,"end_offset":1,"type":"A%d"}',
            b"]}]",
            between=b",",
        ),
    },
    "spacy": {
        **{
            f"documents, {name}": rows(
                b"[", b'["' + text + b'",{"entities":[[0,1,"A%d"]]}]', b"]", between=b","
            )
            for name, text in _TEXT_ROWS.items()
        },
        "labels of one document": rows(b'[["x",{"entities":[', b'[0,1,"A%d"]', b"]}]]", between=b","),
        "classes of one document": rows(b'[["x",{"cats":{', b'"A%d":1.0', b"}}]]", between=b","),
    },
    "csv": {
        **{f"documents, {name}": rows(b"text,labels\n", text + b",A\n") for name, text in _TEXT_ROWS.items()},
        "names of categories": rows(b"text,labels\n", b"x%d,A%d|B%d\n"),
        "classes of one document": rows(b"location,label\n", b"a.txt,A%d\n"),
        "labels of one document": rows(b"location,start,end,label\n", b"a.txt,%d,9999,A\n"),
    },
    "conll": {
        "labels of one document": rows(b"", b"x%d B-A%d\n"),
        "sentences": rows(b"", b"x%d E-A%d\n\n"),
        "documents": rows(b"", b"# newdoc id = d%d.txt\nx\tB-A%d\n\n"),
    },
    "fasttext": {
        "documents": rows(b"", b"__label__a%d x\n"),
        "classes of one document": rows(b"", b"__label__a%d "),
    },
    "aml-conll": {
        "documents": rows(b"", b"x%d B-A%d\n\n"),
        "labels of one document": rows(b"", b"x%d B-A%d\n"),
    },
}
"""By format and by what grows."""


def of_size(grown: Grown, size: int) -> bytes:
    """A file of about so many bytes."""
    count = 200
    # Numbers have more digits in a larger one.
    for _ in range(2):
        count = count * size // len(grown(count))
    return grown(count)
