"""The recordings of people that nano learns from, and whose words its neural voices speak."""

from .amazon_queen import AMAZON_QUEEN
from .recordings import PROMPTS

TRAINING_CORPORA = PROMPTS
TEXT_CORPUS = AMAZON_QUEEN
"""Dialogue of a game: Kokoro speaks its words. Its own recordings, sampled at 11 kHz, gave no better network in two
training runs."""
