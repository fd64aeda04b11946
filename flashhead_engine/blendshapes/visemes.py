"""The 15 Oculus/OVR visemes, in their published order."""

VISEMES: tuple[str, ...] = (
    *("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR"),
    *("aa", "E", "ih", "oh", "ou"),
)
