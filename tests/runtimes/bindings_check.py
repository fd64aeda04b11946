"""Reads our source and holds every use of TensorRT and CUDA against the real bindings: that names exist, that calls
have the arguments that the bindings' own docstrings and signatures tell, and that enums are those that are asked for.

Types come from `tensorrt_module()`, `cuda_module()`, annotations, and what the bindings say a call gives. So the
check sees `builder.create_network(0).get_input`, and cannot see what nobody annotated; tests name what it must see.
"""

import ast
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

_TRT = "tensorrt_bindings.tensorrt."


@dataclass(frozen=True)
class Known:
    """A module, a class, a function or a member of an enum, as it is. `bound`: a method of an instance."""

    value: Any
    bound: bool = False


@dataclass(frozen=True)
class Instance:
    of: type


@dataclass(frozen=True)
class Own:
    """An instance of a class in our source."""

    name: str


@dataclass(frozen=True)
class Many:
    """A sequence, or a mapping of which `of` are the values."""

    of: Any
    mapping: bool = False


@dataclass(frozen=True)
class Each:
    """A tuple."""

    of: tuple


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    has_default: bool


@dataclass(frozen=True)
class Signature:
    parameters: tuple[Parameter, ...]
    gives: str


def signatures(function: Any) -> list[Signature]:
    """Without `self`; of a function of the bindings, all that it takes. Empty where it does not tell."""
    doc = inspect.getdoc(function) or ""
    found = []
    name = re.escape(getattr(function, "__name__", ""))
    for parameters, gives in re.findall(rf"^(?:\d+\. )?{name}\((.*)\) -> (.+)$", doc, re.MULTILINE):
        if parameters == "*args, **kwargs":
            continue
        parsed = [_parameter(text) for text in _split(parameters)]
        found.append(Signature(tuple(one for one in parsed if one.name != "self"), gives.strip()))
    if found:
        return found
    try:
        given = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    if any(one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in given):
        return []
    empty = inspect.Parameter.empty
    return [Signature(tuple(Parameter(one.name, "", one.default is not empty) for one in given), "")]


def _parameter(text: str) -> Parameter:
    name, _, rest = text.partition(":")
    kind, equals, _ = rest.partition(" = ")
    return Parameter(name.strip(), kind.strip(), bool(equals))


def _split(text: str) -> list[str]:
    """At commas that are in no brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "([<") - (letter in ")]>")
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


@dataclass
class Bindings:
    """`trt`, `runtime`, `driver`: the real modules of TensorRT and of cuda.bindings."""

    trt: ModuleType
    runtime: ModuleType
    driver: ModuleType

    def named(self, type_name: str) -> Any:
        """What a docstring's type stands for, where it is TensorRT's."""
        made = None
        if type_name.startswith(_TRT):
            made = self.trt
            for part in type_name.removeprefix(_TRT).split("."):
                made = getattr(made, part, None)
        return Instance(made) if isinstance(made, type) else None


@dataclass
class Report:
    problems: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def check(source: str, bindings: Bindings) -> Report:
    """Of one of our modules."""
    checker = _Checker(ast.parse(source), bindings)
    checker.visit(checker.tree)  # learns what attributes the classes have, wherever they stand
    checker.report = Report()
    checker.visit(checker.tree)
    return checker.report


class _Checker(ast.NodeVisitor):
    def __init__(self, tree: ast.Module, bindings: Bindings) -> None:
        self.tree, self.bindings = tree, bindings
        self.report = Report()
        self.scopes: list[dict[str, Any]] = [{"trt": Known(bindings.trt)}]
        self.inside: list[str] = []
        self.functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self.classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        self.attributes: dict[str, dict[str, Any]] = {name: {} for name in self.classes}
        for node in self.classes.values():
            for statement in node.body:
                if isinstance(statement, ast.AnnAssign):
                    self.attributes[node.name][statement.target.id] = self.annotated(statement.annotation)

    # What things are

    def annotated(self, node: ast.expr | None) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.annotated(ast.parse(node.value, mode="eval").body)
        if isinstance(node, ast.BinOp):
            return self.annotated(node.left)
        if isinstance(node, ast.Name) and node.id in self.classes:
            return Own(node.id)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            if node.value.id == "tuple":
                return Each(tuple(self.annotated(one) for one in inner))
            return Many(self.annotated(inner[-1]), mapping=len(inner) > 1)
        if isinstance(node, ast.Attribute):
            found = self.of(node)
            return Instance(found.value) if isinstance(found, Known) and isinstance(found.value, type) else None
        return None

    def of(self, node: ast.expr) -> Any:
        """What an expression gives, as far as it is known; notes what does not exist."""
        match node:
            case ast.Name():
                return next((scope[node.id] for scope in reversed(self.scopes) if node.id in scope), None)
            case ast.Attribute():
                return self.member(self.of(node.value), node)
            case ast.Call():
                return self.called(node)
            case ast.Tuple():
                return Each(tuple(self.of(one) for one in node.elts))
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                return Many(self.comprehended(node, node.elt))
            case ast.DictComp():
                return Many(self.comprehended(node, node.value), mapping=True)
            case ast.Subscript():
                whole = self.of(node.value)
                return whole.of if isinstance(whole, Many) else None
            case ast.Lambda():
                return self.of(node.body)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.of(child)
        return None

    def member(self, of: Any, node: ast.Attribute) -> Any:
        if isinstance(of, Own):
            for statement in self.classes[of.name].body:
                if isinstance(statement, ast.FunctionDef) and statement.name == node.attr:
                    return statement
            return self.attributes[of.name].get(node.attr)
        if isinstance(of, Many) and of.mapping and node.attr in ("values", "items"):
            return Known(of, bound=node.attr == "items")
        if not isinstance(of, Known | Instance) or (isinstance(of, Known) and isinstance(of.value, Many)):
            return None
        holder = of.of if isinstance(of, Instance) else of.value
        if not hasattr(holder, node.attr):
            name = getattr(holder, "__name__", type(holder).__name__)
            self.report.problems.append(f"line {node.lineno}: {name} has no {node.attr}")
            return None
        self.report.seen.add(node.attr)
        member = getattr(holder, node.attr)
        if isinstance(of, Instance) and isinstance(member, property):
            given = re.search(r"-> (\S+)", inspect.getdoc(member.fget) or "")
            return self.bindings.named(given[1]) if given else None
        if isinstance(of, Instance) and not callable(member):
            return None
        return Known(member, bound=isinstance(of, Instance))

    def called(self, node: ast.Call) -> Any:
        arguments = [self.of(argument) for argument in node.args]
        keywords = {one.arg: self.of(one.value) for one in node.keywords}
        if isinstance(node.func, ast.Name):
            name = node.func.id
            if name == "tensorrt_module":
                return Known(self.bindings.trt)
            if name == "cuda_module":
                return Known(self.bindings.runtime)
            if name in self.classes:
                return Own(name)
            if name in self.functions:
                return self.annotated(self.functions[name].returns)
            if name == "enumerate":
                return Many(Each((None, arguments[0].of if isinstance(arguments[0], Many) else None)))
        function = self.of(node.func)
        if isinstance(function, ast.FunctionDef):
            return self.annotated(function.returns)
        if not isinstance(function, Known):
            return None
        if isinstance(function.value, Many):
            return Many(Each((None, function.value.of)) if function.bound else function.value.of)
        if isinstance(function.value, ModuleType):
            return None
        if isinstance(function.value, type):
            self.fits(node, function.value.__init__, arguments, keywords)
            return Instance(function.value)
        given = self.fits(node, function.value, arguments, keywords)
        return self.bindings.named(given.gives) if given else None

    def fits(self, node: ast.Call, function: Any, arguments: Sequence[Any], keywords: dict) -> Signature | None:
        known = signatures(function)
        for one in known:
            named = {parameter.name: parameter for parameter in one.parameters}
            # `Base.__init__(self)` says whose.
            given = arguments[1:] if node.args and getattr(node.args[0], "id", "") == "self" else arguments
            places = dict(zip(named, given, strict=False)) | keywords
            needed = {parameter.name for parameter in one.parameters if not parameter.has_default}
            if len(given) > len(named) or not set(keywords) <= set(named) or not needed <= set(places):
                continue
            if all(self.takes(named[name], value) for name, value in places.items()):
                return one
        if known:
            self.report.problems.append(f"line {node.lineno}: {ast.unparse(node)} does not fit {known}")
        return None

    def takes(self, parameter: Parameter, value: Any) -> bool:
        wanted = self.bindings.named(parameter.type)
        if wanted is None or value is None:
            return True
        kind = value.of if isinstance(value, Instance) else type(getattr(value, "value", value))
        return not kind.__module__.startswith("tensorrt") or issubclass(kind, wanted.of)

    # What is bound to which name

    def bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Name):
            self.scopes[-1][target.id] = value
        elif isinstance(target, ast.Tuple):
            parts = value.of if isinstance(value, Each) else [None] * len(target.elts)
            for one, part in zip(target.elts, parts, strict=False):
                self.bind(one, part)
        elif isinstance(target, ast.Attribute):
            if isinstance(target.value, ast.Name) and target.value.id == "self" and self.inside:
                self.attributes[self.inside[-1]][target.attr] = value
            else:
                self.of(target)

    def comprehended(self, node: Any, element: ast.expr) -> Any:
        self.scopes.append({})
        for part in node.generators:
            self.iterate(part.target, part.iter)
            for condition in part.ifs:
                self.of(condition)
        given = self.of(element)
        self.scopes.pop()
        return given

    def iterate(self, target: ast.expr, over: ast.expr) -> None:
        given = self.of(over)
        self.bind(target, given.of if isinstance(given, Many) else None)

    # Statements

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "cuda.bindings":
            for alias in node.names:
                self.scopes[-1][alias.name] = Known(getattr(self.bindings, alias.name))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        bases = [base for base in map(self.of, node.bases) if isinstance(base, Known)]
        for base in bases:
            for method in (one for one in node.body if isinstance(one, ast.FunctionDef) and one.name != "__init__"):
                if not hasattr(base.value, method.name):
                    self.report.problems.append(f"line {method.lineno}: {base.value.__name__} has no {method.name}")
                    continue
                self.report.seen.add(method.name)
                names = [argument.arg for argument in method.args.args[1:]]
                known = signatures(getattr(base.value, method.name))
                if known and names not in [[one.name for one in given.parameters] for given in known]:
                    self.report.problems.append(f"line {method.lineno}: {method.name}{names} does not fit {known}")
        self.inside.append(node.name)
        self.attributes.setdefault(node.name, {})
        self.classes.setdefault(node.name, node)
        self.generic_visit(node)
        self.inside.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.scopes.append({one.arg: self.annotated(one.annotation) for one in node.args.args})
        if self.inside and node.args.args and node.args.args[0].arg == "self":
            self.scopes[-1]["self"] = Own(self.inside[-1])
        for statement in node.body:
            self.visit(statement)
        self.scopes.pop()

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self.of(node.value)
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                value = Each(tuple(self.of(one) for one in node.value.elts))
            self.bind(target, value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.of(node.value)
        self.bind(node.target, self.annotated(node.annotation))

    def visit_For(self, node: ast.For) -> None:
        self.iterate(node.target, node.iter)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def visit_Expr(self, node: ast.Expr) -> None:
        self.of(node.value)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            self.of(item.context_expr)
        for statement in node.body:
            self.visit(statement)

    def generic_visit(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.of(child)
            else:
                self.visit(child)
