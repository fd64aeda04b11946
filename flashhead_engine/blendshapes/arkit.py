"""The 52 ARKit blendshapes in the order that every array of this project uses.

The order is Apple's documentation grouped by face part. Other tools order them differently,
so at every border (rigs, files, engines) weights are matched by name, never by index.
Left and right are the face's own.
"""

ARKIT_52: tuple[str, ...] = (
    *("eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft"),
    *("eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight"),
    *("eyeLookUpRight", "eyeSquintRight", "eyeWideRight"),
    *("jawForward", "jawLeft", "jawRight", "jawOpen"),
    *("mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft"),
    *("mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight"),
    *("mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower"),
    *("mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight"),
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut"),
)

INDEX: dict[str, int] = {name: index for index, name in enumerate(ARKIT_52)}

FULL_EYE_TURN_RAD = 0.6
"""Turn of an eyeball at an eyeLook weight of 1; about 35 degrees, which ARKit's reference head shows."""

MOUTH: tuple[int, ...] = tuple(
    index for index, name in enumerate(ARKIT_52) if name.startswith(("jaw", "mouth", "tongue", "cheekPuff"))
)
"""Indices of the weights that speech drives; the others belong to eyes, brows and nose."""
