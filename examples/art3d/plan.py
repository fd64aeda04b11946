"""The measures of the scholar's head. Lengths in centimetres, angles in degrees, colours sRGB from 0 to 1.

x is the face's own left, y up, z forward; the middle between both eyes is at the origin's height.
"""

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Plan:
    """One head. Another character is another set of these values."""

    seed: int = 5
    triangle_size: float = 1.36
    age: float = 1.0

    face_width: float = 0.98
    jaw_width: float = 0.92
    jaw_y: float = -6.0
    chin_y: float = -11.0
    chin_width: float = 0.95
    cheek: float = 1.1
    hollow_cheek: float = 1.0
    brow_ridge: float = 1.1
    neck_radius: float = 3.4
    adams_apple: float = 0.4
    ear_size: float = 1.25

    eye_x: float = 3.25
    eye_z: float = 5.5
    eye_radius: float = 1.85
    lid_thickness: float = 0.22
    eye_inner: float = 42.0
    eye_outer: float = 50.0
    eye_upper: float = 26.0
    eye_lower: float = 21.0
    eye_tilt: float = -3.0
    iris_angle: float = 29.5
    lash_length: float = 0.4

    brow_y: float = 2.7
    brow_width: float = 0.52
    brow_arch: float = 0.5
    brow_tilt: float = -0.1

    nose_width: float = 1.2
    nose_length: float = 1.55
    nose_bridge: float = 0.2
    nose_bridge_width: float = 1.05
    nose_y: float = -4.35
    nose_tip_up: float = 0.05

    mouth_half_width: float = 2.4
    mouth_y: float = -7.0
    mouth_curve: float = 0.12
    upper_lip: float = 0.54
    lower_lip: float = 0.80
    upper_lip_depth: float = 0.26
    lower_lip_depth: float = 0.42

    shoulder_width: float = 10.8
    body_rise: float = 2.2

    skin: Colour = (0.87, 0.69, 0.59)
    blush: Colour = (0.86, 0.40, 0.34)
    blush_strength: float = 0.7
    lips: Colour = (0.72, 0.41, 0.38)
    lips_strength: float = 0.64
    liner_strength: float = 0.3
    iris: Colour = (0.27, 0.39, 0.47)
    hair: Colour = (0.83, 0.82, 0.79)
    hair_tip: Colour = (0.97, 0.96, 0.94)
    brow: Colour = (0.86, 0.85, 0.82)
    lash: Colour = (0.25, 0.22, 0.20)
    robe: Colour = (0.25, 0.22, 0.42)
    trim: Colour = (0.78, 0.62, 0.30)
    brass: Colour = (0.80, 0.60, 0.26)

    def eye_centre(self, side: int = 1) -> np.ndarray:
        """Centre of the left (side 1) or right (side -1) eyeball."""
        return np.array([side * self.eye_x, 0.0, self.eye_z])


SCHOLAR = Plan()
SIDES = ((1, "Left"), (-1, "Right"))
