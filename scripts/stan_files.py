"""A Stan model as the two files that `scorefield sample` takes for a target. Needs the package stanli."""

import json
import os
import pathlib
import shutil


class ModelError(Exception):
    """The model cannot be prepared."""


def manifest_of(source, include):
    """The JSON text by which the interpreter knows the model."""
    import stanli

    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{source}: {error}") from error
    try:
        program = stanli.stan_to_mir(text, include_paths=[*include, source.resolve().parent])
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"{source}: {str(error).strip()}") from error
    return json.dumps({"build_id": stanli.build_id(), "mir": program, "name": source.stem})


def interpreter():
    """The package's shared library."""
    import stanli

    folder = pathlib.Path(stanli.__file__).resolve().parent / "_bin"
    found = sorted(folder.glob("libstanli.*"))
    if not found:
        raise ModelError(f"{folder} holds no libstanli: install stanli again")
    return found[0]


def write_model(source, output, include=(), copy=False):
    """MODEL.so and MODEL.stanli; each appears complete or not at all."""
    manifest = manifest_of(source, include)
    library = interpreter()
    temporary = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        temporary.write_text(manifest, encoding="utf-8")
        temporary.replace(output.with_suffix(".stanli"))
        if copy:
            shutil.copyfile(library, temporary)
        else:
            temporary.symlink_to(library)
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)
