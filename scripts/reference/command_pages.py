"""A page per command, from its help text."""

from reference.markdown import code, fence, page, table


def flag_table(flags):
    return table(["flag", "does"], [[code(flag.name), flag.text] for flag in flags])


def key_table(keys):
    return table(["key", "default", "takes", "what it is"],
                 [[code(key.name), code(key.default), key.expected.replace(" | ", ", "), key.text] for key in keys])


def groups(keys):
    """The keys by what stands before their dot, in the order of the help text."""
    found = {}
    for key in keys:
        found.setdefault(key.name.split(".")[0], []).append(key)
    return found


def key_sections(keys, level="###"):
    return "\n\n".join(f"{level} {name}.*\n\n{key_table(members)}" for name, members in groups(keys).items())


# Where the ideas behind a command are explained: pages of docs/concepts.
CONCEPTS = {
    "train": {"losses": "loss.*", "modulation": "model.*", "quadrature": "quadrature.*", "jitter": "batch.jitter"},
    "infer": {"rollouts": "infer.*"},
    "evaluate": {"noise-floor": "what the columns mean"},
    "calibrate": {"calibration": "calibrate.*"},
    "sample": {"samplers": "each method with its equation"},
}


def concepts(name):
    links = [f"[{page}](../concepts/{page}.md) ({what if ' ' in what else code(what)})"
             for page, what in CONCEPTS.get(name, {}).items()]
    return f"Concepts: {', '.join(links)}." if links else ""


def command_page(program, name):
    help_text = program.help(name)
    parts = [help_text.summary[0].upper() + help_text.summary[1:] + ".", fence(help_text.usage), concepts(name)]
    if help_text.own_flags():
        parts += ["## Flags", "In brackets the key that a flag sets. [Flags of every command](README.md).",
                  flag_table(help_text.own_flags())]
    if help_text.keys:
        parts += ["## Option keys", "For `--set KEY=VALUE` or a TOML file.", key_sections(help_text.keys)]
    if name == "generate":
        parts += problem_sections(program, {key.name for key in help_text.keys})
    parts += ["## Examples", fence("\n".join(help_text.examples))]
    return page(f"scorefield {name}", *parts)


def problem_sections(program, shared):
    """The keys that a problem adds to those of every problem."""
    parts = ["## Keys of each problem"]
    for problem in program.json("list", "problems"):
        help_text = program.help("generate", problem["name"])
        own = [key for key in help_text.keys if key.name not in shared]
        parts += [f"### {problem['name']}", problem["summary"][0].upper() + problem["summary"][1:] + ".", key_table(own)]
    return parts


PRECEDENCE = """Defaults, then a preset (or, with `--resume`, the options stored in the file), then `--config`, then `--set`,
then flags: the later one wins. The resolved options are stored in every output (attribute `config`), and `--config` takes them
back."""

EXIT_CODES = [["0", "done"], ["1", "failed: a file, the disk, numbers that went wrong"],
              ["2", "misused: what was typed does not fit"],
              ["130", "interrupted; a file to continue from is left where there is `--resume`"]]


def index_page(program):
    commands = table(["command", "does"], [[f"[{name}]({name}.md)", text] for name, text in program.commands()])
    common = [flag for flag in program.help("list").flags if flag.common]
    return page(
        "Reference", commands,
        "Lists: [problems, presets, methods, targets, experiments](lists.md). [All option keys](keys.md). "
        "[Files](files.md). [JSON](json.md).",
        "## Flags of every command", flag_table(common), "## Where an option comes from", PRECEDENCE, "## Exit codes",
        table(["code", "means"], EXIT_CODES))
