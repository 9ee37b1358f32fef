"""The command line of scripts/plot."""

import argparse
import concurrent.futures
import os
import pathlib
import sys

from plotting.cloud_report import cloud_page
from plotting.comparison import comparison_figure, integrand_figure, read_comparison
from plotting.corner import corner_figure, read_reference
from plotting.energy import energy_figure
from plotting.errors import distances_figure, errors_figure
from plotting.evaluation import read_evaluation
from plotting.overview import overview_figure
from plotting.phase_space import PhaseSpace, phase_space_figure, save_animation
from plotting.report import report_page
from plotting.samples import particles_figure, save_samples_animation
from plotting.style import save, use_style, write_text
from plotting.training import has_steps, loss_figure
from scorefield_io import FormatError, open_ensemble, open_model, open_samples


def parse_arguments(argv):
    parser = argparse.ArgumentParser(prog="scripts/plot", description="Draws scorefield's files.")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")

    def add(name, text, inputs, output=True):
        kind = kinds.add_parser(name, help=text, description=text)
        for argument, explanation in inputs:
            kind.add_argument(argument, help=explanation)
        if output:
            kind.add_argument("--output", required=True, help="the picture to write")
        return kind

    evaluation = ("evaluation", "what `scorefield evaluate --json` printed")
    energy = add("energy", "electric energy over time, a panel per mu", [evaluation])
    energy.add_argument("--log", action="store_true", help="logarithmic energy axis")
    add("errors", "errors against mu beside floor and baselines", [evaluation])
    add("distances", "distances between populations over time", [evaluation])
    add("compare", "errors of every method, a panel per problem", [("table", "table.json of `scorefield compare`")])
    add("integrand", "q(t) of the oscillator beside the closed form, a line per method",
        [("table", "table.json of `scorefield compare`")])
    add("loss", "training history", [("model", "a model file")])
    for name, text in (("phase-space", "density panels, truth above prediction"),
                       ("animation", "a GIF, truth beside prediction")):
        kind = add(name, text, [("rollout", "a rollout file")])
        kind.add_argument("--reference", required=True, help="a dataset with the truth at the same mu")
        kind.add_argument("--mu", type=float, nargs="+", help="which mu, as many numbers as it has parameters (default: the middle one)")
        if name == "phase-space":
            kind.add_argument("--times", type=float, nargs="+", help="which times (default: five)")
        else:
            kind.add_argument("--frames", type=int, default=60, help="pictures in the animation (default: 60)")
    samples = add("samples", "particles over density contours and what the method lowered; with --animation the run",
                  [("samples", "a file of `scorefield sample`")])
    samples.add_argument("--animation", action="store_true", help="a GIF of the stored frames (sample.frames) instead")
    for name, text in (("corner", "marginals and pairs of coordinates of a cloud, beside a reference"),
                       ("cloud-report", "one page on a samples file: what it says of itself, marginals, moments, traces")):
        kind = add(name, text, [("samples", "a file of `scorefield sample`")])
        kind.add_argument("--reference", help="draws to compare with: a samples file, or points [m, d] in a .npy file")
        kind.add_argument("--coordinates", nargs="+", default=[], metavar="NAME",
                          help="which coordinates, or variables with all of their elements (default: the first eight)")
    report = add("report", "every picture and report.html, from the files of an evaluation",
                 [("folder", "holds evaluation.json, what it was made from, and model.h5 if the training is to be shown")], output=False)
    report.add_argument("--frames", type=int, default=60, help="pictures in the animation (default: 60)")
    return parser.parse_args(argv)


class ReportFiles:
    """What the pictures of a report are drawn from: a folder's evaluation.json and the files that it names, and the
    folder's model.h5. `model`, `training`, `phase_space`: None where there is nothing to show."""

    def __init__(self, folder):
        self.folder = folder
        self.evaluation = read_evaluation(folder / "evaluation.json")
        self.rollout, self.reference = (open_ensemble(self._find(self.evaluation.get(key))) for key in ("rollout", "reference"))
        training = self.evaluation.get("training")
        self.training = open_ensemble(self._find(training)) if training else None
        model = folder / "model.h5"
        self.model = open_model(model) if model.exists() else None
        self.phase_space = PhaseSpace(self.rollout, self.reference) if len(self.rollout.coordinates) > 1 else None

    def _find(self, name):
        """A file as it was named when it was evaluated: in the folder, from here, or moved to the folder."""
        if name is None:
            raise FormatError(f"{self.folder / 'evaluation.json'}: expected the keys 'rollout' and 'reference'")
        places = [self.folder / name, pathlib.Path(name), self.folder / pathlib.Path(name).name]
        return next((place for place in places if place.exists()), places[0])

    @property
    def pictures(self):
        """Those that there is something to draw of."""
        entries = self.evaluation["per_mu"]
        energy = any("electric_energy" in entry for entry in entries)
        shown = {"overview.png": energy and self.phase_space, ANIMATION: self.phase_space, "energy.png": energy,
                 "energy_log.png": energy, "distances.png": any("clouds" in entry for entry in entries),
                 "phase_space.png": self.phase_space, "loss.png": self.model and has_steps(self.model)}
        return [picture for picture in (ANIMATION, *REPORT_FIGURES) if shown.get(picture, True)]


REPORT_FIGURES = {
    "overview.png": lambda files: overview_figure(files.phase_space, files.evaluation),
    "phase_space.png": lambda files: phase_space_figure(files.phase_space),
    "energy.png": lambda files: energy_figure(files.evaluation),
    "energy_log.png": lambda files: energy_figure(files.evaluation, log=True),
    "errors.png": lambda files: errors_figure(files.evaluation),
    "distances.png": lambda files: distances_figure(files.evaluation),
    "loss.png": lambda files: loss_figure(files.model),
}
ANIMATION = "phase_space.gif"


def draw_report_picture(folder, picture, frames):
    """One of a report's pictures; in a process of its own, which opens the files itself."""
    use_style()
    files = ReportFiles(folder)
    if picture == ANIMATION:
        save_animation(files.phase_space, folder / picture, frames)
    else:
        save(REPORT_FIGURES[picture](files), folder / picture)


def draw_report(folder, frames):
    """Every picture of an evaluation, as many at a time as there are cores, and the page that shows them."""
    folder = pathlib.Path(folder)
    files = ReportFiles(folder)
    with concurrent.futures.ProcessPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for job in [pool.submit(draw_report_picture, folder, picture, frames) for picture in files.pictures]:
            job.result()
    inputs = {"training data": files.training, "test data": files.reference, "model": files.model, "rollout": files.rollout}
    commands = folder / "commands.txt"
    page = report_page(files.evaluation, [folder / picture for picture in files.pictures],
                       {role: (file.path, file.provenance) for role, file in inputs.items() if file},
                       commands.read_text(encoding="utf-8") if commands.exists() else None)
    write_text(folder / "report.html", page)


def draw_one(arguments):
    if arguments.kind in ("phase-space", "animation"):
        phase_space = PhaseSpace(open_ensemble(arguments.rollout), open_ensemble(arguments.reference), arguments.mu)
        if arguments.kind == "animation":
            save_animation(phase_space, arguments.output, arguments.frames)
        else:
            save(phase_space_figure(phase_space, arguments.times), arguments.output)
        return
    if arguments.kind == "samples" and arguments.animation:
        save_samples_animation(open_samples(arguments.samples), arguments.output)
        return
    if arguments.kind in ("corner", "cloud-report"):
        reference = read_reference(arguments.reference) if arguments.reference else None
        shown = open_samples(arguments.samples), reference, arguments.coordinates
        if arguments.kind == "corner":
            save(corner_figure(*shown), arguments.output)
        else:
            write_text(arguments.output, cloud_page(*shown))
        return
    figures = {
        "samples": lambda: particles_figure(open_samples(arguments.samples)),
        "energy": lambda: energy_figure(read_evaluation(arguments.evaluation), arguments.log),
        "errors": lambda: errors_figure(read_evaluation(arguments.evaluation)),
        "distances": lambda: distances_figure(read_evaluation(arguments.evaluation)),
        "compare": lambda: comparison_figure(read_comparison(arguments.table)),
        "integrand": lambda: integrand_figure(read_comparison(arguments.table)),
        "loss": lambda: loss_figure(open_model(arguments.model)),
    }
    save(figures[arguments.kind](), arguments.output)


def main(argv=None):
    arguments = parse_arguments(argv)
    use_style()
    try:
        if arguments.kind == "report":
            draw_report(arguments.folder, arguments.frames)
        else:
            draw_one(arguments)
    except (FormatError, OSError) as error:
        sys.exit(f"scripts/plot: {error}")
