"""The code of this process, with another in its place: how a mutant comes to life without an import."""

import ast
import gc
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType

from code_mutations import ROOT, Mutant


def compiled(changes: Sequence[Mutant]) -> CodeType:
    """The file of these mutants, which are of one file, as it is with all of them."""
    tree: ast.AST = changes[0].place.within[0]
    for each in changes:
        each.place.put(each.new)
    try:
        assert isinstance(tree, ast.Module)
        return compile(tree, str(ROOT / changes[0].path), "exec")
    finally:
        for each in reversed(changes):
            each.place.put(each.place.node)


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """The functions of a process, by the file and the place of their code."""

    functions: Mapping[tuple[str, str, int], list[FunctionType]]

    @classmethod
    def now(cls) -> "Loaded":
        found = defaultdict(list)
        for each in gc.get_objects():
            if isinstance(each, FunctionType):
                code = each.__code__
                found[code.co_filename, code.co_qualname, code.co_firstlineno].append(each)
        return cls(functions=found)

    def become(self, changes: Sequence[Mutant]) -> bool:
        """Replace what differs. Whether anything did."""
        differs = False
        for path in {each.path for each in changes}:
            here = [each for each in changes if each.path == path]
            code = compiled(here)
            for new in codes(code):
                known = self.functions.get((new.co_filename, new.co_qualname, new.co_firstlineno))
                for function in known or ():
                    if function.__code__ != new:
                        function.__code__, differs = new, True
            if any(not each.place.function for each in here):
                differs |= _constants(code, path)
        return differs


def _constants(code: CodeType, path: str) -> bool:
    """Constants of a module are replaced wherever they were imported, if they are plain values."""
    name = path.removesuffix(".py").replace("/", ".")
    module = sys.modules[name]
    scratch = ModuleType(name)
    scratch.__file__ = module.__file__
    exec(code, scratch.__dict__)  # noqa: S102 — it is our own source
    differs = False
    for key, new in vars(scratch).items():
        old = vars(module).get(key)
        if not key.startswith("__") and isinstance(new, str) and old != new:
            differs = True
            for other in list(sys.modules.values()):
                if getattr(other, "__dict__", {}).get(key) is old:
                    setattr(other, key, new)
    return differs
