"""Times of the phones in English speech by pocketsphinx: a truth that owes nothing to this project's networks.

And what pocketsphinx hears without being told the words: it is the recogniser inside Rhubarb Lip Sync.
"""

import re
from functools import cache

import numpy as np

from ...blendshapes.phones import Segment
from ...errors import FlashHeadError, MissingDependencyError
from .speech import Speech

_SAMPLE_RATE_HZ = 16_000
_FRAME_RATE_HZ = 100
# Frames begin at i / 100 s, but the middle of their window of 25.6 ms is what they hear. Against flite's exact times
# (20 lines, two voices) the boundaries of pocketsphinx come 6.5 ms early in the median.
_FRAME_DELAY_S = 0.0128 - 0.5 / _FRAME_RATE_HZ
_STARTS = range(0, 160, 20)  # samples; the second pass fails on a line now and then, and not on its frames elsewhere
_PHONE_MODEL_WEIGHT = 2.0  # against the sound; of .8 (Rhubarb's) and 2 the better on the held-out lines
_SILENCE_AROUND_S = 0.25  # a line that begins with its first sound is found badly
_ONLY_WORDS = re.compile(r"[^\d()\[\]]*")
_PRONUNCIATION = re.compile(r"\(\d\)")  # "the(2)"
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


def _new_decoder(**options):
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise MissingDependencyError(
            f"The times of English phones need pocketsphinx ({error}). Install it with: pip install pocketsphinx"
        ) from error
    # With the usual cepstral mean a line's times would depend on the lines before it.
    return Decoder(samprate=_SAMPLE_RATE_HZ, cmn="batch", loglevel="FATAL", **options)


@cache
def _phone_recogniser():
    from pocketsphinx import get_model_path

    phones = get_model_path("en-us/en-us-phone.lm.bin")
    return _new_decoder(lm=None, allphone=phones, lw=_PHONE_MODEL_WEIGHT, beam=1e-20, pbeam=1e-20)


@cache
def _word_recogniser():
    return _new_decoder()


@cache
def _decoder():
    decoder = _new_decoder(lm=None)
    for word, phones in _MORE_WORDS.items():
        decoder.add_word(word, phones, True)
    return decoder


def english_segments(pcm: np.ndarray, text: str) -> tuple[Segment, ...]:
    """Phones and pauses of an English line, without gaps. `pcm`: float32 mono, 16 kHz.

    Raises FlashHeadError when a word is not in the dictionary or the audio does not say the text, and
    MissingDependencyError without pocketsphinx.
    """
    words = re.findall(r"[a-z']+", text.lower().replace("’", "'"))
    raw = _bytes(pcm)
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


def english_speech(line: tuple[np.ndarray, str]) -> Speech | None:
    """A line (audio as for `english_segments`, its text) between silences, with the times of its phones; a job for a
    process. None where the times cannot be found, or a number or a remark in brackets leaves the words open.

    Raises MissingDependencyError without pocketsphinx.
    """
    pcm, text = line
    if not _ONLY_WORDS.fullmatch(text):
        return None
    pcm = np.pad(pcm, round(_SILENCE_AROUND_S * _SAMPLE_RATE_HZ))
    try:
        return Speech(pcm, _SAMPLE_RATE_HZ, english_segments(pcm, text))
    except MissingDependencyError:
        raise
    except FlashHeadError:
        return None


def heard_phones(pcm: np.ndarray) -> tuple[Segment, ...]:
    """Phones and pauses that pocketsphinx hears, any phone after any other (its "allphone" search). `pcm`: float32
    mono, 16 kHz."""
    decoder = _phone_recogniser()
    _decode(decoder, _bytes(pcm))
    starts = [max(0.0, heard.start_frame / _FRAME_RATE_HZ + _FRAME_DELAY_S) for heard in decoder.seg()]
    names = [heard.word for heard in decoder.seg()]
    ends = [*starts[1:], len(pcm) / _SAMPLE_RATE_HZ]
    return tuple(_segment(*phone) for phone in zip(starts, ends, names, strict=True))


def heard_words(pcm: np.ndarray) -> str:
    """Words that pocketsphinx hears with its own English language model; "" for none. `pcm`: float32 mono, 16 kHz."""
    decoder = _word_recogniser()
    _decode(decoder, _bytes(pcm))
    heard = decoder.hyp()
    return _PRONUNCIATION.sub("", heard.hypstr) if heard else ""


def _bytes(pcm: np.ndarray) -> bytes:
    return (np.clip(pcm, -1, 1) * 32767).astype("<i2").tobytes()


def _decode(decoder, raw: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(raw, full_utt=True)
    decoder.end_utt()


def _segment(start: float, end: float, phone: str) -> Segment:
    is_schwa = phone == "AH" and end - start < _SCHWA_SHORTER_THAN_S
    return Segment(start, end, "ə" if is_schwa else _IPA.get(phone, ""))
