"""The posteriors of a posteriordb checkout: models, data and reference draws."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path


class CollectionError(Exception):
    """The folder is no posteriordb, or is damaged."""


@dataclass(frozen=True)
class Posterior:
    name: str
    model: Path  # MODEL.stan
    data: Path  # DATA.json.zip
    draws: Path  # NAME.json.zip

    def data_text(self):
        return _only_member(self.data)

    def reference(self):
        """name -> all draws of all chains, and name -> draws of each chain."""
        import numpy as np

        chains = json.loads(_only_member(self.draws))
        return {name: np.array([chain[name] for chain in chains], dtype=float) for name in chains[0]}


def _only_member(path):
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(archive.namelist()[0]).decode("utf-8")
    except (OSError, zipfile.BadZipFile, IndexError) as error:
        raise CollectionError(f"{path}: {error}") from error


def read_collection(path, words=()):
    """Posteriors with reference draws whose names hold one of the words (none: all), and (name, why) of those left out."""
    root = path / "posterior_database" if (path / "posterior_database").is_dir() else path
    if not (root / "posteriors").is_dir():
        raise CollectionError(f"{path} is no checkout of posteriordb: it has no folder posterior_database/posteriors")
    found, left_out = [], []
    for file in sorted((root / "posteriors").glob("*.json")):
        entry = json.loads(file.read_text(encoding="utf-8"))
        name, reference = entry["name"], entry.get("reference_posterior_name")
        if not reference or (words and not any(word in name for word in words)):
            continue
        posterior = Posterior(name, root / "models" / "stan" / f"{entry['model_name']}.stan",
                              root / "data" / "data" / f"{entry['data_name']}.json.zip",
                              root / "reference_posteriors" / "draws" / "draws" / f"{reference}.json.zip")
        missing = [part for part in (posterior.model, posterior.data, posterior.draws) if not part.is_file()]
        if missing:
            left_out.append((name, f"the checkout lacks {missing[0].relative_to(root)}"))
        else:
            found.append(posterior)
    if not found:
        raise CollectionError(f"{path}: no posterior with reference draws" + (f" whose name holds {' or '.join(words)}" if words else ""))
    return found, left_out
