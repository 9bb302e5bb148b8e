"""Small corpora that are made up here, seeded: every test says what it learns from."""

from __future__ import annotations

import random

from tui_labeler.domain.labels import Span
from tui_labeler.engine.ports import Sample

FIRST = ("Ada", "Boris", "Chloé", "Dmitri", "Elif", "Farid", "Greta", "Hanna", "Ivo", "Jun")
LAST = ("Moreau", "Okafor", "Petrov", "Quist", "Rossi", "Sato", "Tanaka", "Ueda", "Varga", "Weiss")
CITY = ("Leeds", "Lyon", "Porto", "Turin", "Ghent", "Basel", "Graz", "Brno", "Malmö", "Oslo")
FORMS = (
    "The order of {person} goes to {city} next week.",
    "{person} lives in {city} and pays by card.",
    "Please call {person}, who waits in {city}.",
    "From {city} we hear that {person} has signed.",
)


def entities(count: int, seed: int = 0, end: str = "\n") -> list[Sample]:
    """Texts of three sentences with the spans of ``person`` and ``city``."""
    generator = random.Random(seed)
    return [_entities(generator, end) for _ in range(count)]


def _entities(generator: random.Random, end: str) -> Sample:
    text = ""
    found: list[tuple[str, Span | None]] = []
    for _ in range(3):
        words = {
            "person": f"{generator.choice(FIRST)} {generator.choice(LAST)}",
            "city": generator.choice(CITY),
        }
        sentence = generator.choice(FORMS).format(**words)
        for category, value in words.items():
            start = len(text) + sentence.index(value)
            found.append((category, Span(start, start + len(value))))
        text += sentence + end
    return Sample(text, tuple(sorted(found, key=lambda each: each[1] or Span(0, 1))))


TOPICS = {
    "billing": ["invoice", "amount", "charged", "twice", "refund", "card", "statement", "price"],
    "delivery": ["parcel", "courier", "late", "address", "tracking", "arrived", "box", "doorstep"],
    "account": ["password", "login", "locked", "email", "reset", "username", "profile", "code"],
}


def classes(count: int, seed: int = 0, several: bool = False) -> list[Sample]:
    """Texts about one of three topics, or with ``several`` about none, one or two of them."""
    generator = random.Random(seed)
    found = []
    for number in range(count):
        names = list(TOPICS)
        chosen = generator.sample(names, number % 3) if several else [names[number % 3]]
        words = [word for name in chosen for word in generator.choices(TOPICS[name], k=6)]
        words += generator.choices(["please", "thanks", "hello", "today", "again"], k=4)
        generator.shuffle(words)
        found.append(Sample(" ".join(words), tuple((name, None) for name in chosen)))
    return found
