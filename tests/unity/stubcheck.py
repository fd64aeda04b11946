"""The signatures of tests/unity/fake, compared with the C# source that Unity publishes for reference.

    python tests/unity/stubcheck.py FOLDER...   a checkout of UnityCsReference and those of Unity's packages,
                                                all of them outside of this repository

What the package's scripts name is compared: types, methods, constructors, operators, fields and properties (which are
one thing to a caller), enum values; members also of types that no script names. Whether a property can be set is not.
[ForTests] marks what only tests use. What is of a package (UI, input, Timeline ...) is counted and left out where no
folder has it. The licences allow no more than reading: nothing is copied here, and STUBCHECK.md has the results.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "unity_package"
# Namespaces whose source is not in UnityCsReference: those of packages.
ELSEWHERE = (
    "UnityEngine.UI.",
    "UnityEngine.EventSystems.",
    "UnityEngine.InputSystem.",
    "UnityEngine.TestTools.",
    "UnityEngine.Timeline.",
    "UnityEditor.Timeline.",
    "UnityEngine.Localization.",
    "UnityEngine.AddressableAssets.",
    "UnityEngine.ResourceManagement.",
    "PixelCrushers.",
)

_PARSER = Parser(Language(tree_sitter_c_sharp.language()))
_TYPES = {
    "class_declaration": "class",
    "struct_declaration": "struct",
    "interface_declaration": "interface",
    "enum_declaration": "enum",
    "delegate_declaration": "delegate",
}
_SAME = {"String": "string", "Single": "float", "Int32": "int", "Boolean": "bool", "Double": "double"}


@dataclass(frozen=True)
class Member:
    name: str
    result: str
    # None: a field, a property, an event or an enum's value.
    parameters: tuple[str, ...] | None = None
    optional: int = 0
    static: bool = False
    public: bool = True

    def __str__(self) -> str:
        call = "" if self.parameters is None else f"({', '.join(self.parameters)})"
        return f"{'static ' * self.static}{self.result} {self.name}{call}".strip()


@dataclass
class Type:
    kind: str
    public: bool
    bases: list[str] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)


def types(sources: Iterable[bytes]) -> dict[str, Type]:
    """By their full names; the parts of a partial type together."""
    found: dict[str, Type] = {}
    for source in sources:
        root = _PARSER.parse(source).root_node
        _collect(root, "", _aliases(root), found)
    return found


def _aliases(root: Node) -> dict[str, str]:
    """Types' other names in a file: using UnityObject = UnityEngine.Object;"""
    given = [(one, one.child_by_field_name("name")) for one in _children(root, "using_directive")]
    return {_text(name): _text(one.named_children[-1]).rsplit(".", 1)[-1] for one, name in given if name}


def _collect(node: Node, place: str, aliases: dict[str, str], found: dict[str, Type]) -> None:
    for child in node.named_children:
        if child.type == "namespace_declaration":
            inner = _join(place, _text(child.child_by_field_name("name")))
            _collect(child.child_by_field_name("body"), inner, aliases, found)
        elif child.type in _TYPES:
            _add_type(child, place, aliases, found)
        elif child.type == "declaration_list" or child.type.startswith("preproc"):
            _collect(child, place, aliases, found)


def _add_type(node: Node, place: str, aliases: dict[str, str], found: dict[str, Type]) -> None:
    if _for_tests(node):
        return
    parameters = _generics(node)
    name = _join(place, _text(node.child_by_field_name("name"))) + (f"`{len(parameters)}" if parameters else "")
    generic = aliases | parameters
    kind = _TYPES[node.type]
    one = found.setdefault(name, Type(kind, _modifiers(node)["public"]))
    if kind == "delegate":
        one.members.append(_method(node, "()", generic, public=True))
        return
    for base in _children(node, "base_list"):
        one.bases += [_type(part, generic) for part in base.named_children]
    body = node.child_by_field_name("body")
    if body is None:
        return
    one.members += _members(body, kind, name, generic)
    _collect(body, name, aliases, found)


def _members(body: Node, kind: str, owner: str, generic: dict[str, str]) -> Iterator[Member]:
    value = -1
    for node in body.named_children:
        if _for_tests(node):
            continue
        if node.type.startswith("preproc"):
            yield from _members(node, kind, owner, generic)
        elif node.type == "enum_member_declaration":
            given = node.child_by_field_name("value")
            value = _number(_text(given)) if given else None if value is None else value + 1
            yield Member(_text(node.child_by_field_name("name")), "" if value is None else str(value))
        elif node.type in ("method_declaration", "operator_declaration", "constructor_declaration"):
            yield _method(node, _name(node), generic, public=kind == "interface")
        elif node.type in ("field_declaration", "event_field_declaration"):
            (declaration,) = _children(node, "variable_declaration")
            result = _type(declaration.child_by_field_name("type"), generic)
            for variable in _children(declaration, "variable_declarator"):
                yield Member(_text(variable.child_by_field_name("name")), result, **_modifiers(node))
        elif node.type in ("property_declaration", "event_declaration"):
            result = _type(node.child_by_field_name("type"), generic)
            yield Member(_name(node), result, **_modifiers(node))


def _for_tests(node: Node) -> bool:
    return any("ForTests" in _text(one) for one in _children(node, "attribute_list"))


def _name(node: Node) -> str:
    if node.type == "constructor_declaration":
        return ".ctor"
    if node.type == "operator_declaration":
        return re.search(r"operator\s*(\S+?)\s*\(", _text(node))[1]
    return _text(node.child_by_field_name("name"))


def _method(node: Node, name: str, generic: dict[str, str], public: bool = False) -> Member:
    if node.type == "method_declaration":
        generic = generic | {one: f"!!{i}" for i, one in enumerate(_generics(node))}
    given = node.child_by_field_name("parameters")
    parameters, optional = [], 0
    for one in _children(given, "parameter"):
        words = [_text(part) for part in _children(one, "modifier") if _text(part) in ("ref", "out", "in")]
        parameters.append(" ".join([*words, _type(one.child_by_field_name("type"), generic)]))
        optional += any(_text(part) == "=" for part in one.children)
    # The grammar has the last one of a variable number of arguments without a node of its own.
    if rest := given.child_by_field_name("type"):
        parameters.append(f"params {_type(rest, generic)}")
        optional += 1
    returns = node.child_by_field_name("returns") or node.child_by_field_name("type")
    result = _type(returns, generic) if returns else ""
    modifiers = _modifiers(node)
    modifiers["public"] |= public
    return Member(name, result, tuple(parameters), optional, **modifiers)


def _modifiers(node: Node) -> dict[str, bool]:
    words = {_text(one) for one in _children(node, "modifier")}
    return {"static": bool(words & {"static", "const"}), "public": "public" in words}


def _generics(node: Node) -> dict[str, str]:
    lists = _children(node, "type_parameter_list")
    parameters = [one for part in lists for one in part.named_children]
    return {_text(one.child_by_field_name("name")): f"!{i}" for i, one in enumerate(parameters)}


def _type(node: Node, generic: dict[str, str]) -> str:
    """Without namespaces, and with the type parameters by their place, for their names are free."""
    words = re.findall(r"[\w.]+|[^\w\s]", _text(node))
    plain = (word.rsplit(".", 1)[-1] for word in words if word != "?")
    return "".join(generic.get(word, _SAME.get(word, word)) for word in plain)


def _children(node: Node, kind: str) -> list[Node]:
    return [one for one in node.children if one.type == kind]


def _text(node: Node) -> str:
    return node.text.decode()


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def names(sources: Iterable[bytes]) -> set[str]:
    """All identifiers of some sources. An attribute is named by its long name too."""

    def walk(node: Node) -> Iterator[str]:
        if node.type == "identifier":
            yield _text(node)
        for child in node.named_children:
            yield from walk(child)

    found = {name for source in sources for name in walk(_PARSER.parse(source).root_node)}
    return found | {f"{name}Attribute" for name in found}


def compare(fake: dict[str, Type], reference: dict[str, Type], used: set[str]) -> tuple[int, int, list[str]]:
    """How many signatures are right, how many are of packages that the reference lacks, and what is wrong."""
    absent = tuple(one for one in ELSEWHERE if not any(name.startswith(one) for name in reference))
    right, elsewhere, wrong = 0, 0, []
    for name, stub in fake.items():
        short = name.rsplit(".", 1)[-1].split("`")[0]
        members = [one for one in stub.members if one.public and (one.name in used or not one.name.isidentifier())]
        if not stub.public or not (short in used or any(one.name in used for one in members)):
            continue
        if name.startswith(absent):
            elsewhere += 1 + len(members)
        elif name not in reference:
            wrong.append(f"{name}: there is no such type")
        elif reference[name].kind != stub.kind:
            wrong.append(f"{name} is a {reference[name].kind}, not a {stub.kind}")
        else:
            right += 1
            for member in members:
                problem = _problem(member, name, stub, reference)
                right += not problem
                wrong += [f"{name}: {problem}"] if problem else []
    return right, elsewhere, wrong


def _problem(member: Member, name: str, stub: Type, reference: dict[str, Type]) -> str | None:
    if member.name == ".ctor" and not member.parameters:
        constructible = stub.kind == "struct" or _constructible(reference[name])
        return None if constructible else "it has no constructor without parameters"
    candidates = [one for one in _inherited(name, reference) if one.name == member.name]
    if not candidates:
        return f"there is no {member}"
    if any(_fits(member, one) for one in candidates):
        return None
    return f"{member} is: {'; '.join(str(one) + ('' if one.public else ' (not public)') for one in candidates)}"


def _constructible(one: Type) -> bool:
    constructors = [member for member in one.members if member.name == ".ctor"]
    return not constructors or any(not member.parameters and member.public for member in constructors)


def _inherited(name: str, reference: dict[str, Type]) -> Iterator[Member]:
    """Members of a type and of those that it comes from; a base is looked for by its short name."""
    seen, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        yield from reference[one].members
        for base in reference[one].bases:
            short = base.split("<")[0]
            waiting += [other for other in reference if other.rsplit(".", 1)[-1].split("`")[0] == short]


def _fits(stub: Member, one: Member) -> bool:
    if not one.public or stub.static != one.static or stub.result != one.result:
        return False
    if stub.parameters is None or one.parameters is None:
        return stub.parameters is one.parameters
    given = len(stub.parameters)
    enough = len(one.parameters) - one.optional <= given <= len(one.parameters)
    return enough and stub.parameters == one.parameters[:given]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="+")
    files = []
    for folder in parser.parse_args().folder:
        found = sorted(folder.rglob("*.cs"))
        if not found:
            parser.error(f"{folder} holds no .cs files: give a checkout of UnityCsReference or a package's")
        files += found
    fake = types(path.read_bytes() for path in sorted((HERE / "fake").glob("*.cs")))
    used = names(path.read_bytes() for path in PACKAGE.rglob("*.cs"))
    right, elsewhere, wrong = compare(fake, types(path.read_bytes() for path in files), used)
    print("\n".join(wrong))
    said = f"{right} of {right + len(wrong)} signatures are as in the reference"
    print(f"{said}; {elsewhere} are of packages that it lacks")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
