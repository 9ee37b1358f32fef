"""Markdown out of rows and paragraphs."""


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def code(text):
    return f"`{text}`" if text else ""


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)


def page(title, *parts):
    note = ("<!-- Written by scripts/make_reference. Change the program's help texts or scripts/reference/, "
            "then run it again. -->")
    return "\n\n".join([note, f"# {title}", *(part for part in parts if part)]) + "\n"


def fence(text):
    return "```\n" + text.strip("\n") + "\n```"
