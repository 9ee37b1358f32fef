"""Phase-space densities, truth beside prediction: panels at chosen times, and an animation."""

import os

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from plotting.style import DENSITY_MAP
from scorefield_io import FormatError, format_mu


class PhaseSpace:
    """Truth and rollout at one mu as densities on one grid of the first two coordinates."""

    def __init__(self, rollout, reference, mu=None, bins=None):
        if len(rollout.coordinates) < 2 or rollout.coordinates != reference.coordinates:
            raise FormatError(f"{rollout.path}: expected at least two coordinates, the same as in {reference.path}; found "
                              f"{', '.join(rollout.coordinates)} and {', '.join(reference.coordinates)}")
        self.sources = {"truth": reference, "prediction": rollout}
        self.mu = np.atleast_1d(middle_mu(rollout) if mu is None else mu)
        self.indices = {name: source.find_mu(self.mu) for name, source in self.sources.items()}
        self.bins = bins or bins_for(min(source.particles(self.indices[name], 0) for name, source in self.sources.items()))
        self.ranges = [self._range(axis) for axis in (0, 1)]
        self.levels = self._levels()

    def _range(self, axis):
        reference = self.sources["truth"]
        if reference.periods[axis] > 0:
            return (0.0, float(reference.periods[axis]))
        count = len(reference.times(self.indices["truth"]))
        values = np.concatenate([reference.frame(self.indices["truth"], k)[:, axis] for k in (0, count // 2, count - 1)])
        low, high = np.quantile(values, [0.001, 0.999])
        margin = 0.08 * (high - low)
        return (low - margin, high + margin)

    def _levels(self):
        """One colour range for every panel, so that colours can be compared: up to the truth's high densities."""
        frames = np.linspace(0, len(self.sources["truth"].times(self.indices["truth"])) - 1, 5).astype(int)
        densities = [self._histogram("truth", k) for k in frames]
        return 0.0, float(np.quantile(np.stack(densities), 0.998))

    def _histogram(self, name, frame):
        source, index = self.sources[name], self.indices[name]
        points, weights = source.frame(index, frame), source.weights(index, frame)
        density, _, _ = np.histogram2d(points[:, 0], points[:, 1], bins=self.bins, range=self.ranges, weights=weights)
        area = np.prod([(high - low) / count for (low, high), count in zip(self.ranges, self.bins)])
        return density.T / ((len(points) if weights is None else weights.sum()) * area)

    def density(self, name, time):
        """Probability per unit area on the grid, [bins[1], bins[0]], at the source's frame nearest to `time`."""
        return self._histogram(name, self.sources[name].nearest_frame(time, self.indices[name]))

    def draw(self, axes, name, time):
        return axes.imshow(self.density(name, time), origin="lower", aspect="auto", cmap=DENSITY_MAP,
                           interpolation="bilinear", extent=(*self.ranges[0], *self.ranges[1]),
                           vmin=self.levels[0], vmax=self.levels[1])

    def label(self, axis):
        source = self.sources["truth"]
        return f"{source.coordinates[axis]} [{source.units[axis]}]" if source.units[axis] else source.coordinates[axis]

    def shared_times(self):
        """The rollout's times that the reference has, if these are half of its own at least; else those that it covers."""
        time, reference = (self.sources[name].times(self.indices[name]) for name in ("prediction", "truth"))
        common = time[np.abs(time[:, None] - reference).min(axis=1) <= 1e-6 * (time[-1] - time[0])]
        inside = (time >= reference[0] - 1e-9) & (time <= reference[-1] + 1e-9)
        return common if 2 * len(common) >= len(reference) else time[inside]


def bins_for(particles):
    """About four particles per cell on a 4:3 grid, within what a panel can show."""
    height = int(np.clip(np.sqrt(particles / 4 * 3 / 4), 18, 150))
    return (height * 4 // 3, height)


def middle_mu(ensemble):
    return ensemble.mu[len(ensemble.mu) // 2]


def draw_panels(phase_space, panels, times):
    """Two rows of panels: truth above, prediction below; returns the last image, for a colour bar."""
    for row, name in zip(panels, ("truth", "prediction")):
        for axes, time in zip(row, times):
            image = phase_space.draw(axes, name, time)
            axes.label_outer()
        row[0].set_ylabel(f"{name}\n{phase_space.label(1)}")
    for axes, time in zip(panels[0], times):
        axes.set_title(f"t = {time:.4g}")
    for axes in panels[-1]:
        axes.set_xlabel(phase_space.label(0))
    return image


def phase_space_figure(phase_space, times=None):
    """Panels at `times`; by default at five times that span the rollout."""
    if times is None:
        shared = phase_space.shared_times()
        times = [shared[k] for k in np.linspace(0, len(shared) - 1, 5).astype(int)]
    figure, panels = plt.subplots(2, len(times), figsize=(2.5 * len(times) + 0.6, 4.2), sharex=True, sharey=True,
                                  squeeze=False)
    image = draw_panels(phase_space, panels, times)
    figure.colorbar(image, ax=panels, label="density", shrink=0.8)
    figure.suptitle(f"mu = {format_mu(phase_space.mu)}")
    return figure


def save_animation(phase_space, path, frames=60, frames_per_second=12):
    """A GIF of truth and prediction side by side."""
    shared = phase_space.shared_times()
    times = [shared[k] for k in np.unique(np.linspace(0, len(shared) - 1, frames).astype(int))]
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3.2), dpi=90, sharex=True, sharey=True)
    images = [phase_space.draw(axes, name, times[0]) for axes, name in zip(panels, ("truth", "prediction"))]
    for axes, name in zip(panels, ("truth", "prediction")):
        axes.set_title(name)
        axes.set_xlabel(phase_space.label(0))
    panels[0].set_ylabel(phase_space.label(1))
    heading = figure.suptitle(_heading(phase_space, times[-1]))  # takes its room in the layout
    pictures = _draw_frames(figure, [*images, heading], times, lambda time: _update(phase_space, images, heading, time))
    plt.close(figure)

    temporary = os.path.join(os.path.dirname(os.path.abspath(path)), f".{os.getpid()}.gif")
    try:
        pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=round(1000 / frames_per_second),
                         loop=0)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def _heading(phase_space, time):
    return f"mu = {format_mu(phase_space.mu)}   t = {time:5.1f}"


def _update(phase_space, images, heading, time):
    for image, name in zip(images, ("truth", "prediction")):
        image.set_data(phase_space.density(name, time))
    heading.set_text(_heading(phase_space, time))


def _draw_frames(figure, changing, times, update):
    """Pictures in one palette. Axes and labels are drawn once; only the artists that change are drawn for each time."""
    canvas = figure.canvas
    canvas.draw()  # settles the layout
    figure.set_layout_engine("none")
    for artist in changing:
        artist.set_visible(False)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    pictures = []
    for time in times:
        update(time)
        canvas.restore_region(background)
        for artist in changing:
            artist.set_visible(True)
            (artist.axes or figure).draw_artist(artist)
            artist.set_visible(False)
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
        pictures.append(picture.quantize(palette=pictures[0], dither=Image.Dither.NONE) if pictures else
                        picture.quantize(128))
    return pictures
