"""Every option key on one page, from `scorefield list options`."""

from reference.markdown import code, page, table


def where(entry):
    """Commands, and the problems of `generate` when not all of them have the key."""
    commands = [f"[{name}]({name}.md)" for name in entry["commands"]]
    return ", ".join(commands) + (f" ({', '.join(entry['problems'])})" if entry.get("problems") else "")


def key_page(program):
    entries = sorted(program.json("list", "options"), key=lambda entry: (entry["key"], entry["default"]))
    rows = [[code(entry["key"]), code(entry["default"]), entry["expected"], where(entry), entry["help"]] for entry in entries]
    return page("Option keys", "For `--set KEY=VALUE` or a TOML file, in alphabetical order.",
                table(["key", "default", "takes", "of", "what it is"], rows))
