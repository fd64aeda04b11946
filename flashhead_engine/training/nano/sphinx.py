"""Times of the phones in English speech by pocketsphinx: a truth that owes nothing to this project's networks."""

import re
from functools import cache

import numpy as np

from ...blendshapes.phones import Segment
from ...errors import FlashHeadError, MissingDependencyError

_SAMPLE_RATE_HZ = 16_000
_FRAME_RATE_HZ = 100
# Frames begin at i / 100 s, but the middle of their window of 25.6 ms is what they hear. Against flite's exact times
# (20 lines, two voices) the boundaries of pocketsphinx come 6.5 ms early in the median.
_FRAME_DELAY_S = 0.0128 - 0.5 / _FRAME_RATE_HZ
_STARTS = range(0, 160, 20)  # samples; the second pass fails on a line now and then, and not on its frames elsewhere
_SCHWA_SHORTER_THAN_S = 0.06  # the dictionary writes the vowels of "but" and of "about" alike

_IPA = {
    **dict(AA="ɑ", AE="æ", AH="ʌ", AO="ɔ", AW="aʊ", AY="aɪ", B="b", CH="tʃ", D="d", DH="ð", EH="ɛ", ER="ɝ", EY="eɪ"),
    **dict(F="f", G="ɡ", HH="h", IH="ɪ", IY="i", JH="dʒ", K="k", L="l", M="m", N="n", NG="ŋ", OW="oʊ", OY="ɔɪ"),
    **dict(P="p", R="ɹ", S="s", SH="ʃ", T="t", TH="θ", UH="ʊ", UW="u", V="v", W="w", Y="j", Z="z", ZH="ʒ"),
}

# Words of the held-out texts that the dictionary lacks.
_MORE_WORDS = {
    **{"beauty's": "B Y UW T IY Z", "riper": "R AY P ER", "feed'st": "F IY D S T", "buriest": "B EH R IY AH S T"},
    **{"churl": "CH ER L", "mak'st": "M EY K S T", "niggarding": "N IH G ER D IH NG", "glutton": "G L AH T AH N"},
}


@cache
def _decoder():
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise MissingDependencyError(
            f"The times of English phones need pocketsphinx ({error}). Install it with: pip install pocketsphinx"
        ) from error
    # With the usual cepstral mean a line's times would depend on the lines before it.
    decoder = Decoder(samprate=_SAMPLE_RATE_HZ, lm=None, cmn="batch", loglevel="FATAL")
    for word, phones in _MORE_WORDS.items():
        decoder.add_word(word, phones, True)
    return decoder


def english_segments(pcm: np.ndarray, text: str) -> tuple[Segment, ...]:
    """Phones and pauses of an English line, without gaps. `pcm`: float32 mono, 16 kHz.

    Raises FlashHeadError when a word is not in the dictionary or the audio does not say the text, and
    MissingDependencyError without pocketsphinx.
    """
    words = re.findall(r"[a-z']+", text.lower().replace("’", "'"))
    raw = (np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes()
    decoder = _decoder()
    unknown = [word for word in words if decoder.lookup_word(word) is None]
    if unknown:
        raise FlashHeadError(f"pocketsphinx does not know how to say {', '.join(unknown)}.")
    for start in _STARTS:
        try:
            decoder.set_align_text(" ".join(words))
            _decode(decoder, raw[2 * start :])
            decoder.set_alignment()
            _decode(decoder, raw[2 * start :])
            break
        except RuntimeError:
            continue
    else:
        raise FlashHeadError(f"pocketsphinx does not find '{text}' in the audio.")
    entries = [phone for word in decoder.get_alignment() for phone in word]
    delay_s = _FRAME_DELAY_S + start / _SAMPLE_RATE_HZ
    starts = [0.0, *(entry.start / _FRAME_RATE_HZ + delay_s for entry in entries[1:])]
    ends = [*starts[1:], len(pcm) / _SAMPLE_RATE_HZ]
    return tuple(_segment(*phone) for phone in zip(starts, ends, (entry.name for entry in entries), strict=True))


def _decode(decoder, raw: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(raw, full_utt=True)
    decoder.end_utt()


def _segment(start: float, end: float, phone: str) -> Segment:
    is_schwa = phone == "AH" and end - start < _SCHWA_SHORTER_THAN_S
    return Segment(start, end, "ə" if is_schwa else _IPA.get(phone, ""))
