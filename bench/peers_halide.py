"""Compiles W1 and W6 ahead of time with Halide: run by the Python that has Halide's module.

Its argument is a directory, where it writes warm_total.o, summary.o and runtime.o.
"""

import sys

import halide as hl

LANES = 16
RUN = 8192  # rows that are added in f32; between runs the sums are f64

target = hl.get_host_target()
for feature in (
    hl.TargetFeature.NoAsserts,
    hl.TargetFeature.NoBoundsQuery,
    hl.TargetFeature.NoRuntime,
):
    target = target.with_feature(feature)


def runs_of_rows() -> hl.ImageParam:
    """The input as a matrix of whole runs: (row in run, run)."""
    x = hl.ImageParam(hl.Float(32), 2, "x")
    x.dim(0).set_bounds(0, RUN)
    x.dim(1).set_min(0).set_stride(RUN)
    return x


def by_lanes(part: hl.Func, run: hl.Var, row: hl.RVar, vectors: int) -> None:
    """Schedules a reduction over one run as `vectors` independent accumulators."""
    step, lane, at = hl.RVar("step"), hl.RVar("lane"), hl.Var("at")
    part.update().split(row, step, lane, LANES * vectors)
    lanes = part.update().rfactor(lane, at)
    lanes.compute_at(part, run).vectorize(at)
    lanes.update().reorder(at, step).vectorize(at)


def compile_to_object(result: hl.Func, x: hl.ImageParam, name: str) -> None:
    outputs = {hl.OutputFileType.object: f"{sys.argv[1]}/{name}.o"}
    hl.Pipeline([result]).compile_to(outputs, [x], f"halide_{name}", target)


def warm_total() -> None:
    x = runs_of_rows()
    run = hl.Var("run")
    row = hl.RDom([(0, RUN)], "row")
    y = x[row, run] * hl.f32(1.8) + hl.f32(32.0)
    kept = (y > hl.f32(50.0)) & (y < hl.f32(90.0))

    part = hl.Func("part")
    part[run] = (hl.f32(0.0), hl.i32(0))
    part[run] = (
        part[run][0] + hl.select(kept, y, hl.f32(0.0)),
        part[run][1] + hl.select(kept, hl.i32(1), hl.i32(0)),
    )
    by_lanes(part, run, row.x, vectors=4)

    total = hl.Func("total")
    runs = hl.RDom([(0, x.dim(1).extent())], "runs")
    total[()] = (hl.f64(0.0), hl.i64(0))
    total[()] = (
        total[()][0] + hl.f64(part[runs.x][0]),
        total[()][1] + hl.i64(part[runs.x][1]),
    )
    part.compute_at(total, runs.x)
    compile_to_object(total, x, "warm_total")


def summary() -> None:
    x = runs_of_rows()
    run = hl.Var("run")
    row = hl.RDom([(0, RUN)], "row")
    value = x[row, run]
    infinity = hl.f32(float("inf"))

    part = hl.Func("part")
    part[run] = (hl.f32(0.0), hl.f32(0.0), infinity, -infinity)
    part[run] = (
        part[run][0] + value,
        part[run][1] + value * value,
        hl.min(part[run][2], value),
        hl.max(part[run][3], value),
    )
    by_lanes(part, run, row.x, vectors=4)

    total = hl.Func("total")
    runs = hl.RDom([(0, x.dim(1).extent())], "runs")
    total[()] = (hl.f64(0.0), hl.f64(0.0), infinity, -infinity)
    total[()] = (
        total[()][0] + hl.f64(part[runs.x][0]),
        total[()][1] + hl.f64(part[runs.x][1]),
        hl.min(total[()][2], part[runs.x][2]),
        hl.max(total[()][3], part[runs.x][3]),
    )
    part.compute_at(total, runs.x)
    compile_to_object(total, x, "summary")


warm_total()
summary()
hl.compile_standalone_runtime(f"{sys.argv[1]}/runtime.o", hl.get_host_target())
