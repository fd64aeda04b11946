"""The recordings of people that nano learns from, and whose words its neural voices speak."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from .amazon_queen import AMAZON_QUEEN, HERO
from .drascula import DRASCULA
from .recordings import PROMPTS, Corpus, Recording
from .steel_sky import STEEL_SKY

TRAINING_CORPORA = PROMPTS
TEXT_CORPUS = STEEL_SKY
"""Dialogue of a game, of which nothing is held out: Kokoro speaks its words."""


def _said_by_the_hero(corpus: Corpus, folder: Path) -> Iterable[Recording]:
    return (recording for recording in AMAZON_QUEEN.find(corpus, folder) if recording.speaker == HERO)


HERO_LINES = replace(AMAZON_QUEEN, name="hero-en", find=_said_by_the_hero)
"""Of this game's actors the hero alone: all others are held out."""

REFINING_CORPORA = (*PROMPTS, HERO_LINES, STEEL_SKY, DRASCULA)
