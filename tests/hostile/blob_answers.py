"""What may answer in the place of a Blob server, or what one may answer that is broken or hostile."""

from __future__ import annotations

import gzip

from tests.hostile.blob_server import (
    ESCAPES,
    SIGNATURE,
    Answer,
    Paged,
    answer,
    content,
    item,
    page,
    refused,
    without_end,
    xml,
)

LOGIN = answer(f"<html><body>Please log in {SIGNATURE}</body></html>".encode(), "Content-Type: text/html")
PORTAL = xml("<html><body>Please log in<br></body></html>")
"""The same, where somebody says that it is XML."""

_GOOD = page(item("a.txt"))
_FOLDER = page("<BlobPrefix><Name>sub/</Name></BlobPrefix>")


def _with(old: str, new: str, body: str = _GOOD) -> bytes:
    assert old in body
    return xml(body.replace(old, new))


LISTINGS: dict[str, Answer] = {
    "a login page": LOGIN,
    "a login page as XML": PORTAL,
    "nothing": answer(b"", "Content-Type: application/xml"),
    "no type": answer(_GOOD.encode()[:60]),
    "JSON": answer(b'{"blobs": []}', "Content-Type: application/json"),
    "a list": answer(b"[1, 2]", "Content-Type: application/json"),
    "half a page": xml(_GOOD[:200]),
    "other XML": xml("<feed><entry/></feed>"),
    "no UTF-8": answer(b"<a>\xff\xfe\xed</a>", "Content-Type: application/xml"),
    "an unknown character set": answer(b"x", "Content-Type: application/xml; charset=nonsense"),
    "packed": answer(
        gzip.compress(_GOOD.encode()), "Content-Type: application/xml", "Content-Encoding: gzip"
    ),
    "packed, and not": answer(_GOOD.encode(), "Content-Type: application/xml", "Content-Encoding: deflate"),
    "no name": _with("<Name>a.txt</Name>", ""),
    "an empty name": _with("<Name>a.txt</Name>", "<Name/>"),
    "a name too long": _with("a.txt", "a" * 2000),
    "no properties": xml(page("<Blob><Name>a.txt</Name></Blob>")),
    "empty properties": xml(page("<Blob><Name>a.txt</Name><Properties/></Blob>")),
    "no mark": _with("<Etag>0x8D</Etag>", ""),
    "an empty mark": _with("0x8D", ""),
    "a mark with a line's end": _with("0x8D", "0x8D&#13;&#10;x: y"),
    "a mark that is long": _with("0x8D", "0" * 10_000),
    "no length": _with("<Content-Length>5</Content-Length>", ""),
    "a length of a word": _with(">5<", ">many<"),
    "a length below nothing": _with(">5<", ">-5<"),
    "a length beyond all": _with(">5<", f">{'9' * 400}<"),
    "a length of more digits than are read": _with(">5<", f">{'9' * 5000}<"),
    "a time that is none": _with("Mon, 23 Nov 2026 03:00:00 GMT", "tomorrow"),
    "a time beyond all": _with("Mon, 23 Nov 2026 03:00:00 GMT", "Mon, 99 Nov 99999 03:00:00 GMT"),
    "a type that is none": _with("BlockBlob", "Blub"),
    "a folder without a name": _with("<Name>sub/</Name>", "", _FOLDER),
    "a folder with an empty name": _with("<Name>sub/</Name>", "<Name/>", _FOLDER),
    "without end": without_end("Content-Type: application/xml"),
    "a marker that comes back": Paged(lambda number: page(item(f"{number}.txt"), marker="same")),
    "two markers in turn": Paged(lambda number: page(item(f"{number}.txt"), marker=str(number % 2))),
    "the same page for ever": Paged(lambda number: page(item("a.txt"), marker=str(number))),
    "empty pages for ever": Paged(lambda number: page(marker=str(number))),
    "not modified": answer(b"", status="304 Not Modified"),
    "a container that goes": refused("409 Conflict", "ContainerBeingDeleted"),
    "a public one": refused("409 Conflict", "PublicAccessNotPermitted"),
    "a condition that nobody made": refused("412 Precondition Failed", "ConditionNotMet"),
    "a code that is none": refused("409 Conflict", f"x {SIGNATURE}"),
    "a refusal without words": xml("<Error><Code>X</Code></Error>", status="418 Teapot"),
    "a refusal in JSON": answer(
        b'{"error": {"a": 1}}', "Content-Type: application/json", status="418 Teapot"
    ),
    "a refusal that is a list": answer(b"[1]", "Content-Type: application/json", status="400 Bad Request"),
    "a refusal that is packed": answer(
        gzip.compress(b"x" * 1000),
        "Content-Encoding: gzip",
        "Content-Type: text/html",
        status="403 Forbidden",
    ),
    "a refusal without end": without_end("Content-Type: application/xml", status="403 Forbidden"),
    "a refusal with escapes": answer(ESCAPES.encode(), "Content-Type: text/plain", status="400 \x9b31m"),
    "nothing at all": answer(b"", status="204 No Content"),
    "elsewhere": answer(b"", "Location: http://127.0.0.1:1/", status="302 Found"),
    "status 999": answer(b"", status="999 Odd"),
    "no HTTP": f"SSH-2.0-{ESCAPES}\r\n".encode(),
}
"""In the place of a page of a listing."""

READINGS: dict[str, Answer] = {
    "a login page": LOGIN,
    "a login page as XML": PORTAL,
    "nothing": answer(b""),
    "no range": content(Content_Range=None),
    "a range of words": content(Content_Range="from here to there"),
    "a range without a size": content(Content_Range="bytes 0-4/*"),
    "a range below nothing": content(Content_Range="bytes 0-4/-5"),
    "a range of more digits than are read": content(Content_Range=f"bytes 0-4/{'9' * 5000}"),
    "more than it says": content(b"Hello, and more", Content_Range="bytes 0-4/5"),
    "no mark": content(ETag=None),
    "an empty mark": content(ETag='""'),
    "a checksum that is none": content(Content_MD5="Ä\x9b"),
    "a blob's checksum that is none": content(x_ms_blob_content_md5="x"),
    "another checksum": content(x_ms_blob_content_md5="AAAAAAAAAAAAAAAAAAAAAA=="),
    "a time that is none": content(Last_Modified="tomorrow"),
    "a time of copying that is none": content(x_ms_copy_completion_time="\x9b31m"),
    "a time of making that is none": content(x_ms_creation_time="x"),
    "a replication that is none": content(x_ms_or_nothing="Complete"),
    "a number that is none": content(x_ms_blob_sequence_number="x"),
    "packed": content(gzip.compress(b"Hello"), Content_Encoding="gzip"),
    "packed in a way with escapes": content(Content_Encoding="\x9b31m"),
    "not modified": answer(b"", status="304 Not Modified"),
    "archived": refused("409 Conflict", "BlobArchived"),
    "a lease": refused("412 Precondition Failed", "LeaseIdMissing"),
    "a condition that nobody made": refused("412 Precondition Failed", "ConditionNotMet"),
    "a range that can't be": refused("416 Range Not Satisfiable", "InvalidRange"),
    "without end": without_end("Content-Range: bytes 0-4/5", 'ETag: "1"', status="206 Partial Content"),
    "a refusal without end": without_end("Content-Type: text/html", status="404 Not Found"),
    "a refusal without words": xml("<Error><Code>X</Code></Error>", status="418 Teapot"),
    "a refusal in JSON": answer(
        b'{"error": {"a": 1}}', "Content-Type: application/json", status="418 Teapot"
    ),
    "no HTTP": b"\x00\x01\x02\r\n\r\n",
}
"""In the place of a blob."""
