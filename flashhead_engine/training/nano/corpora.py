"""The recordings of people that nano learns from, and whose words its neural voices speak."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from .amazon_queen import AMAZON_QUEEN, HERO
from .recordings import PROMPTS, Corpus, Recording

TRAINING_CORPORA = PROMPTS
TEXT_CORPUS = AMAZON_QUEEN
"""Dialogue of a game: Kokoro speaks its words. Its own recordings, sampled at 11 kHz, gave no better network in two
training runs from random weights."""


def _said_by_the_hero(corpus: Corpus, folder: Path) -> Iterable[Recording]:
    return (recording for recording in AMAZON_QUEEN.find(corpus, folder) if recording.speaker == HERO)


REFINING_CORPORA = (*PROMPTS, replace(AMAZON_QUEEN, name="hero-en", find=_said_by_the_hero))
"""Of the game's actors the hero alone: all others are held out."""
