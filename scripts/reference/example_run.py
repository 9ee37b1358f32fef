"""Every command once, with tiny numbers: the files and results that the reference describes."""

import pathlib

TINY_PIC = ["--set", "pic.simulated_particles=640", "--set", "pic.cells=32", "--set", "pic.dt=0.2"]


def grid(command):
    """Keys of a density on a few nodes of phase space."""
    keys = ("density_nodes=[4, 6]", "density_low=[-9]", "density_high=[9]")
    return [word for key in keys for word in ("--set", f"{command}.{key}")]


class ExampleRun:
    """Files in `folder`, and what the commands printed with --json."""

    def __init__(self, program, folder):
        self.folder = pathlib.Path(folder)
        self.results = {}

        def run(name, *arguments):
            self.results[name] = program.json(*arguments, folder=folder)

        run("generate", "generate", "bump-on-tail", "--mu", "1.2,1.3,1.4,1.5,1.6", "--particles", "160", "--frames", "5",
            "--output", "data.h5", *TINY_PIC)
        program.json("generate", "bump-on-tail", "--mu", "1.35", "--particles", "160", "--frames", "5", "--seed", "1",
                     "--output", "test.h5", *TINY_PIC, folder=folder)
        program.json("generate", "vlasov", "--mu", "1.2", "--particles", "160", "--frames", "2", "--output", "grid.h5",
                     "--set", "vlasov.cells=32", "--set", "vlasov.dt=1", *grid("vlasov"), folder=folder)
        run("train", "train", "data.h5", "--output", "model.h5", "--steps", "2", "--leave-out", "1.6", "--set",
            "model.width=8", "--set", "model.depth=2", "--set", "batch.jitter=0.1", "--set", "training.log_every=1")
        program.json("train", "data.h5", "--output", "force.h5", "--set", "model.field=force", folder=folder)
        program.json("train", "data.h5", "--output", "sde.h5", "--steps", "2", "--set", "model.field=sde", "--set",
                     "sde.width=8", "--set", "sde.batch=64", folder=folder)
        program.json("train", "data.h5", "--output", "growth.h5", "--steps", "2", "--set", "model.field=growth", "--set",
                     "growth.width=8", "--set", "growth.particles=16", folder=folder)
        run("infer", "infer", "model.h5", "--mu", "1.35", "--output", "rollout.h5", "--log-density", "--set", "infer.steps=4",
            *grid("infer"))
        program.json("infer", "model.h5", "--mu", "1.35", "--output", "guided.h5", "--set", "infer.guide=modes", "--set",
                     "infer.steps=4", folder=folder)
        run("evaluate", "evaluate", "guided.h5", "--reference", "test.h5", "--training", "data.h5", "--set",
            "evaluate.points=64")
        run("calibrate", "calibrate", "model.h5", "test.h5", "--seeds", "2", "--bootstrap", "2", "--set", "calibrate.scan=3", "--set",
            "calibrate.iterations=1", "--set", "calibrate.steps=4")
        run("sample", "sample", "funnel", "--particles", "400", "--set", "sample.frames=2", "--output", "samples.h5")
        for method, particles in (("ift", "160"), ("gas", "60")):
            program.json("sample", "banana", "--method", method, "--particles", particles, "--output", f"{method}.h5", "--set",
                         "sample.diagnostics=false", "--set", "sample.frames=2", folder=folder)
        program.json("sample", "three-modes", "--particles", "60", "--steps", "3", "--set", "target.bounds=[[-2, inf]]", "--set",
                     "target.variables=v[2]", "--output", "bounded.h5", folder=folder)
        run("benchmark", "benchmark", "pic", "--seconds", "0.001")
        run("inspect", "inspect", "model.h5")
        self.write_array()
        run("import", "import", "array.npy", "--mu", "1", "--output", "imported.h5", "--set",
            "import.periods=4,0", "--set", "import.charge=-1")
        run("export", "export", "data.h5", "--output", "data.npz")
        run("resample", "resample", "data.h5", "--particles", "40", "--output", "few.h5")

    def write_array(self):
        import numpy as np
        np.save(self.folder / "array.npy", np.arange(12.0).reshape(2, 3, 2))
