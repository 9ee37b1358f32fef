"""The keys of what each command prints with --json, as a tiny run of the program printed them."""

from reference.described import Descriptions
from reference.descriptions import JSON, JSON_INTRODUCTION
from reference.markdown import code, page, table


def kind_of(value):
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "null" if value is None else ""


def leaves(value, path=""):
    """(path, kind) of everything in a result: objects by dots, list items by []."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        if not value:
            yield path + "[]", ""
        for item in value:
            yield from leaves(item, path + "[]")
    else:
        yield path, kind_of(value)


def result_table(command, result):
    descriptions = Descriptions(f"JSON of '{command}'", JSON[command])
    kinds = {}
    for path, kind in leaves(result):
        kinds.setdefault(descriptions.find(path), set()).add(kind)
    descriptions.check()
    return table(["key", "kind", "what"], [[code(pattern), ", ".join(sorted(kinds[pattern] - {""})), text]
                                           for pattern, text in JSON[command].items()])


def json_page(run):
    parts = [JSON_INTRODUCTION]
    for command in JSON:
        parts += [f"## {command}", result_table(command, run.results[command])]
    return page("JSON", *parts)
