"""Languages that both the service and Azure Machine Learning label text in."""

from __future__ import annotations

from collections.abc import Mapping


def aml_language(code: str) -> str | None:
    """The three letters that Azure Machine Learning has for a language of the service, such as ``en-us``.

    From its list TextDNNLanguages and the service's own, by ISO 639; ``None`` where either lacks it.
    """
    return _LANGUAGES.get(code.replace("_", "-").partition("-")[0].lower())


_PAIRS = """
af:afr ar:ara az:aze be:bel bg:bul bn:ben br:bre bs:bos ca:cat cs:ces cy:cym da:dan de:deu el:ell
en:eng es:spa et:est eu:eus fa:fas fi:fin fr:fra fy:fry ga:gle gl:glg gu:guj he:heb hi:hin hr:hrv
hu:hun hy:hye id:ind it:ita ja:jpn jv:jav ka:kat kk:kaz kn:kan ko:kor ky:kir la:lat lt:lit lv:lav
mg:mlg mk:mkd ml:mal mn:mon mr:mar ms:msa my:mya nb:nob ne:nep nl:nld pa:pan pl:pol pt:por ro:ron
ru:rus sk:slk sl:slv sq:sqi sr:srp su:sun sv:swe sw:swa ta:tam te:tel th:tha tl:tgl tr:tur uk:ukr
ur:urd uz:uzb vi:vie zh:zho
"""

_LANGUAGES: Mapping[str, str] = {pair[:2]: pair[3:] for pair in _PAIRS.split()}
"""By the first part of a code; those that both sides have."""
