"""The layout of every kind of file, as a tiny run of the program wrote it."""

from reference.described import Descriptions, Undescribed
from reference.descriptions import FILES, FILES_INTRODUCTION, ROOT_ATTRIBUTES
from reference.markdown import code, page, table


def contents(path):
    """name -> (shape, type) of every group, array and attribute; attributes are OBJECT@NAME."""
    import h5py
    found = {}

    def visit(name, item):
        name = "/" + name if name else ""
        if isinstance(item, h5py.Dataset):
            found[name] = (item.shape, "text" if item.dtype == object else item.dtype.name)
        for attribute in item.attrs:
            found[f"{name}@{attribute}"] = ((), "")

    with h5py.File(path) as file:
        visit("", file)
        file.visititems(visit)
    return found


def check_shape(where, pattern, shape, letters, sizes):
    """`shape` against letters as in "[M, K, N, d]"; a letter keeps its size within a file."""
    names = [name.strip() for name in letters.strip("[]").split(",") if name.strip()]
    if len(names) != len(shape) or any(sizes.setdefault(name, size) != size for name, size in zip(names, shape)):
        raise Undescribed(f"{where}: '{pattern}' has shape {list(shape)}, described as {letters} with {sizes}.")


def file_table(kind, paths):
    """Rows of one kind of file; several files show what only some of them have."""
    every_file = {f"@{name}": text for name, text in ROOT_ATTRIBUTES.items()}
    descriptions = Descriptions(f"file '{kind}'", {**FILES[kind], **every_file})
    types = {}
    for path in paths:
        sizes = {}
        for name, (shape, kind_of_number) in contents(path).items():
            pattern = descriptions.find(name)
            entry = descriptions.entries.get(pattern)
            if isinstance(entry, tuple):
                check_shape(path.name, pattern, shape, entry[0], sizes)
            types.setdefault(pattern, set()).add(kind_of_number)
    descriptions.check()
    rows = []
    for pattern, entry in FILES[kind].items():
        shape, text = entry if isinstance(entry, tuple) else ("", entry)
        holder, _, attribute = pattern.partition("@")
        name = f"{code(attribute)} of {code(holder) if holder else 'the file'}" if attribute else code(pattern)
        rows.append([name, shape, ", ".join(sorted(types[pattern] - {""})) if "*" not in pattern else "", text])
    return table(["object or attribute", "shape", "type", "what"], rows)


def file_page(run):
    folder = run.folder
    files = {"dataset": [folder / "data.h5", folder / "grid.h5", folder / "imported.h5"], "rollout": [folder / "rollout.h5", folder / "guided.h5"],
             "model": [folder / "model.h5", folder / "force.h5", folder / "sde.h5", folder / "growth.h5"], "samples": [folder / "samples.h5", folder / "ift.h5", folder / "gas.h5", folder / "bounded.h5"]}
    parts = [FILES_INTRODUCTION, "## Every file", table(["root attribute", "what"],
                                                        [[code(name), text] for name, text in ROOT_ATTRIBUTES.items()])]
    for kind, paths in files.items():
        parts += [f"## {kind[0].upper() + kind[1:]}", file_table(kind, paths)]
    return page("Files", *parts)
