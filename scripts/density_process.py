"""The process behind `scripts/sample_python`: answers questions of models/targets/process_density.c from a Python file.

usage: density_process.py MODEL.py

Numbers come and go through the standard input and output; what the model prints goes to the standard error.
"""

import os
import runpy
import signal
import struct
import sys

import numpy as np


def torch_evaluator(log_density):
    import torch

    def evaluate(x, with_score):
        points = torch.from_numpy(x).requires_grad_(with_score)
        value = log_density(points)
        score = torch.autograd.grad(value.sum(), points)[0].numpy() if with_score else None
        return value.detach().numpy(), score

    return evaluate


def jax_evaluator(log_density):
    import jax

    jax.config.update("jax_enable_x64", True)
    value_of = jax.jit(log_density)
    both = jax.jit(lambda x: (log_density(x), jax.grad(lambda y: log_density(y).sum())(x)))

    def evaluate(x, with_score):
        if with_score:
            value, score = both(x)
            return np.asarray(value), np.asarray(score)
        return np.asarray(value_of(x)), None

    return evaluate


def numpy_evaluator(log_density, score):
    return lambda x, with_score: (log_density(x), score(x) if with_score else None)


def evaluator(model, path):
    """evaluate(x [n, d], with_score) -> log p [n], score [n, d] or None."""
    log_density = model.get("log_density")
    if not callable(log_density) or not isinstance(model.get("dimension"), int):
        raise ValueError(f"{path}: expected a function log_density(x) and a whole number `dimension`")
    if callable(model.get("score")):
        return numpy_evaluator(log_density, model["score"])
    for library, make in (("torch", torch_evaluator), ("jax", jax_evaluator)):
        if any(getattr(value, "__name__", "").split(".")[0] == library for value in model.values()):
            return make(log_density)
    raise ValueError(f"{path}: imports neither torch nor jax, and has no function score(x)")


def answer(evaluate, x, with_score):
    """The bytes of an answer, a message where the model raised."""
    try:
        value, score = evaluate(x, with_score)
        parts = [np.ascontiguousarray(value, dtype=np.float64)]
        if with_score:
            parts.append(np.ascontiguousarray(score, dtype=np.float64))
        for part, shape in zip(parts, ((len(x),), x.shape)):
            if part.shape != shape:
                raise ValueError(f"has shape {list(part.shape)} for x {list(x.shape)}, expected {list(shape)}")
        return struct.pack("q", 0) + b"".join(part.tobytes() for part in parts)
    except Exception as error:  # noqa: BLE001  (whatever the user's code raises is a message)
        text = f"{type(error).__name__}: {error}".encode()
        return struct.pack("q", len(text)) + text


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks decides when it ends
    questions = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))
    try:
        model = runpy.run_path(sys.argv[1])
        evaluate = evaluator(model, sys.argv[1])
    except Exception as error:  # noqa: BLE001
        sys.exit(f"{type(error).__name__}: {error}")
    answers.write(struct.pack("q", model["dimension"]))
    answers.flush()
    while head := questions.read(16):
        n, with_score = struct.unpack("qq", head)
        x = np.frombuffer(questions.read(8 * n * model["dimension"])).reshape(n, model["dimension"]).copy()
        answers.write(answer(evaluate, x, bool(with_score)))
        answers.flush()


if __name__ == "__main__":
    main()
