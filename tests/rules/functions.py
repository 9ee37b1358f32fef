"""Finds the functions of a C++ source: their names, lines and numbers of parameters. No parser of C++, but of what this
tree holds: at namespace and class level, a '{' after a parameter list opens a function. Lambdas belong to the function
that they stand in."""

import re
from dataclasses import dataclass

TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^()\s\\]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
    r"|^[ \t]*#(?:\\\n|[^\n])*",
    re.DOTALL | re.MULTILINE,
)
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")
ACCESS = re.compile(r"\b(public|private|protected)\s*$")
NOT_NAMES = {"decltype", "alignas", "noexcept", "requires", "explicit", "__attribute__", "sizeof"}


@dataclass
class Function:
    name: str
    line: int  # where its declaration begins
    lines: int  # to the closing brace
    parameters: int


def without_text(code):
    """Comments, literals and preprocessor lines become blanks; line breaks stay."""
    return TEXT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), code)


def closing(code, at):
    """Where the bracket that opens at `at` closes."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if depth == 0:
            return i
    return len(code) - 1


def parameter_count(text):
    """Commas of a parameter list outside brackets of any kind, plus one."""
    text = re.sub(r"->|<=>|[<>]=|<<|>>(?=\s*\d)", "  ", text)
    if text.strip() in ("", "void"):
        return 0
    depth = commas = 0
    for letter in text:
        depth += (letter in "([{<") - (letter in ")]}>")
        commas += letter == "," and depth == 0
    return commas + 1


class Declaration:
    """What stands before a '{' or ';' at namespace or class level, its top-level parentheses apart."""

    def __init__(self, text):
        self.text = re.sub(r"^\s*template\s*<", lambda found: " " * len(found[0]), text)
        self.outside = ""  # without what parentheses hold
        self.name = self.parameters = None
        i = 0
        while i < len(text):
            if text[i] == "(":
                end = closing(text, i)
                self.consider(self.outside, text[i + 1 : end])
                self.outside += "()"
                i = end + 1
            else:
                self.outside += text[i]
                i += 1

    def consider(self, before, inside):
        if self.name is not None:
            return
        word = re.search(r"(operator\s*(?:\(\)|[^\w\s(]+|[\w:&*<> ]+)|~?\w[\w:~]*(?:<[^<>()]*>::\w+)?)\s*$", before)
        if not word or word[1] == "operator" or word[1] in NOT_NAMES:
            return
        self.name, self.parameters = word[1], inside

    def is_initialiser(self):
        """x = {...}, but neither operator= nor a function's '= default'."""
        return "=" in re.sub(r"operator\s*[^\w\s(]+", "", self.outside)

    def is_function(self):
        return self.name is not None and not self.is_initialiser()

    def in_initialiser_list(self):
        """Before a '{' that initialises a member of a constructor: '... ) : a_(1), b_' and '... ) : b_'."""
        return bool(re.search(r"\)\s*(?:noexcept\s*)?:(?!:)", self.outside) and re.search(r"[\w>]\s*$", self.outside))


def functions(code):
    """All functions that are defined in the text."""
    code = without_text(code)
    found, start, i = [], 0, 0
    while i < len(code):
        if code[i] in ";}" or (code[i] == ":" and ACCESS.search(code[max(i - 10, 0) : i])):
            start = i + 1
        elif code[i] == "(":
            i = closing(code, i)
        elif code[i] == "{":
            declaration = Declaration(code[start:i])
            end = closing(code, i)
            if declaration.is_function() and declaration.in_initialiser_list():
                i = end
            elif declaration.is_function():
                first = start + len(code[start:i]) - len(code[start:i].lstrip())
                found.append(
                    Function(
                        declaration.name,
                        code.count("\n", 0, first) + 1,
                        code.count("\n", first, end) + 1,
                        parameter_count(declaration.parameters),
                    )
                )
                i, start = end, end + 1
            elif SCOPE.search(declaration.outside) and not declaration.is_initialiser():
                start = i + 1  # look inside
            else:
                i = end
        i += 1
    return found
