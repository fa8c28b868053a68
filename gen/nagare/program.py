"""A program that runs rivers: their graph of sources, kernels, merges and sinks (core/graph)."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import ir
from .emit import PROFILES, KernelView, environment, generate, kernels
from .plan import ORIGIN


@dataclass
class Node:
    """An operator of the graph. `inputs` are nodes; `fields` are the columns of a source and a
    merge, and those that a sink writes."""

    kind: str  # source, kernel, merge, sink
    name: str
    inputs: list[int] = field(default_factory=list)
    fields: list[tuple[str, ir.Type]] = field(default_factory=list)
    source: ir.River | None = None
    kernel: KernelView | None = None
    path: str | None = None

    @property
    def csv(self) -> ir.Csv:
        """How a source is read; one that the caller feeds is read plainly."""
        return self.source.csv or ir.Csv()


@dataclass
class Program:
    nodes: list[Node]

    @property
    def views(self) -> list[KernelView]:
        return [n.kernel for n in self.nodes if n.kernel is not None]

    def uses(self, at: int) -> int:
        """How often nodes take from a node; where it is several times, a fork stands between."""
        return sum(n.inputs.count(at) for n in self.nodes)

    def rivers_into(self, at: int) -> list[str]:
        """What a node takes from, as C."""
        rivers = []
        for place, source in enumerate(self.nodes[at].inputs):
            before = sum(n.inputs.count(source) for n in self.nodes[:at])
            before += self.nodes[at].inputs[:place].count(source)
            several = self.uses(source) > 1
            rivers.append(f"forks_{source}[{before}]" if several else f"at[{source}]")
        return rivers

    def settings(self) -> dict[str, list[tuple[int, int, str]]]:
        """What `--set` may name: (kernel node, parameter, type) for `name` and `river.name`."""
        found: dict[str, list[tuple[int, int, str]]] = {}
        for at, node in enumerate(self.nodes):
            if node.kernel is None:
                continue
            rivers = {id(p): r for r in node.kernel.rivers for p in r.params}
            for i, (_, p) in enumerate(node.kernel.kernel.params):
                for key in (p.name, f"{rivers[id(p)].name}.{p.name}"):
                    found.setdefault(key, []).append((at, i, p.type.kind))
        return found

    def required(self) -> list[str]:
        """Parameters that have no default, by `river.name`."""
        return sorted({f"{r.name}.{p.name}" for n in self.nodes if n.kernel is not None
                       for r in n.kernel.rivers for p in r.params if p.default is None})


class _Builder:
    def __init__(self, file: ir.RiverFile) -> None:
        self.file = file
        self.nodes: list[Node] = []
        self.places: dict[tuple[str, str], int] = {}
        self.merged: set[str] = set()  # rivers whose rows go into a merge

    def note_merged(self, name: str, seen: set[str]) -> None:
        if name in seen:
            return
        seen.add(name)
        river = self.file.rivers[name]
        if len(river.sources) > 1:
            self.merged |= set(river.sources)
        for source in river.sources:
            self.note_merged(source, seen)

    def add(self, key: tuple[str, str], node: Node) -> int:
        self.nodes.append(node)
        self.places[key] = len(self.nodes) - 1
        return self.places[key]

    def rows_of(self, name: str) -> int:
        """The node that brings out a river's rows."""
        river = self.file.rivers[name]
        if not river.steps and len(river.sources) == 1:
            line = river
            while not line.steps and len(line.sources) == 1:
                line = self.file.rivers[line.sources[0]]
            return self.rows_of(line.name)
        root = river
        while len(root.sources) == 1:
            root = self.file.rivers[root.sources[0]]
        at = self.root(root)
        if not river.steps:
            return at
        if ("kernel", name) in self.places:
            return self.places[("kernel", name)]
        view = kernels(self.file, [name], frozenset(self.merged & {name}), "river_")[0]
        return self.add(("kernel", name), Node("kernel", name, [at], kernel=view))

    def root(self, river: ir.River) -> int:
        kind = "merge" if river.sources else "source"
        if (kind, river.name) in self.places:
            return self.places[(kind, river.name)]
        if kind == "source":
            return self.add((kind, river.name), Node(kind, river.name, [], source=river))
        inputs = [self.rows_of(s) for s in river.sources]
        fields = list(river.input_schema.items())
        return self.add((kind, river.name), Node(kind, river.name, inputs, fields))

    def prune_sources(self) -> None:
        """A source reads the columns that someone uses, in the order of its schema."""
        for at, node in enumerate(self.nodes):
            if node.kind != "source":
                continue
            used: set[str] = set()
            for other in self.nodes:
                if at in other.inputs:
                    used |= {c.label for c in other.kernel.kernel.inputs} if other.kernel else {
                        n for n, _ in (other.fields or node.source.schema.items())}
            wanted = [f for f in node.source.fields if f.name in used]
            wanted = wanted or [node.source.fields[0]]  # rows are counted even if none is used
            node.fields = [(f.name, f.type) for f in wanted]

    def number_rows(self) -> None:
        """A merge hands the positions of its rows on where a merge further down wants them."""
        ordered: set[int] = set()
        for at in reversed(range(len(self.nodes))):
            node = self.nodes[at]
            if node.kind == "merge" and at in ordered:
                node.fields.append((ORIGIN, ir.Type("u64")))
            if node.kind == "merge" or at in ordered:
                ordered |= set(node.inputs)


def assemble(file: ir.RiverFile, rivers: list[tuple[str, str]]) -> Program:
    """The graph that writes rivers to paths ("-": standard output)."""
    builder = _Builder(file)
    for name, _ in rivers:
        builder.note_merged(name, set())
    for name, path in rivers:
        at = builder.rows_of(name)
        builder.add(("sink", name), Node("sink", name, [at], list(file.rivers[name].schema.items()),
                                         path=path))
    builder.prune_sources()
    builder.number_rows()
    return Program(builder.nodes)


def render(program: Program, file: ir.RiverFile, target: str) -> dict[str, str]:
    """The program's files by name: the kernels, the graph's table, and the host of the target."""
    profiles = tuple(PROFILES) if target == "native" else ("scalar", "v128")
    texts = {"kernels.h": generate(file, profiles, "kernels.h", program.views),
             "program.c": environment().get_template("program.c.j2").render(
                 program=program, target=target)}
    if target == "wasm":
        texts["run.mjs"] = environment().get_template("run.mjs.j2").render(nodes=[
            {"name": n.name, "kind": n.kind,
             "params": [p for p, _ in n.kernel.kernel.params] if n.kernel else []}
            for n in program.nodes])
    return texts


def library_source() -> str:
    """The C file of the library's own code, which programs are linked with."""
    return environment().get_template("module_native.c.j2").render(part="library")
