"""One posterior through `scorefield sample`, and through NUTS."""

import json
import os
import subprocess
import time

import h5py

from posterior_suite.comparison import compare, element_columns
from stan_files import ModelError, write_model

NUTS_ITERATIONS = {"chains": 4, "warmup": 1000, "samples": 1000}


def run_posterior(posterior, options, flags):
    """The result of one posterior: from FOLDER/NAME.json where the same command has made it, else now."""
    file = options.output / f"{posterior.name}.json"
    identity = {"flags": flags, "binary": f"{options.binary.resolve()} {os.stat(options.binary).st_mtime_ns}"}
    earlier = {} if options.again or not file.exists() else json.loads(file.read_text(encoding="utf-8"))
    result = earlier if earlier.get("command") == identity else {"nuts": earlier.get("nuts")}
    if "accepted" not in result:
        result = {"posterior": posterior.name, "command": identity, **sample(posterior, options, flags), "nuts": result["nuts"]}
    if options.nuts and not result["nuts"]:
        try:
            result["nuts"] = nuts(posterior)
        except (RuntimeError, ValueError) as error:
            result["nuts"] = {"error": str(error)}
    temporary = file.with_suffix(".partial")
    temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    temporary.replace(file)
    return result


def sample(posterior, options, flags):
    """What `scorefield sample` says of its cloud, and how far it is from the reference draws."""
    library = options.output / f"{posterior.name}.so"
    data = options.output / f"{posterior.name}.data.json"
    output = options.output / f"{posterior.name}.h5"
    data.write_text(posterior.data_text(), encoding="utf-8")
    try:
        write_model(posterior.model, library)
    except ModelError as error:
        return failure(str(error))
    command = [str(options.binary.resolve()), "sample", str(library), "--data", str(data), "--output", str(output), "--json",
               "--quiet", *([] if "--threads" in flags else ["--threads", "1"]), *flags]
    start = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=options.time_limit)
    except subprocess.TimeoutExpired:
        return failure(f"not done after {options.time_limit:g} s")
    seconds = time.monotonic() - start
    if not done.stdout.strip():
        return failure(done.stderr.strip())
    facts = json.loads(done.stdout)
    with h5py.File(output) as file:
        columns = element_columns({name: values[()] for name, values in file["variables"].items()})
        weights = file["weights"][()] if "weights" in file else None
    failed = [name for name, check in facts.get("checks", {}).items() if isinstance(check, dict) and check.get("passed") is False]
    return {**compare(columns, posterior.reference(), weights), "dimension": facts["dimension"], "method": facts["method"],
            "trusted": facts.get("trusted", facts["converged"]), "failed_checks": failed, "gradients": facts["score_evaluations"],
            "densities": facts["density_evaluations"], "seconds": seconds, "notes": facts["notes"] + facts.get("warnings", [])}


def failure(message):
    """A run without a cloud: neither right nor trusted."""
    return {"accepted": False, "trusted": False, "error": message}


def nuts(posterior):
    """Stan's defaults by stanli: gradients are the leapfrog steps of all iterations, warm-up included."""
    import stanli

    model = stanli.Model(stan_file=str(posterior.model), data=posterior.data_text())
    start = time.monotonic()
    fit = model.sample(seed=1, save_warmup=True, refresh=0, parallel_chains=1, **NUTS_ITERATIONS)
    seconds = time.monotonic() - start
    steps = fit["n_leapfrog__"].reshape(NUTS_ITERATIONS["chains"], -1)
    kept = slice(-NUTS_ITERATIONS["samples"], None)
    reference = posterior.reference()
    columns = {name: fit.draws(name)[:, kept].reshape(-1) for name in reference}
    return {**compare(columns, reference), "gradients": int(steps.sum()), "seconds": seconds,
            "divergences": int(sum(fit.divergences))}
