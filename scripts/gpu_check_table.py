"""The table of scripts/gpu-check, from what its steps left in a folder."""
import argparse
import json
import pathlib

BASELINES = ("floor", "nearest", "mixture", "interpolated", "cubic")


def read(path):
    """The JSON document of a step, or None where the step failed."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def test_rows(folder):
    for name in ("device_test", "network_test"):
        report = read(folder / f"{name}.json")
        if report is None:
            yield name, "did not end"
            continue
        ran = report["tests"] - report.get("disabled", 0)
        failed = report["failures"] + report.get("errors", 0)
        yield name, f"{ran - failed} passed, {failed} failed"


def number(value):
    return f"{value:.4g}"


def benchmark_rows(folder):
    report = read(folder / "benchmark.json")
    if report is None:
        yield "benchmark", "did not end"
        return
    for case in report["cases"]:
        bound = case.get("bound_milliseconds")
        yield case["case"], (
            f"{number(case['milliseconds'])} ms; {case['reference']}: {number(case['reference_milliseconds'])} ms"
            + (f"; bound {number(bound)} ms" if bound is not None else ""))
    for key, unit in (("device_gflops", "GFLOP/s in float32 products"), ("device_gigabytes_per_second", "GB/s copied")):
        if report["cases"] and key in report["cases"][0]:
            yield "this device", f"{number(report['cases'][0][key])} {unit}"


def error_rows(folder):
    report = read(folder / "evaluation.json")
    if report is None:
        yield "errors", "the evaluation did not end"
        return
    mean = report["mean"]
    for name, value in mean.items():
        if f"{name}_floor" not in mean:
            continue
        beside = ", ".join(f"{key} {number(mean[f'{name}_{key}'])}" for key in BASELINES if f"{name}_{key}" in mean)
        yield name, f"{number(value)} ({beside})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--device", default="cuda")
    for name in ("build", "train", "infer"):
        parser.add_argument(f"--{name}-seconds", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=0)
    options = parser.parse_args()
    rows = [("device", options.device), ("build", f"{options.build_seconds} s"), *test_rows(options.folder),
            *benchmark_rows(options.folder), ("training, two-stream", f"{options.train_seconds} s"),
            ("rollouts of 7 mu", f"{options.infer_seconds} s with start-up"), *error_rows(options.folder),
            ("in all", f"{options.seconds} s")]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")


if __name__ == "__main__":
    main()
