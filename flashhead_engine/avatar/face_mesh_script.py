"""Runs in `.venv-avatar`, beside this package and never inside it: finds a face with MediaPipe's face mesh.

    python face_mesh_script.py picture.png

Prints one line of JSON: {"points": [[x, y] * 478]} in pixels, or {"points": null} when there is no face.
"""

import json
import sys

import mediapipe
import numpy
from PIL import Image


def main():
    picture = numpy.asarray(Image.open(sys.argv[1]).convert("RGB"))
    height, width = picture.shape[:2]
    options = {"static_image_mode": True, "refine_landmarks": True, "min_detection_confidence": 0.3}
    with mediapipe.solutions.face_mesh.FaceMesh(**options) as mesh:
        faces = mesh.process(picture).multi_face_landmarks
    points = [[point.x * width, point.y * height] for point in faces[0].landmark] if faces else None
    print(json.dumps({"points": points}))


if __name__ == "__main__":
    main()
