"""The tool that compares the hand-written engine with Unity's source, with a reference of our own writing."""

import pytest
from stubcheck import compare, names, types

REFERENCE = b"""
namespace UnityEngine
{
    public partial class Thing { public extern string name { get; set; } }

    public sealed partial class Lamp : Thing
    {
        public Lamp(float watts) {}
        [Attribute] extern public static int Count(System.String word, int least = 1);
        public T Find<T>(ref T value) where T : Thing { return value; }
        public enum Colour { Red = 3, Green }
#if UNITY_EDITOR
        public static bool operator ==(Lamp a, Lamp b) { return true; }
#endif
        internal static void Hidden() {}
        public UnityEngine.Lamp.Colour colour { get { return 0; } }
    }
    public delegate void Act<T0>(T0 arg0);
}
"""
FAKE = b"""
namespace UnityEngine
{
    public class Thing { public string name = ""; public int helperOfTests; }

    public class Lamp : Thing
    {
        public Lamp(float watts) { }
        public static int Count(string word) => 0;
        public U Find<U>(ref U value) where U : Thing => value;
        public enum Colour { Red = 3, Green }
        public static bool operator ==(Lamp a, Lamp b) => true;
        public Colour colour;
    }

    public delegate void Act<T>(T argument);
}

namespace UnityEngine.UI { public class Label { public string text; } }
"""
SCRIPT = b"""
class Script { void Run() { var it = new Lamp(3f); it.name = "x"; Lamp.Count("x"); it.Find(ref it); Hidden();
    it.colour = Lamp.Colour.Green; it.colour = Lamp.Colour.Red; Act<Thing> act; Label label; label.text = ""; } }
"""


def check(fake: bytes) -> tuple[int, int, list[str]]:
    return compare(types([fake]), types([REFERENCE]), names([SCRIPT]))


def test_what_is_right_is_counted_and_what_the_package_does_not_name_is_left_out():
    # Thing, name; Lamp, its constructor, Count, Find, ==, colour; Colour, Red, Green; Act, its parameters.
    assert check(FAKE) == (13, 2, [])


@pytest.mark.parametrize(
    ("right", "corrupted", "said"),
    [
        (b"string word", b"int word", "static int Count(int) is: static int Count(string, int)"),
        (b"static int Count", b"static float Count", "static float Count(string) is: static int Count(string, int)"),
        (b"static int Count", b"int Count", "int Count(string) is: static int Count(string, int)"),
        (b"Count(string word)", b"Count(string word, int least, int most)", "Count(string, int, int) is"),
        (b"Count(string word)", b"Count()", "Count() is"),
        (b"(ref U value)", b"(U value)", "Find(!!0) is"),
        (b"Red = 3", b"Red = 4", "4 Red is: 3 Red"),
        (b"string name", b"int name", "int name is: string name"),
        (b"public class Lamp", b"public struct Lamp", "UnityEngine.Lamp is a class, not a struct"),
        (b"Lamp(float watts)", b"Lamp(int watts)", ".ctor(int) is: .ctor(float)"),
        (b"Lamp(float watts)", b"Lamp()", "it has no constructor without parameters"),
        (b"operator ==(Lamp a, Lamp b)", b"operator ==(Lamp a, Thing b)", "==(Lamp, Thing) is"),
        (b"public Colour colour;", b"public static void Hidden() {}", "void Hidden() (not public)"),
        (b"T argument", b"int argument", "void ()(int) is: void ()(!0)"),
        (b"public class Thing", b"public class Run", "UnityEngine.Run: there is no such type"),
    ],
)
def test_a_corrupted_stub_is_reported(right, corrupted, said):
    assert FAKE.count(right) == 1
    _, _, wrong = check(FAKE.replace(right, corrupted))
    assert any(said in one for one in wrong), wrong


def test_what_a_folder_has_of_a_package_is_compared():
    package = b"namespace UnityEngine.UI { public class Label { public string text { get; set; } } }"
    reference = types([REFERENCE, package])
    assert compare(types([FAKE]), reference, names([SCRIPT])) == (15, 0, [])
    corrupted = FAKE.replace(b"string text", b"int text")
    assert compare(types([corrupted]), reference, names([SCRIPT]))[2] == [
        "UnityEngine.UI.Label: int text is: string text"
    ]


def test_members_of_a_type_that_no_script_names_are_compared():
    _, _, wrong = compare(types([FAKE]), types([REFERENCE]), {"name"})
    assert wrong == []
    corrupted = FAKE.replace(b"string name", b"int name")
    assert compare(types([corrupted]), types([REFERENCE]), {"name"})[2] == [
        "UnityEngine.Thing: int name is: string name"
    ]


def test_what_only_tests_use_is_left_out():
    fake = b"""namespace UnityEngine {
    [ForTests] public class Lamp { }
    public class Thing { [ForTests] public int name; } }"""
    assert compare(types([fake]), types([REFERENCE]), names([SCRIPT])) == (1, 0, [])


def test_another_name_of_a_type_is_that_type_and_a_variable_number_of_arguments_may_be_none():
    reference = b"""using Same = UnityEngine.Thing;
namespace UnityEngine { public class Lamp { public Same Find(params int[] all); } }"""
    fake = b"namespace UnityEngine { public class Lamp { public Thing Find() => null; } }"
    assert compare(types([fake]), types([reference]), {"Lamp", "Find"}) == (2, 0, [])
