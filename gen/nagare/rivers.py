"""River files: from TOML text to a checked `RiverFile`, or to everything that is wrong with it."""

from __future__ import annotations

import os

from . import ir
from . import messages as m
from .errors import MOST, Problem, RiverErrors
from .ir import Param, River, RiverFile, Schema, Type
from .messages import Message, Wrong
from .names import suggestion
from .river_keys import Draft, describe, read_river
from .steps import Steps
from .toml_source import Source, Span, read

MOST_BYTES = 1 << 20
# Of a file. Each river and each step keeps its columns, each river the parameters it sees.
MOST_RIVERS = 4096
MOST_STEPS = 4096
MOST_PARAMS = 1024

Params = dict[str, tuple[Param, ...]]  # what a name may mean: in a merge, one of each river


def load(path: str) -> RiverFile:
    """Reads and checks the river file at `path`. Raises `RiverErrors`."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = os.strerror(error.errno).lower() if isinstance(error, OSError) else str(error)
        raise _whole_file(path, m.NO_FILE, why=why) from None
    if len(content) > MOST_BYTES:
        raise _whole_file(path, m.FILE_TOO_LONG, most=MOST_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        source = Source(content.decode("utf-8-sig", "replace"))
        # The bytes before the bad one are good, so they tell where in the text it stands.
        start = len(error.object[: error.start].decode("utf-8"))
        report = _Report(path, source)
        report.add((start, start + 1), m.NOT_UTF8.at((0, 1), byte=error.object[error.start]))
        raise RiverErrors(report.problems) from None
    return loads(text, path)


def loads(text: str, path: str) -> RiverFile:
    """Checks the text of a river file; `path` is what messages call it. Raises `RiverErrors`."""
    if len(text) > MOST_BYTES:
        raise _whole_file(path, m.FILE_TOO_LONG, most=MOST_BYTES)
    report = _Report(path, Source(text))
    rivers: dict[str, River] = {}
    try:
        table, source = read(text)
        report = _Report(path, source)
        drafts = _drafts(table, source, report)
        rivers = _Rivers(drafts, source, report).check()
    except Wrong as wrong:
        report.add(wrong.span, wrong)
    except _Enough:
        pass
    if report.problems:
        raise RiverErrors(sorted(report.problems, key=_place))
    return RiverFile(path, text, {name: rivers[name] for name in drafts})


class _Enough(Exception):
    """So many problems are known that more would not help."""


class _Report:
    """Collects the problems of one file."""

    def __init__(self, path: str, source: Source) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self._source = source

    def add(
        self, span: Span, wrong: Wrong, river: str | None = None, step: int | None = None
    ) -> None:
        position = self._source.position(span)
        line = self._source.line(position.line)
        self.problems.append(
            Problem(self._path, river, step, position, wrong.message, wrong.remedy, line)
        )
        if len(self.problems) == MOST:
            raise _Enough


def _whole_file(path: str, message: Message, **values: object) -> RiverErrors:
    wrong = message.at((0, 1), **values)
    return RiverErrors([Problem(path, None, None, None, wrong.message, wrong.remedy)])


def _place(problem: Problem) -> tuple[int, int]:
    return problem.position.line, problem.position.column


def _drafts(table: dict, source: Source, report: _Report) -> dict[str, Draft]:
    """Reads the river tables, one by one."""
    for key in table:
        if key != "river":
            hint = suggestion(key, ("river",), "keys")
            wrong = m.NO_KEY.at((0, 1), key=key, where="in a river file", hint=hint)
            report.add(source.key((key,)), wrong)
    rivers = table.get("river", {})
    if not isinstance(rivers, dict):
        hint = "write `[river.NAME]` and below it the keys of the river"
        wrong = m.KEY_KIND.at(
            (0, 1), key="river", what="a table", found=describe(rivers), hint=hint
        )
        report.add(source.key(("river",)), wrong)
    elif not rivers and not report.problems:
        report.add((0, 1), m.NO_RIVERS.at((0, 1)))
    drafts = {}
    for name, keys in rivers.items() if isinstance(rivers, dict) else ():
        drafts[name] = read_river(
            name,
            keys,
            source,
            lambda span, wrong, step, name=name: report.add(span, wrong, name, step),
        )
    for what, most, count in (
        ("rivers", MOST_RIVERS, len(drafts)),
        ("steps", MOST_STEPS, sum(len(draft.sentences) for draft in drafts.values())),
        ("parameters", MOST_PARAMS, sum(len(draft.params) for draft in drafts.values())),
    ):
        if count > most:
            raise m.TOO_MANY.at((0, 1), most=most, what=what)
    return drafts


class _Rivers:
    """Checks rivers after those they are built on."""

    def __init__(self, drafts: dict[str, Draft], source: Source, report: _Report) -> None:
        self._drafts = drafts
        self._source = source
        self._report = report
        self._rivers: dict[str, River] = {}
        self._params: dict[str, Params] = {}

    def check(self) -> dict[str, River]:
        """The rivers that are right, in an order in which each comes after its sources."""
        for draft in self._drafts.values():
            self._check_sources(draft)
        users: dict[str, list[str]] = {name: [] for name in self._drafts}
        missing = {}
        for name, draft in self._drafts.items():
            known = [source for source in draft.sources if source in self._drafts]
            missing[name] = len(known)
            for source in known:
                users[source].append(name)
        ready = [name for name in self._drafts if not missing[name]]
        for name in ready:
            self._check_river(self._drafts[name])
            for user in users[name]:
                missing[user] -= 1
                if not missing[user]:
                    ready.append(user)
        self._report_cycles([name for name, count in missing.items() if count])
        return self._rivers

    def _check_sources(self, draft: Draft) -> None:
        for i, name in enumerate(draft.sources):
            if name not in self._drafts:
                others = [other for other in self._drafts if other != draft.name]
                hint = suggestion(name, others, "other rivers")
                self._fail(draft, ("from", i), m.NO_RIVER, name=name, hint=hint)

    def _report_cycles(self, left: list[str]) -> None:
        """`left` are the rivers on a cycle and those built on them; each cycle is told once."""
        seen: set[str] = set()
        waiting = set(left)
        for start in left:
            trail: list[str] = []
            name = start
            while name not in seen:
                seen.add(name)
                trail.append(name)
                name = next(s for s in self._drafts[name].sources if s in waiting)
            if name in trail:
                cycle = [*trail[trail.index(name) :], name]
                shown = " -> ".join(cycle[:9]) + (" -> ..." if len(cycle) > 9 else "")
                self._fail(self._drafts[name], ("from",), m.CYCLE, cycle=shown)

    def _check_river(self, draft: Draft) -> None:
        sources = [self._rivers.get(name) for name in draft.sources]
        schema = None if None in sources else self._input_schema(draft, sources)
        if schema is None:
            return
        params = self._visible_params(draft)
        self._params[draft.name] = params
        steps = Steps(schema, params)
        out = steps.run(draft.sentences)
        if not draft.is_broken:
            self._rivers[draft.name] = River(
                name=draft.name,
                doc=draft.doc,
                at=self._source.position(draft.at),
                fields=draft.fields,
                csv=draft.csv,
                sources=draft.sources,
                params=draft.params,
                steps=tuple(steps.steps),
                input_schema=schema,
                schema=out,
                to=draft.to,
                max_groups=draft.max_groups,
            )

    def _input_schema(self, draft: Draft, sources: list[River]) -> Schema | None:
        """The columns that the first step sees; None if they are not known."""
        if not sources:
            return draft.schema
        first = sources[0]
        schema = first.schema
        for i, other in enumerate(sources[1:], 1):
            if other.schema is schema:
                continue
            difference = _difference(first, other)
            if difference:
                self._fail(draft, ("from", i), m.MERGE_DIFFERS, **difference)
                return None
            schema = {
                name: Type(of.kind, of.nullable or other.schema[name].nullable)
                for name, of in schema.items()
            }
        return schema

    def _visible_params(self, draft: Draft) -> Params:
        """The parameters of the rivers below, and this one's own, which hide those."""
        params: Params = {}
        for source in draft.sources:
            for name, owners in self._params[source].items():
                # One parameter may come in twice, over two branches of a fork.
                params[name] = tuple(dict.fromkeys((*params.get(name, ()), *owners)))
        for own in draft.params:
            params[own.name] = (Param(own.type, own.at, draft.name, own.name),)
        return params | dict.fromkeys(draft.broken_params, ())

    def _fail(self, draft: Draft, key: tuple, message: Message, **values: object) -> None:
        draft.is_broken = True
        path = ("river", draft.name, *key)
        if path not in self._source.values:
            path = path[:3]
        wrong = message.at((0, 1), **values)
        self._report.add(self._source.value(path), wrong, draft.name)


def _difference(first: River, other: River) -> dict[str, object] | None:
    """How the columns of two rivers of a merge differ."""
    one, two = list(first.schema.items()), list(other.schema.items())
    for i in range(max(len(one), len(two))):
        wanted, found = _column(one, i), _column(two, i)
        if wanted != found:
            return {
                "number": i + 1,
                "first": first.name,
                "other": other.name,
                "wanted": wanted,
                "found": found,
            }
    return None


def _column(schema: list[tuple[str, ir.Type]], index: int) -> str:
    if index >= len(schema):
        return "not there"
    name, of = schema[index]
    return f"`{name}` of type `{of.kind}`"
