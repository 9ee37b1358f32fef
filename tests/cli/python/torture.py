"""Kills, interrupts, full disks, read-only folders and two writers at once, for every command that writes.

  torture.py SCOREFIELD [--kills N] [--interrupts N] [--disks N] [--only WORD] [--seed S]

The long form is --kills 50 --interrupts 20 --disks 10. After every kill what is there must be whole, and the same command,
with --resume where a checkpoint was left, must end in the result of an undisturbed run, bit for bit, with no file beside
it. An interrupt must end the command within two seconds, of the clock or of the processor. Full and read-only disks need the right to mount; without it
they are left out, with a line that says so. Counts are printed; the exit code is 1 where one is not 0.
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

BEAM = "--mu 1.2,1.4 --particles 500 --frames 9 --set pic.simulated_particles=20000 --set pic.dt=0.01 --set pic.duration=8"
NETWORK = "--set model.width=32 --set model.depth=2 --set batch.particles=128 --set training.log_every=20"


class Command:
    """A command line that writes `output`, given the files of `inputs`; `checkpoint` is what it may leave."""

    def __init__(self, name, line, output, resumes=False):
        self.name, self.line, self.output, self.resumes = name, line, output, resumes

    def arguments(self, folder, inputs, resume=False):
        words = self.line.format(inputs=inputs, output=folder / self.output).split()
        return [*words, "--quiet", "--threads", "1", *(["--resume"] if resume else [])]


def commands():
    yield Command("generate two-stream", f"generate two-stream {BEAM} --set generate.checkpoint_interval=0.2 --output {{output}}",
                  "data.h5", True)
    yield Command("generate vlasov", "generate vlasov --mu 0.2,0.3 --particles 500 --frames 5 --set vlasov.duration=20 "
                  "--set generate.checkpoint_interval=0.2 --output {output}", "data.h5", True)
    yield Command("generate chaos-9d", "generate chaos-9d --mu 1.2,1.4 --particles 2000 --frames 9 "
                  "--set generate.checkpoint_interval=0.2 --output {output}", "data.h5", True)
    yield Command("train", f"train {{inputs}}/data.h5 --steps 600 {NETWORK} --set training.checkpoint_every=50 --output {{output}}",
                  "model.h5", True)
    yield Command("infer", "infer {inputs}/model.h5 --mu 1.25,1.3,1.35 --particles 400 --set infer.steps=400 --output {output}",
                  "rollout.h5")
    yield Command("sample svgd", "sample banana --method svgd --particles 400 --steps 400 "
                  "--set sample.checkpoint_interval=0.1 --output {output}", "samples.h5", True)
    yield Command("sample gas", "sample three-modes --method gas --particles 1000 --set sample.checkpoint_interval=0.05 "
                  "--output {output}", "samples.h5", True)
    yield Command("import", "import {inputs}/data.npz --mu 1.2,1.4 --output {output}", "imported.h5")
    yield Command("resample", "resample {inputs}/data.h5 --particles 100 --output {output}", "resampled.h5")
    yield Command("export", "export {inputs}/data.h5 --output {output}", "data.npz")
    yield Command("evaluate", "evaluate {inputs}/rollout.h5 --reference {inputs}/data.h5 --set evaluate.frames=5 --output {output}",
                  "errors.json")
    yield Command("calibrate", "calibrate {inputs}/model.h5 {inputs}/data.h5 --set calibrate.particles=200 "
                  "--set calibrate.scan=5 --set calibrate.frames=3 --set calibrate.bootstrap=8 --output {output}", "found.json")


def prepare(binary, inputs):
    """The files that other commands read."""
    for line in (f"generate two-stream {BEAM} --output {inputs}/data.h5",
                 f"train {inputs}/data.h5 --steps 40 {NETWORK} --output {inputs}/model.h5",
                 f"infer {inputs}/model.h5 --mu 1.2,1.4 --particles 400 --output {inputs}/rollout.h5",
                 f"export {inputs}/data.h5 --output {inputs}/data.npz"):
        subprocess.run([binary, *line.split(), "--quiet", "--threads", "1"], check=True, stdout=subprocess.DEVNULL)


def content(path):
    """What two runs must agree in."""
    if path.suffix == ".json":
        found = outputs.without_measured(json.loads(path.read_text()))
        return {key: value for key, value in found.items() if key not in ("output", "rollout", "model", "data", "warnings")}
    if path.suffix == ".npz":
        import numpy as np
        with np.load(path) as file:
            return {name: file[name].tobytes() for name in file.files if file[name].dtype.kind != "O"}
    return outputs.arrays(path)


class Torture:
    def __init__(self, given):
        self.given, self.dice = given, random.Random(given.seed)
        self.counts = collections.defaultdict(collections.Counter)

    def run(self, command, folder, inputs, resume=False):
        return subprocess.run([self.given.scorefield, *command.arguments(folder, inputs, resume)], capture_output=True,
                              text=True, check=False)

    def complain(self, command, kind, text):
        self.counts[command.name][kind] += 1
        print(f"{command.name}: {kind}: {text}", flush=True)

    def is_whole(self, command, path):
        if path.suffix != ".h5":
            return bool(content(path))
        return subprocess.run([self.given.scorefield, "inspect", path, "--verify"], capture_output=True,
                              check=False).returncode == 0

    def disturb(self, command, inputs, reference, seconds, how):
        """One kill (SIGKILL) or interrupt (SIGINT) at a random moment, and what comes after it."""
        kind = "kills" if how == signal.SIGKILL else "interrupts"
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            running = subprocess.Popen([self.given.scorefield, *command.arguments(folder, inputs)], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            time.sleep(self.dice.uniform(0, 1.05 * seconds))
            before = processor_seconds(running.pid)
            os.kill(running.pid, how)  # not send_signal, which waits for processes that have ended
            start = time.monotonic()
            error = running.stderr.read()
            _, status, usage = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
            # On a busy machine a process waits for its turn: what counts is the time that it took for itself.
            waited = min(time.monotonic() - start, usage.ru_utime + usage.ru_stime - before)
            self.counts[command.name][kind] += 1
            self.counts[command.name]["resumed"] += self.follow(command, folder, inputs, reference, error, running.returncode)
            if how == signal.SIGINT:
                worst = self.counts[command.name]
                worst["longest ms"] = max(worst["longest ms"], round(1000 * max(0, waited)))
                if waited > 2:
                    self.complain(command, "slow", f"{waited:.1f} s after the interrupt")
                if running.returncode not in (0, 130, -2):
                    self.complain(command, "lost", f"exit code {running.returncode}: {error[-300:]}")

    def follow(self, command, folder, inputs, reference, error, code):
        """Goes on after a disturbance and compares. @return whether there was something to go on from"""
        path = folder / command.output
        model = command.name == "train"
        left = (path if model else folder / (command.output + ".checkpoint")).exists()
        if path.exists() and not self.is_whole(command, path):
            self.complain(command, "lost", "what was left is not whole")
        if "--resume" in error and code == 130 and not left:
            self.complain(command, "lost", f"no checkpoint where the message promises one: {error[-200:]}")
        if not path.exists() or left:
            again = self.run(command, folder, inputs, command.resumes and left)
            if again.returncode != 0:
                self.complain(command, "lost", f"cannot go on: {again.stderr[-300:]}")
                return left
        if content(path) != reference:
            self.complain(command, "unequal", "the result differs from that of an undisturbed run")
        stale = sorted(entry.name for entry in folder.iterdir() if entry.name != command.output)
        # A killed run leaves a hidden temporary to the next writer; where the output was complete there is no next one.
        if not left and stale and self.run(command, folder, inputs).returncode == 0:
            stale = sorted(entry.name for entry in folder.iterdir() if entry.name != command.output)
        if stale:
            self.complain(command, "stale", str(stale))
        return left

    def two_writers(self, command, inputs, reference):
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            line = [self.given.scorefield, *command.arguments(folder, inputs)]
            both = [subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
            errors = [process.communicate()[1] for process in both]
            self.counts[command.name]["two writers"] += 1
            if all(process.returncode != 0 for process in both):
                return self.complain(command, "lost", f"both writers fail: {errors}")
            if content(folder / command.output) != reference:
                self.complain(command, "unequal", "two writers")
            stale = [entry.name for entry in folder.iterdir() if entry.name != command.output]
            if stale:
                self.complain(command, "stale", f"two writers: {stale}")

    def fails_cleanly(self, command, folder, inputs, what, old):
        done = self.run(command, folder, inputs)
        path = folder / command.output
        if done.returncode == 0:
            return
        if done.returncode != 1 or not done.stderr.startswith("scorefield "):
            self.complain(command, "lost", f"{what}: exit code {done.returncode}, '{done.stderr[-200:]}'")
        if old and (not path.exists() or path.read_bytes() != old):
            self.complain(command, "lost", f"{what}: the old file is not what it was")
        stale = [entry.name for entry in folder.iterdir() if entry.name not in (command.output, command.output + ".checkpoint")]
        if stale:
            self.complain(command, "stale", f"{what}: {stale}")

    def disks(self, command, inputs, size, count):
        with tempfile.TemporaryDirectory() as place:
            for i in range(count):
                kilobytes = max(16, round(size / 1024 * self.dice.uniform(0.05, 1.5)))
                mount(place, f"size={kilobytes}k")
                try:
                    folder = pathlib.Path(place)
                    old = b"old" if command.name != "train" and i % 2 else b""
                    if old:
                        (folder / command.output).write_bytes(old)
                    self.fails_cleanly(command, folder, inputs, f"disk of {kilobytes} kB", old)
                    self.counts[command.name]["full disks"] += 1
                finally:
                    subprocess.run(["umount", place], check=True)
            mount(place, "size=1m,ro")
            try:
                self.fails_cleanly(command, pathlib.Path(place), inputs, "read-only", b"")
                self.counts[command.name]["read-only"] += 1
            finally:
                subprocess.run(["umount", place], check=True)

    def all(self, command, inputs, mounts):
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            start = time.monotonic()
            done = self.run(command, folder, inputs)
            seconds = time.monotonic() - start
            if done.returncode != 0:
                return self.complain(command, "lost", f"undisturbed: {done.stderr[-300:]}")
            reference = content(folder / command.output)
            size = (folder / command.output).stat().st_size
        for how, count in ((signal.SIGKILL, self.given.kills), (signal.SIGINT, self.given.interrupts)):
            for _ in range(count):
                self.disturb(command, inputs, reference, seconds, how)
        self.two_writers(command, inputs, reference)
        if mounts:
            self.disks(command, inputs, size, self.given.disks)


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
    parser.add_argument("--kills", type=int, default=2, help="of every command (default: 2)")
    parser.add_argument("--interrupts", type=int, default=1, help="of every command (default: 1)")
    parser.add_argument("--disks", type=int, default=2, help="full ones, of every command (default: 2)")
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
        for command in commands():
            if given.only not in command.name:
                continue
            torture.all(command, inputs, mounts)
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
