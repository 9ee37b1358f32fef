"""For scripts that need more than Python itself."""

import importlib.util
import os
import pathlib
import sys


def require(*packages, advice="run scripts/setup, which installs what scripts/plot needs"):
    """Starts the script again under .venv's Python where this one lacks some of the packages, and says what to do where that lacks them, too."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if not missing:
        return
    script = pathlib.Path(sys.argv[0])
    venv = pathlib.Path(__file__).resolve().parent.parent / ".venv"
    if (venv / "bin" / "python").exists() and pathlib.Path(sys.prefix) != venv:
        os.execv(venv / "bin" / "python", [str(venv / "bin" / "python"), str(script), *sys.argv[1:]])
    sys.exit(f"scripts/{script.name}: {sys.executable} has no {', '.join(missing)}; {advice}")
