"""The recordings of people that nano learns from."""

from .amazon_queen import AMAZON_QUEEN
from .recordings import PROMPTS

TRAINING_CORPORA = (*PROMPTS, AMAZON_QUEEN)
