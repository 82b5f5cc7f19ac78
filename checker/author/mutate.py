"""Small faults, put one at a time into a solution to see whether its tests notice.

A mutant is made by replacing one node's text in the source: the rest of the file stays as
it was, and the difference is one that a person can read. What no test should look at is
left alone: docstrings, annotations, logging, prose, ``__all__`` and ``__repr__``.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
NEGATED_BY_SWAP = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
LOGGING = {"debug", "info", "warning", "error", "exception", "critical", "log"}
PROSE = re.compile(r"[\w'’\"`,;:.!?()\- ]*")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Span = tuple[int, int]


@dataclass(frozen=True)
class Mutant:
    """One fault: ``line`` is its number, ``before`` and ``after`` what stands there.

    Both are stripped, and lines are joined by a space where the fault spans several.
    """

    line: int
    kind: str
    before: str
    after: str
    text: str


def mutants(text: str) -> list[Mutant]:
    """Every mutant of a Python file, in the order of its lines, no two alike."""
    source = _Source(text)
    tree = ast.parse(text)
    original = ast.dump(tree)
    collector = _Collector(source)
    collector.visit(tree)
    seen: set[str] = set()
    found = []
    for change in sorted(collector.changes, key=lambda change: change.span):
        mutated = source.replaced(change)
        if mutated in seen:
            continue
        seen.add(mutated)
        try:
            if ast.dump(ast.parse(mutated)) == original:
                continue
        except SyntaxError:
            continue  # a with-statement in parentheses, say, whose head was replaced
        found.append(source.mutant(change, mutated))
    return found


@dataclass(frozen=True)
class _Change:
    span: Span
    new: str
    kind: str


class _Source:
    """The file as bytes, because that is how the tree counts its columns."""

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8")
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def span(self, first: ast.expr | ast.stmt, last: ast.expr | ast.stmt | None = None) -> Span:
        last = last or first
        if last.end_lineno is None or last.end_col_offset is None:
            raise ValueError("a tree that was parsed knows where its nodes end")
        start = self.starts[first.lineno - 1] + first.col_offset
        return start, self.starts[last.end_lineno - 1] + last.end_col_offset

    def decorator(self, node: ast.expr) -> Span:
        """A decorator with its ``@``."""
        start, end = self.span(node)
        return self.data.rindex(b"@", 0, start), end

    def replaced(self, change: _Change) -> str:
        start, end = change.span
        return (self.data[:start] + change.new.encode("utf-8") + self.data[end:]).decode("utf-8")

    def mutant(self, change: _Change, mutated: str) -> Mutant:
        start, end = change.span
        first = self.data.count(b"\n", 0, start)
        last = self.data.count(b"\n", 0, end)
        added = change.new.count("\n") - (last - first)
        before = self.data.decode("utf-8").splitlines()[first : last + 1]
        after = mutated.splitlines()[first : last + 1 + added]
        return Mutant(first + 1, change.kind, _joined(before), _joined(after), mutated)


def _joined(lines: Sequence[str]) -> str:
    return " ".join(line.strip() for line in lines).strip()


class _Collector(ast.NodeVisitor):
    """Walks a module and notes what could be replaced by what."""

    def __init__(self, source: _Source) -> None:
        self.source = source
        self.changes: list[_Change] = []

    # Statements

    def visit_Module(self, node: ast.Module) -> None:
        self._body(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._decorators(node)
        for statement in node.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and not _is_all(statement):
                self._remove(statement)
        self._body(node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name == "__repr__":
            return
        self._decorators(node)
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.visit(default)
        self._body(node.body)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def _body(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            if not _is_docstring(statement) and not _is_all(statement):
                self.visit(statement)

    def _decorators(self, node: Definition) -> None:
        for decorator in node.decorator_list:
            self._change(self.source.decorator(decorator), "", "decorator removed")
            self.visit(decorator)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._remove(node)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._remove(node)
        swapped = copy.copy(node)
        if type(node.op) in ARITHMETIC:
            swapped.op = ARITHMETIC[type(node.op)]()
            self._change(self.source.span(node), ast.unparse(swapped), "arithmetic")
        plain = ast.Assign([node.target], node.value, lineno=node.lineno)
        self._change(self.source.span(node), ast.unparse(plain), "assigned, not added to")
        self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        if _is_logging(node.value):
            return
        if not isinstance(node.value, ast.Yield | ast.YieldFrom | ast.Constant):
            self._remove(node)
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._remove(node)
        self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        self._remove(node)
        self.visit(node.test)

    def visit_Delete(self, node: ast.Delete) -> None:
        self._remove(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self._remove(node)
            return
        if not _is_none_or_false(node.value):
            self._change(self.source.span(node), "return None", "return value removed")
        self.visit(node.value)

    def visit_Break(self, node: ast.Break) -> None:
        self._change(self.source.span(node), "continue", "loop control")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._change(self.source.span(node), "break", "loop control")

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self._negate(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        if all(item.optional_vars is None for item in node.items):
            start = self.source.span(node)[0]
            end = self.source.span(node.items[-1].context_expr)[1]
            self._change((start, end), "if True", "context manager removed")
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if not isinstance(node.body[0], ast.Raise) or node.body[0].exc is not None:
            span = self.source.span(node.body[0], node.body[-1])
            self._change(span, "raise", "exception not handled")
        self._body(node.body)

    # Expressions

    def visit_Compare(self, node: ast.Compare) -> None:
        for place, operator in enumerate(node.ops):
            swapped = copy.copy(node)
            swapped.ops = [*node.ops]
            swapped.ops[place] = COMPARISONS[type(operator)]()
            self._replace(node, swapped, "comparison")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        swapped = copy.copy(node)
        swapped.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._replace(node, swapped, "boolean")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        kind = "negation removed" if isinstance(node.op, ast.Not) else "sign removed"
        self._replace(node, node.operand, kind)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in ARITHMETIC:
            swapped = copy.copy(node)
            swapped.op = ARITHMETIC[type(node.op)]()
            self._replace(node, swapped, "arithmetic")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for condition in node.ifs:
            self._negate(condition)
        self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        if not _is_none_or_false(node.body):
            self._change(self.source.span(node.body), "None", "return value removed")
        self.visit(node.body)

    def visit_Call(self, node: ast.Call) -> None:
        if _is_logging(node):
            return
        for place in range(len(node.keywords)):
            shorter = copy.copy(node)
            shorter.keywords = node.keywords[:place] + node.keywords[place + 1 :]
            self._replace(node, shorter, "keyword argument removed")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        changed: object
        if isinstance(value, bool):
            changed = not value
        elif isinstance(value, int | float):
            changed = value + 1
        elif isinstance(value, bytes):
            changed = b"XX" + value
        elif isinstance(value, str) and not _is_prose(value):
            changed = "XX" + value
        else:
            return
        self._change(self.source.span(node), repr(changed), "constant")

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        # Python 3.11 does not know where the parts of an f-string stand: all or nothing.
        parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
        if not _is_prose("".join(str(part) for part in parts)):
            self._change(self.source.span(node), repr("XX"), "constant")

    # What is common to them

    def _remove(self, node: ast.stmt) -> None:
        self._change(self.source.span(node), "pass", "statement removed")

    def _negate(self, test: ast.expr) -> None:
        """The opposite of a condition, unless another mutant is just that."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return
        if isinstance(test, ast.Compare) and _is_swapped(test):
            return
        self._replace(test, ast.UnaryOp(ast.Not(), test), "condition negated")

    def _replace(self, node: ast.expr, new: ast.expr, kind: str) -> None:
        text = ast.unparse(new)
        simple = isinstance(new, ast.Call | ast.Name | ast.Constant | ast.Attribute)
        self._change(self.source.span(node), text if simple else f"({text})", kind)

    def _change(self, span: Span, new: str, kind: str) -> None:
        self.changes.append(_Change(span, new, kind))


def _is_swapped(test: ast.Compare) -> bool:
    """Whether swapping the operator negates the whole comparison."""
    return len(test.ops) == 1 and isinstance(test.ops[0], NEGATED_BY_SWAP)


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_all(node: ast.stmt) -> bool:
    targets: Sequence[ast.expr] = ()
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def _is_logging(node: ast.expr) -> bool:
    """A call such as ``logger.info(…)`` or ``current_app.logger.exception(…)``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LOGGING
        and "log" in ast.unparse(node.func.value).rpartition(".")[2].lower()
    )


def _is_none_or_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or node.value is False)


def _is_prose(text: str) -> bool:
    """A sentence for people: three words or more, and nothing that a machine would read."""
    return len(text.split()) >= 3 and PROSE.fullmatch(text) is not None
