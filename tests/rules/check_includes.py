"""Every #include follows an arrow of arrows.py."""

import re

import arrows
from tree import CODE, ROOT, fail_with, paths, text_of

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def part_of(path):
    parts = [part for part in arrows.ARROWS if path == part or path.startswith(part + "/")]
    return max(parts, key=len, default=None)


def allowed(source, header):
    here, there = part_of(source), part_of(header)
    if here is None or there is None:
        return here is None and there is None  # cmake/pch.cpp
    return here == there or there in arrows.ARROWS[here] or header in arrows.ARROWS[here]


def unknown_door(source, header):
    return any(header.startswith(door) and not source.startswith(tuple(users)) for door, users in arrows.DOORS.items())


def check():
    problems = []
    for source in paths(*CODE):
        for quote, header in INCLUDE.findall(text_of(source)):
            line = f"{source} includes {header}"
            own = quote == '"' and (ROOT / header).is_file()
            if quote == '"' and not own:
                problems.append(f"{line}, which is not a path from the root of the tree")
            elif not (allowed(source, header) if own else not unknown_door(source, header)):
                problems.append(line)
    fail_with(problems, "The table of allowed arrows is tests/rules/arrows.py.")


check()
