"""Kills, interrupts, full disks, read-only folders and two writers at once, for every command that writes.

  torture.py SCOREFIELD [--kills N] [--interrupts N] [--disks N] [--only WORD] [--seed S]

The long form is --kills 50 --interrupts 20 --disks 10; the kinds of a command (generate two-stream, generate vlasov,
...) share them. After every kill what is there must be whole, and the same command, with --resume where a checkpoint
was left, must end in the result of an undisturbed run, bit for bit, with no file beside it; likewise after a full
disk, once there is room. An interrupt must end the command within two seconds, of the clock or of the processor.
Kills and interrupts come at random moments of the processor time that an undisturbed run takes after its start. Full
and read-only disks need the right to mount; without it they are left out, with a line that says so. Counts are
printed; the exit code is 1 where one is not 0.
"""

import argparse
import collections
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "scripts"))
_loader = importlib.machinery.SourceFileLoader("compare_outputs", str(ROOT / "scripts" / "compare_outputs"))
outputs = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare_outputs", _loader))
sys.dont_write_bytecode = True
_loader.exec_module(outputs)

BEAM = ("--mu 1.2,1.4 --particles 500 --frames 9 --set pic.simulated_particles=20000 --set pic.dt=0.01 "
        "--set pic.duration=6")
NETWORK = "--set model.width=32 --set model.depth=2 --set batch.particles=128 --set training.log_every=20"
OFTEN = "--set generate.checkpoint_interval=0.1"
EXPERIMENT = """
name = "tiny"
summary = "Two cells of a small plasma."
seeds = [0]
data = { generate = { particles = 200, frames = 5 }, pic = { simulated_particles = 2000, duration = 2, dt = 0.05 } }
train = { training = { steps = 150, checkpoint_every = 20, log_every = 50 }, model = { width = 16, depth = 2 } }
infer = { steps = 8 }
evaluate = { points = 32, projections = 8, frames = 3 }
problem = [{ name = "two-stream", train_mu = [1.2, 1.4], test_mu = [1.3] }]
method = [
  { name = "velocity", train = { loss = { name = "velocity" }, batch = { particles = 64 } } },
  { name = "force", train = { model = { field = "force" } } },
]
"""


class Command:
    """A command line that writes `output`, given the files of `inputs`; it resumes where `checkpoint` was left."""

    def __init__(self, name, line, output, checkpoint=""):
        self.name, self.line, self.output, self.checkpoint = name, line + " --output {output}", output, checkpoint

    @property
    def verb(self):
        return self.name.split()[0]

    def arguments(self, folder, inputs, resume=False):
        words = self.line.format(inputs=inputs, output=folder / self.output).split()
        return [*words, "--quiet", "--threads", "1", *(["--resume"] if resume else [])]

    def left(self, folder):
        """Whether there is something to resume from."""
        return bool(self.checkpoint) and (folder / self.checkpoint).exists()

    def stale(self, folder, expected):
        """What is there and should not be."""
        return sorted(listing(folder) - expected)


def listing(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def commands():
    for name, line in (("two-stream", f"two-stream {BEAM}"),
                       ("vlasov", "vlasov --mu 0.2,0.3 --particles 500 --frames 5 --set vlasov.duration=5"),
                       ("landau-6d", "landau-6d --mu 0.3 --particles 300 --frames 3 "
                        "--set pic.simulated_particles=4000"),
                       ("chaos-9d", "chaos-9d --mu 1.2,1.4 --particles 1000 --frames 9"),
                       ("oscillator", "oscillator --mu 1.2,1.4 --particles 2000 --frames 9"),
                       ("trap", "trap --particles 200 --frames 9")):
        yield Command(f"generate {name}", f"generate {line} {OFTEN}", "data.h5", "data.h5.checkpoint")
    for field, checkpoint in (("potential", "model.h5"), ("vector", "model.h5"), ("sde", ""), ("growth", "")):
        steps = 200 if checkpoint else 40
        yield Command(f"train {field}", f"train {{inputs}}/data.h5 --steps {steps} {NETWORK} "
                      f"--set training.checkpoint_every=20 --set model.field={field}", "model.h5", checkpoint)
    yield Command("train force", "train {inputs}/data.h5 --set model.field=force", "model.h5")
    for model in ("potential", "sde", "force"):
        yield Command(f"infer {model}", f"infer {{inputs}}/{model}.h5 --mu 1.25,1.3,1.35 --particles 400 "
                      "--set infer.steps=100", "rollout.h5")
    for method, line in (("svgd", "banana --method svgd --particles 300 --steps 100"),
                         ("gas", "banana --method gas --particles 300"),
                         ("mpm", "banana --method mpm --particles 400 --steps 100"),
                         ("ift", "{inputs}/data.h5 --method ift --particles 100 --steps 40"),
                         ("smc", "three-modes --method smc --particles 1000"),
                         ("ula, whose file is large", "banana --method ula --particles 100000 --steps 5 "
                                                      "--set sample.check=false")):
        yield Command(f"sample {method}", f"sample {line} --set sample.checkpoint_interval=0.05", "samples.h5",
                      "samples.h5.checkpoint")
    yield Command("import", "import {inputs}/data.npz --mu 1.2,1.4", "imported.h5")
    yield Command("resample", "resample {inputs}/data.h5 --particles 100", "resampled.h5")
    yield Command("export", "export {inputs}/data.h5", "data.npz")
    yield Command("evaluate", "evaluate {inputs}/rollout.h5 --reference {inputs}/data.h5 --set evaluate.frames=5",
                  "errors.json")
    yield Command("calibrate", "calibrate {inputs}/potential.h5 {inputs}/data.h5 --set calibrate.particles=200 "
                  "--set calibrate.scan=5 --set calibrate.frames=3 --set calibrate.bootstrap=8", "found.json")
    yield Command("compare", "compare {inputs}/experiment.toml", "table")


def prepare(binary, inputs):
    """The files that other commands read."""
    for line in (f"generate two-stream {BEAM} --output {inputs}/data.h5",
                 *(f"train {inputs}/data.h5 --steps 40 {NETWORK} --set model.field={field} --output {inputs}/{field}.h5"
                   for field in ("potential", "sde", "force")),
                 f"infer {inputs}/potential.h5 --mu 1.2,1.4 --particles 400 --output {inputs}/rollout.h5",
                 f"export {inputs}/data.h5 --output {inputs}/data.npz"):
        subprocess.run([binary, *line.split(), "--quiet", "--threads", "1"], check=True, stdout=subprocess.DEVNULL)
    (inputs / "experiment.toml").write_text(EXPERIMENT)


def content(path):
    """What two runs must agree in."""
    if path.is_dir():
        files = (file for file in path.rglob("*") if file.suffix in (".json", ".h5"))
        return {str(file.relative_to(path)): content(file) for file in files}
    if path.suffix == ".json":
        found = without_measured(json.loads(path.read_text()))
        places = ("output", "rollout", "model", "data", "warnings")
        return {key: value for key, value in found.items() if key not in places}
    if path.suffix == ".npz":
        import numpy as np
        with np.load(path) as file:
            return {name: file[name].tobytes() for name in file.files if file[name].dtype.kind != "O"}
    return outputs.arrays(path)


def without_measured(value):
    if isinstance(value, dict):
        return {key: without_measured(entry) for key, entry in outputs.without_measured(value).items()
                if not any(word in key for word in ("milliseconds", "speed_up", "created"))}
    return [without_measured(entry) for entry in value] if isinstance(value, list) else outputs.without_measured(value)


Reference = collections.namedtuple("Reference", "content files size")


class Torture:
    def __init__(self, given):
        self.given, self.dice = given, random.Random(given.seed)
        self.startup = min(measured([given.scorefield, "list", "methods"])[1] for _ in range(3))
        self.counts = collections.defaultdict(collections.Counter)

    def run(self, command, folder, inputs, resume=False):
        return subprocess.run([self.given.scorefield, *command.arguments(folder, inputs, resume)], capture_output=True,
                              text=True, check=False)

    def complain(self, command, kind, text):
        self.counts[command.name][kind] += 1
        print(f"{command.name}: {kind}: {text}", flush=True)

    def is_whole(self, path):
        if path.is_dir():
            return all(self.is_whole(file) for file in path.rglob("[!.]*.*") if not file.is_dir())
        if path.suffix in (".md", ".csv"):
            return path.read_text().endswith("\n")
        if path.suffix != ".h5":
            return bool(content(path))
        return subprocess.run([self.given.scorefield, "inspect", path, "--verify"], capture_output=True,
                              check=False).returncode == 0

    def disturb(self, command, inputs, reference, seconds, how):
        """One kill (SIGKILL) or interrupt (SIGINT) at a random moment of the work, and what comes after it."""
        kind = "kills" if how == signal.SIGKILL else "interrupts"
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            running = subprocess.Popen([self.given.scorefield, *command.arguments(folder, inputs)],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            moment = self.dice.uniform(0.8 * self.startup, 1.05 * seconds)
            while work_seconds(running.pid) < moment:
                time.sleep(0.001)
            before = processor_seconds(running.pid)
            os.kill(running.pid, how)  # not send_signal, which waits for processes that have ended
            start = time.monotonic()
            error = running.stderr.read()
            _, status, usage = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
            # On a busy machine a process waits for its turn: what counts is the time that it took for itself.
            waited = min(time.monotonic() - start, usage.ru_utime + usage.ru_stime - before)
            self.counts[command.name][kind] += 1
            resumed = self.follow(command, folder, inputs, reference, error, running.returncode)
            self.counts[command.name]["resumed"] += resumed
            if how == signal.SIGINT:
                worst = self.counts[command.name]
                worst["longest ms"] = max(worst["longest ms"], round(1000 * max(0, waited)))
                if waited > 2:
                    self.complain(command, "slow", f"{waited:.1f} s after the interrupt")
                if running.returncode not in (0, 130, -2):
                    self.complain(command, "lost", f"exit code {running.returncode}: {error[-300:]}")

    def follow(self, command, folder, inputs, reference, error, code):
        """Goes on after a disturbance and compares. @return whether there was something to go on from"""
        path, left = folder / command.output, command.left(folder)
        if (left or path.is_dir()) and path.exists() and not self.is_whole(path):
            self.complain(command, "lost", "what was left is not whole")
        if "--resume" in error and code == 130 and not left:
            self.complain(command, "lost", f"no checkpoint where the message promises one: {error[-200:]}")
        if not path.exists() or path.is_dir() or left:
            again = self.run(command, folder, inputs, left)
            if again.returncode != 0:
                self.complain(command, "lost", f"cannot go on: {again.stderr[-300:]}")
                return left
        if content(path) != reference.content:
            self.complain(command, "unequal", "the result differs from that of an undisturbed run")
        # A killed run leaves a hidden temporary to the next writer; where the output was complete there is no next one.
        if not left and command.stale(folder, reference.files):
            self.run(command, folder, inputs)
        if stale := command.stale(folder, reference.files):
            self.complain(command, "stale", str(stale))
        return left

    def two_writers(self, command, inputs, reference):
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            line = [self.given.scorefield, *command.arguments(folder, inputs)]
            both = [subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                    for _ in range(2)]
            errors = [process.communicate()[1] for process in both]
            self.counts[command.name]["two writers"] += 1
            if all(process.returncode != 0 for process in both):
                return self.complain(command, "lost", f"both writers fail: {errors}")
            if content(folder / command.output) != reference.content:
                self.complain(command, "unequal", "two writers")
            if stale := command.stale(folder, reference.files):
                self.complain(command, "stale", f"two writers: {stale}")

    def fails_cleanly(self, command, folder, inputs, what, old):
        """@return whether it failed, as it should"""
        done = self.run(command, folder, inputs)
        path = folder / command.output
        if done.returncode == 0:
            return False
        if done.returncode != 1 or not done.stderr.startswith("scorefield "):
            self.complain(command, "lost", f"{what}: exit code {done.returncode}, '{done.stderr[-200:]}'")
        if old and (not path.exists() or path.read_bytes() != old):
            self.complain(command, "lost", f"{what}: the old file is not what it was")
        hidden = sorted(name for name in listing(folder) if pathlib.Path(name).name.startswith("."))
        if hidden:
            self.complain(command, "stale", f"{what}: {hidden}")
        return True

    def full_disk(self, command, inputs, reference, place, old):
        kilobytes = max(16, round(reference.size / 1024 * self.dice.uniform(0.05, 1.5)))
        mount(place, f"size={kilobytes}k")
        try:
            folder = pathlib.Path(place)
            if old:
                (folder / command.output).write_bytes(old)
            failed = self.fails_cleanly(command, folder, inputs, f"disk of {kilobytes} kB", old)
            self.counts[command.name]["full disks"] += 1
            mount(place, "remount,size=1g")
            if old and failed:
                (folder / command.output).unlink()
            self.follow(command, folder, inputs, reference, "", 1)  # with room it goes on
        finally:
            subprocess.run(["umount", place], check=True)

    def disks(self, command, inputs, reference, count):
        with tempfile.TemporaryDirectory() as place:
            for i in range(count):
                single = pathlib.Path(command.output).suffix and command.checkpoint != command.output
                self.full_disk(command, inputs, reference, place, b"old" if single and i % 2 else b"")
            mount(place, "size=1m,ro")
            try:
                self.fails_cleanly(command, pathlib.Path(place), inputs, "read-only", b"")
                self.counts[command.name]["read-only"] += 1
            finally:
                subprocess.run(["umount", place], check=True)

    def all(self, command, kinds, inputs, mounts):
        """What was asked for, of which every one of `kinds` of a command has its share."""
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            code, seconds = measured([self.given.scorefield, *command.arguments(folder, inputs)])
            if code != 0:
                return self.complain(command, "lost", "fails undisturbed")
            files = listing(folder)
            size = sum((folder / name).stat().st_size for name in files)
            reference = Reference(content(folder / command.output), files, size)
        for how, count in ((signal.SIGKILL, self.given.kills), (signal.SIGINT, self.given.interrupts)):
            for _ in range(-(-count // kinds)):
                self.disturb(command, inputs, reference, seconds, how)
        self.two_writers(command, inputs, reference)
        if mounts:
            self.disks(command, inputs, reference, -(-self.given.disks // kinds))


def measured(line):
    """Exit code and processor time of the main thread."""
    running = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    seconds = 0
    while True:
        done, status = os.waitpid(running.pid, os.WNOHANG)
        if done:
            running.returncode = os.waitstatus_to_exitcode(status)
            return running.returncode, seconds
        seconds = max(seconds, work_seconds(running.pid, 0))
        time.sleep(0.001)


def work_seconds(pid, ended=float("inf")):
    """Processor time of the main thread so far, which a busy machine does not stretch."""
    try:
        if pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return ended
        return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError):
        return ended


def processor_seconds(pid):
    """That a process has taken so far; infinite where it has ended."""
    try:
        words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return float("inf")


def mount(place, options):
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True, capture_output=True)


def may_mount():
    with tempfile.TemporaryDirectory() as place:
        try:
            mount(place, "size=1m")
        except (subprocess.CalledProcessError, OSError):
            return False
        subprocess.run(["umount", place], check=True)
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scorefield")
    parser.add_argument("--kills", type=int, default=2, help="of every command, shared by its kinds (default: 2)")
    parser.add_argument("--interrupts", type=int, default=1, help="likewise (default: 1)")
    parser.add_argument("--disks", type=int, default=2, help="full ones, likewise (default: 2)")
    parser.add_argument("--only", default="", help="only commands whose name contains this word")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.scorefield = os.path.abspath(given.scorefield)
    print(f"seed {given.seed}")
    torture, mounts = Torture(given), may_mount()
    if not mounts:
        print("no right to mount: full and read-only disks are left out")
    inputs = pathlib.Path(tempfile.mkdtemp())
    try:
        prepare(given.scorefield, inputs)
        kinds = collections.Counter(command.verb for command in commands())
        for command in commands():
            if given.only not in command.name:
                continue
            torture.all(command, kinds[command.verb], inputs, mounts)
            counts = torture.counts[command.name]
            print(f"{command.name}: " + ", ".join(f"{counts[kind]} {kind}" for kind in (
                "kills", "interrupts", "resumed", "two writers", "full disks", "read-only", "lost", "unequal", "stale",
                "slow", "longest ms")), flush=True)
    finally:
        shutil.rmtree(inputs)
    bad = sum(counts[kind] for counts in torture.counts.values() for kind in ("lost", "unequal", "stale", "slow"))
    print(f"{len(torture.counts)} commands, {bad} complaints")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
