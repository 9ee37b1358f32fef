"""What `scorefield list` knows, on one page."""

from reference.markdown import code, fence, page, table


def numbers(values):
    return ", ".join(f"{value:g}" for value in values)


def list_page(program):
    problems = table(["problem", "what", "parameter", "training mu", "test mu", "times", "particles"],
                     [[code(entry["name"]), entry["summary"], entry["parameter"], numbers(entry["training_mu"]),
                       numbers(entry["test_mu"]), entry["frames"], entry["particles"]]
                      for entry in program.json("list", "problems")])
    presets = "\n\n".join(f"### {entry['name']}\n\n{entry['summary'][0].upper() + entry['summary'][1:]}.\n\n"
                          f"{fence(entry['config'])}" for entry in program.json("list", "presets"))
    methods = program.json("list", "methods")
    samplers = table(["method", "what"], [[code(entry["name"]), entry["summary"]] for entry in methods
                                          if entry["key"] == "sample.method"])
    targets = table(["target", "what"], [[code(entry["name"]), entry["summary"]] for entry in program.json("list", "targets")])
    experiments = table(["experiment", "what"], [[code(entry["name"]), entry["summary"]]
                                                 for entry in program.json("list", "experiments")])
    metrics = table(["metric", "what", "unit", "baselines"],
                    [[code(entry["key"]), entry["title"], entry["unit"], ", ".join(map(code, entry["baselines"].values()))]
                     for entry in program.json("list", "metrics")])
    return page("Lists", "## Problems of `generate`", problems, "Equations and checks: [problems](../problems.md).",
                "## Presets of `train`", presets, "## Methods of `sample`", samplers,
                "Equations: [samplers](../concepts/samplers.md).", "## Targets of `sample`", targets,
                "Or a file: a TOML family, TorchScript, a score network, samples.", "## Experiments of `compare`", experiments,
                "`scorefield compare NAME --show` prints one as TOML, to change.",
                "## Metrics of `evaluate`", metrics, "Formulas: [noise floor and baselines](../concepts/noise-floor.md).")
