"""Forced alignment: when each sound of a known text is spoken.

A Viterbi search (Viterbi 1967; Rabiner 1989, "A tutorial on hidden Markov models") through one chain of states,

    pause · letter · pause · letter · ... · letter · pause

in which every letter must be passed and every pause may be left out. Between words a pause is free, inside a word it
costs a penalty. A letter is as many states as the frames that it lasts at least, and so is a pause; the last state
of each may be repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..blendshapes.phone_classes import CLASS_OF_LETTER, PHONE_CLASSES
from ..blendshapes.phones import Segment
from ..errors import FlashHeadError

_PAUSE_CLASS = CLASS_OF_LETTER[""]
_PAUSE_FRAMES = 4
_LETTER_FRAMES = (2, 1)  # shortest letter; the second is for a text that is spoken too fast for the first
_PAUSE_INSIDE_WORD = -10.0  # log probability
_LEAST_ADVANTAGE = 1.5  # of the text over its own sounds in another order
_LOWEST_LOG_POSTERIOR = -7.0  # a speaker who says one sound otherwise must not spoil the words around it

_LARGEST_SEARCH = 600_000_000  # frames times states, of two bits each: 150 MB; about six minutes of quick speech


class AlignmentError(FlashHeadError):
    """A text cannot be laid over the audio: no sounds, too many of them, or too long at once."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where the sounds of a text lie in an utterance.

    `segments`: one for every letter, in order, and for every pause (ipa ""); they cover the utterance without gaps.
    `confidence`: 0..1, how much of what is heard the text explains: the geometric mean, over the frames in which
    either of both hears speech, of the posterior of the text's sound divided by that of the likeliest sound. 1: the
    text is what anyone would have heard without it.
    `segment_confidences`: the same for each segment by itself.
    """

    segments: tuple[Segment, ...]
    confidence: float
    segment_confidences: tuple[float, ...]


def fits(
    alignment: Alignment, log_posteriors: np.ndarray, words: Sequence[Sequence[str]], frame_rate_hz: float
) -> bool:
    """Whether an utterance says the text that `align` laid over it; arguments as for `align`.

    A confidence by itself tells little: in noise every text seems possible. So it must beat that of the same sounds
    in reverse order, which nobody says.
    """
    backwards = [tuple(reversed(word)) for word in reversed(words)]
    if backwards == [tuple(word) for word in words]:
        return True
    by_chance = align(log_posteriors, backwards, frame_rate_hz).confidence
    return alignment.confidence >= _LEAST_ADVANTAGE * by_chance


def align(log_posteriors: np.ndarray, words: Sequence[Sequence[str]], frame_rate_hz: float) -> Alignment:
    """Lay the letters of `words` (IPA, as `phonemise` gives them) over an utterance.

    `log_posteriors`: float (T, 34), natural logarithms, order of `phone_classes.PHONE_CLASSES`; frame i tells what is
    spoken at i / frame_rate_hz seconds, so a boundary lies half-way between two frames. Memory: at most
    200 MB. Time grows with the square of the length: 1.5 s for three minutes of quick speech.

    Raises AlignmentError when there are no letters or more than frames, for more than about six minutes of speech,
    and for posteriors that are not numbers.
    """
    letters = [letter for word in words for letter in word]
    starts_word = np.array([i == 0 for word in words for i in range(len(word))], bool)
    posteriors = _checked(log_posteriors, letters)
    classes = np.array([CLASS_OF_LETTER[letter] for letter in letters])
    shortest = next(frames for frames in _LETTER_FRAMES if frames * len(letters) <= len(posteriors))
    parts = _search(posteriors, classes, starts_word, shortest)

    # Parts count 0 pause, 1 first letter, 2 pause, 3 second letter, ...
    begins = np.concatenate([[0], np.flatnonzero(np.diff(parts)) + 1])
    boundaries = (np.append(begins, len(parts)) - 0.5) / frame_rate_hz
    boundaries[0], boundaries[-1] = 0.0, len(parts) / frame_rate_hz
    segments = tuple(
        Segment(start, end, letters[part // 2] if part % 2 else "")
        for (start, end), part in zip(pairwise(boundaries.tolist()), parts[begins].tolist(), strict=True)
    )
    heard = np.where(parts % 2, classes[np.minimum(parts // 2, len(classes) - 1)], _PAUSE_CLASS)
    best = posteriors.argmax(1)
    loss = posteriors[np.arange(len(heard)), heard] - posteriors.max(1)
    speech = (heard != _PAUSE_CLASS) | (best != _PAUSE_CLASS)
    by_segment = np.add.reduceat(loss, begins) / np.diff(np.append(begins, len(parts)))
    return Alignment(segments, float(np.exp(loss[speech].mean())), tuple(np.exp(by_segment).tolist()))


def _checked(log_posteriors: np.ndarray, letters: Sequence[str]) -> np.ndarray:
    """Posteriors above the floor, float64 (T, 34)."""
    posteriors = np.asarray(log_posteriors, np.float64)
    if posteriors.ndim != 2 or posteriors.shape[1] != len(PHONE_CLASSES) or not len(posteriors):
        raise AlignmentError(
            f"phone posteriors must be of shape (frames, {len(PHONE_CLASSES)}), not {posteriors.shape}."
        )
    if np.isnan(posteriors).any():
        raise AlignmentError("the phone posteriors have values that are not numbers.")
    if not letters:
        raise AlignmentError("the text has no sounds to look for.")
    if unknown := set(letters) - CLASS_OF_LETTER.keys() | ({""} & set(letters)):
        raise AlignmentError(f"not letters of the phone tables: {', '.join(map(repr, sorted(unknown)))}.")
    if len(letters) > len(posteriors):
        raise AlignmentError(
            f"the text has {len(letters)} sounds, more than can be spoken in the {len(posteriors)} frames of the "
            "audio: is it the text of this line?"
        )
    return np.maximum(posteriors, _LOWEST_LOG_POSTERIOR)


def _search(posteriors: np.ndarray, classes: np.ndarray, starts_word: np.ndarray, shortest: int) -> np.ndarray:
    """The likeliest path: the part (see `align`) of each frame, int64 (T,)."""
    letters, frames = len(classes), len(posteriors)
    unit = _PAUSE_FRAMES + shortest  # states of a pause and the letter after it
    states = letters * unit + _PAUSE_FRAMES
    if frames * states > _LARGEST_SEARCH:
        raise AlignmentError(
            f"{frames} frames and {letters} sounds are too many to align at once: "
            "cut the line in pieces of a few minutes."
        )
    state_class = np.full(states, _PAUSE_CLASS)
    first = _PAUSE_FRAMES + unit * np.arange(letters)  # first state of each letter
    for k in range(shortest):
        state_class[first + k] = classes
    may_stay = np.full(states, -np.inf)
    may_stay[_PAUSE_FRAMES - 1 :: unit] = 0.0
    may_stay[first + shortest - 1] = 0.0
    entry = np.zeros(states)
    entry[first[1:] - _PAUSE_FRAMES] = np.where(starts_word[1:], 0.0, _PAUSE_INSIDE_WORD)
    after_pause = first[1:]  # letters that may also follow the letter before them at once

    stayed = np.zeros((frames, -(-states // 8)), np.uint8)
    skipped = np.zeros((frames, -(-letters // 8)), np.uint8)
    score = np.full(states, -np.inf)
    score[0] = posteriors[0, _PAUSE_CLASS]
    score[first[0]] = posteriors[0, classes[0]]
    for t in range(1, frames):
        best = np.empty(states)
        best[0] = -np.inf
        np.add(score[:-1], entry[1:], out=best[1:])
        over_pause = score[after_pause - _PAUSE_FRAMES - 1]
        skips = over_pause > best[after_pause]
        best[after_pause] = np.where(skips, over_pause, best[after_pause])
        stay = score + may_stay
        stays = stay >= best
        stayed[t] = np.packbits(stays)
        skipped[t] = np.packbits(np.append(False, skips))
        score = np.where(stays, stay, best) + posteriors[t, state_class]

    last_letter = states - _PAUSE_FRAMES - 1
    state = states - 1 if score[-1] > score[last_letter] else last_letter
    path = np.empty(frames, np.int64)
    for t in range(frames - 1, -1, -1):
        path[t] = state
        letter, within = divmod(state, unit)
        if _bit(stayed[t], state):
            continue
        state -= 1 + _PAUSE_FRAMES * (within == _PAUSE_FRAMES and _bit(skipped[t], letter))
    return 2 * (path // unit) + (path % unit >= _PAUSE_FRAMES)


def _bit(packed: np.ndarray, index: int) -> bool:
    """Element `index` of what np.packbits packed."""
    return bool(packed[index >> 3] >> (7 - (index & 7)) & 1)
