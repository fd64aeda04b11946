"""Runs in `.venv-avatar`, beside this package and never inside it: finds faces with MediaPipe's face mesh.

    python face_mesh_script.py picture.png

Prints one line of JSON: {"faces": [[[x, y] * 478], ...]} in pixels, the largest face first; [] without a face.
"""

import json
import sys

import mediapipe
import numpy
from PIL import Image

MOST_FACES = 8
GREY = (128, 128, 128)


def views(width, height):
    """Squares (left, top, side) to search, in groups: the next one only when the last found nothing.

    The detector looks at 128 x 128 pixels, so it misses small faces in a large picture, and faces that fill it.
    """
    longest, shortest = max(width, height), min(width, height)
    yield [((width - longest) // 2, (height - longest) // 2, longest)]
    roomy = longest * 3 // 2
    yield [((width - roomy) // 2, (height - roomy) // 2, roomy)]
    for share in (0.6, 0.35):
        side = max(1, int(share * shortest))
        yield [(left, top, side) for top in steps(height, side) for left in steps(width, side)]


def steps(length, side):
    """Starts of sides that cover a length and overlap by half."""
    count = max(1, -(-2 * (length - side) // side) + 1)
    return [round(index * (length - side) / max(1, count - 1)) for index in range(count)]


def faces_in(mesh, picture, view):
    left, top, side = view
    square = Image.new("RGB", (side, side), GREY)
    square.paste(picture, (-left, -top))
    found = mesh.process(numpy.asarray(square)).multi_face_landmarks or []
    return [numpy.array([(point.x, point.y) for point in face.landmark]) * side + (left, top) for face in found]


def height_of(face):
    return float(numpy.ptp(face[:, 1]))


def without_doubles(faces):
    """One of the faces that overlapping views share, the largest first."""
    kept = []
    for face in sorted(faces, key=height_of, reverse=True):
        middle = face.mean(axis=0)
        if all(numpy.linalg.norm(middle - other.mean(axis=0)) > 0.5 * height_of(other) for other in kept):
            kept.append(face)
    return kept


def refined(mesh, picture, face):
    """The same face looked at closely: finer, and no longer dependent on how large it is in the picture."""
    side = max(8, int(2.4 * height_of(face)))
    left, top = (face.mean(axis=0) - side / 2).astype(int)
    again = faces_in(mesh, picture, (int(left), int(top), side))
    near = [other for other in again if numpy.linalg.norm((other - face).mean(axis=0)) < 0.3 * height_of(face)]
    return near[0] if near else face


def main():
    picture = Image.open(sys.argv[1]).convert("RGB")
    options = {"static_image_mode": True, "refine_landmarks": True, "max_num_faces": MOST_FACES}
    with mediapipe.solutions.face_mesh.FaceMesh(min_detection_confidence=0.3, **options) as mesh:
        faces = []
        for group in views(*picture.size):
            faces = without_doubles([face for view in group for face in faces_in(mesh, picture, view)])
            if faces:
                break
        if faces:
            faces[0] = refined(mesh, picture, faces[0])
    print(json.dumps({"faces": [face.tolist() for face in faces]}))


if __name__ == "__main__":
    main()
