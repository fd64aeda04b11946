"""The path of a mesh is written into two formats; what neither can hold is refused."""

import pytest

from flashhead_engine.bake.formats.base import Rig
from flashhead_engine.errors import SettingsError


@pytest.mark.parametrize("mesh", ["Face", "Body/Head/Face mesh", "Gesicht_ä"])
def test_paths_of_names_are_taken(mesh):
    assert Rig(mesh).mesh == mesh


@pytest.mark.parametrize("mesh", ["", "/Face", "Face/", "a//b", "Face:jawOpen", 'a"b', "a\\b", "a\nb"])
def test_others_are_refused_in_words(mesh):
    with pytest.raises(SettingsError, match="give the names from the animated object down to the mesh"):
        Rig(mesh)
