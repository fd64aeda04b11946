"""Which voices and languages the recipe trains on, and which it must never hear.

Held out, for this project's own lip-sync benchmark: six languages and six espeak-ng variants; `pico.py` and
`held_out_recordings.py` have the engine and the people that training never hears.
Reserved for independent evaluation and absent from this whole package: every festival voice and flite rms.
"""

from dataclasses import dataclass

TRAINING_LANGUAGES: tuple[str, ...] = (
    *("en-us", "en", "en-gb-scotland", "en-029", "de", "fr", "es", "es-419", "it", "pt-br", "nl", "pl"),
    *("cs", "ru", "uk", "fi", "ro", "hi", "ja", "cmn-latn-pinyin", "nb", "bg", "sr", "hr", "et", "lv"),
    *("lt", "ca", "eo", "sw", "eu", "af", "cy", "sq", "az", "ka", "ms", "ht", "la"),
)

TRAINING_VARIANTS: tuple[str, ...] = (
    # Without f2 f3 f4 f5 m2 and those built on them: their echo smears closures.
    *("", "m1", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "Annie", "Alicia", "Denis", "Diogo", "Gene", "Henrique"),
    *("Jacky", "Lee", "Marco", "Mike", "Nguyen", "Storm", "Tweaky", "adam", "anika", "antonio", "aunty"),
    *("belinda", "benjamin", "boris", "caleb", "david", "ed", "edward", "grandma", "grandpa", "gustave", "iven"),
    *("iven2", "john", "kaukovalta", "klatt", "klatt2", "klatt3", "marcelo", "max", "michel", "miguel", "norbert"),
    *("pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby", "steph", "steph2", "travis"),
    *("victor", "zac"),
)

TRAINING_FLITE_VOICES: tuple[str, ...] = ("slt", "slt", "slt", "awb", "awb", "awb", "awb", "kal16")


@dataclass(frozen=True, slots=True)
class HeldOutVoice:
    """A voice of espeak-ng that training never hears. `name`: as espeak-ng's option -v takes it."""

    language: str
    name: str


HELD_OUT_VOICES: tuple[HeldOutVoice, ...] = (
    HeldOutVoice("sv", "sv+Andrea"),
    HeldOutVoice("tr", "tr+Mario"),
    HeldOutVoice("el", "el+Michael"),
    HeldOutVoice("hu", "hu+linda"),
    HeldOutVoice("id", "id+Hugo"),
    HeldOutVoice("ko", "ko+klatt4"),
)
