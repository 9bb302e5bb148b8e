"""The service's own samples: every label cuts the right text, and the file comes back equal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.realdata import real
from tui_labeler.domain.projects import ProjectKind
from tui_labeler.engine.documents.decoding import decode
from tui_labeler.engine.errors import FormatError
from tui_labeler.engine.formats import azure, detect
from tui_labeler.engine.formats.resolve import to_code_points, to_utf16, with_all_categories

if TYPE_CHECKING:
    from pathlib import Path

    from tui_labeler.engine.formats.model import LabelFile

FILES = [
    (("azure-language", "custom-ner-loan-agreements", "loanAgreementsLabels.json"), ".", 12, 20, 240),
    (("azure-language", "single-label-webofscience", "webOfScience_labelsFile.json"), ".", 7, 210, 210),
    (("azure-language", "multi-label-movies", "movieLabels.json"), ".", 5, 210, 515),
    (("azure-examples", "ner_labels.json"), "docs", 4, 5, 16),
    (("azure-examples", "single_label.json"), "docs", 4, 5, 5),
    (("azure-examples", "multi_label.json"), "docs", 4, 5, 7),
]


def cut(file: LabelFile, folder: Path, location: str) -> dict[str, str]:
    """The labeled words of one document by category."""
    text = decode((folder / location).read_bytes()).text
    document = next(document for document in file.documents if document.location == location)
    labels = to_code_points(file.kind, document, text).labels
    return {label.category: text[label.span.start : label.span.end] for label in labels if label.span}


@pytest.mark.parametrize(("parts", "texts", "categories", "documents", "labels"), FILES)
def test_a_file_is_read_whole_and_written_equal(
    parts: tuple[str, ...], texts: str, categories: int, documents: int, labels: int
) -> None:
    path = real(*parts)
    raw = path.read_bytes()
    file, problems = with_all_categories(detect(raw, path.name).read(raw))
    assert problems == ()
    assert (len(file.categories), len(file.documents)) == (categories, documents)
    assert sum(len(document.labels) for document in file.documents) == labels
    assert json.dumps(json.loads(azure.write(file).data)) == json.dumps(json.loads(raw))
    for document in file.documents:
        decoded = decode((path.parent / texts / document.location).read_bytes())
        assert decoded.problem == ""
        resolved = to_code_points(file.kind, document, decoded.text)
        # Spans that cut words, overlap or leave the text would stand here.
        assert resolved.problems == ()
        assert len(resolved.labels) == len(document.labels)
        assert to_utf16(resolved.labels, document.regions, decoded.text) == (
            document.labels,
            document.regions,
        )


def test_the_loan_agreements_spans_cut_what_their_categories_say() -> None:
    path = real("azure-language", "custom-ner-loan-agreements", "loanAgreementsLabels.json")
    file = azure.read(path.read_bytes())
    assert cut(file, path.parent, "01.txt") == {
        "BorrowerAddress": "9876 Fusce Rd",
        "BorrowerCity": "Frederick",
        "BorrowerState": "Nebraska",
        "LenderAddress": "6789 May Street",
        "LenderCity": "Winchester",
        "LenderState": "Kentucky",
        "LoanAmountWords": "six hundred twenty-three thousand four hundred sixty-three Dollars",
        "LoanAmountNumbers": "$623,463.00",
        "Interest": "5%",
        "Date": "6/29/2018",
        "BorrowerName": "Parker McLean",
        "LenderName": "Dylan Williams",
    }
    for document in file.documents:
        words = cut(file, path.parent, document.location)
        assert len(words) == 12
        assert words["LoanAmountNumbers"].startswith("$")
        assert words["Interest"].endswith("%")
        assert words["LoanAmountWords"].endswith("Dollars")
        assert words["Date"].count("/") == 2
        assert all(word == word.strip() for word in words.values())
        # The region is the whole raw text, line ends and all.
        text = decode((path.parent / document.location).read_bytes()).text
        assert [(region.start, region.length) for region in document.regions] == [(0, len(text))]


def test_spans_behind_emoji_combining_marks_and_two_character_line_ends_cut_the_right_words() -> None:
    path = real("azure-examples", "ner_labels.json")
    file = azure.read(path.read_bytes())
    folder = path.parent / "docs"
    assert cut(file, folder, "ticket03.txt") == {
        "CustomerName": "Priya Raman",
        "BikeModel": "Gazelle CityZen",
        "RepairDate": "1 July 2025",
        "Price": "45.00 EUR",
    }
    assert cut(file, folder, "ticket04.txt")["CustomerName"] in ("Zoe\u0308 Brandt", "Zoë Brandt")
    assert cut(file, folder, "ticket02.txt")["Price"].endswith("EUR")
    assert cut(file, folder, "ticket05.txt") == {}


def test_a_preview_kind_is_refused_by_its_name() -> None:
    raw = real("interop", "azure-language", "file_labels.json").read_bytes()
    with pytest.raises(FormatError, match="CustomTextSentiment is not supported") as caught:
        detect(raw, "file_labels.json").read(raw)
    assert caught.value.field == "metadata.projectKind"


def test_the_kinds_are_those_of_the_samples() -> None:
    kinds = [azure.read(real(*parts).read_bytes()).kind for parts, *_ in FILES]
    assert kinds == [ProjectKind.ENTITIES, ProjectKind.SINGLE_LABEL, ProjectKind.MULTI_LABEL] * 2
