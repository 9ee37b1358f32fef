"""No function is longer than 60 lines and none has more than six parameters."""

from functions import functions
from tree import CODE, Exceptions, fail_with, paths, text_of

LINES, PARAMETERS = 60, 6


def check():
    problems, count, excused = [], 0, Exceptions("long_functions.txt")
    for path in paths(*CODE):
        for function in functions(text_of(path)):
            count += 1
            if function.lines <= LINES and function.parameters <= PARAMETERS:
                continue
            if f"{path} {function.name}" not in excused:
                problems.append(
                    f"{path}:{function.line}: {function.name} has {function.lines} lines and "
                    f"{function.parameters} parameters"
                )
    if count < 1000:
        problems.append(f"only {count} functions were found: the search is broken")
    problems += excused.problems()
    fail_with(
        problems,
        f"At most {LINES} lines and {PARAMETERS} parameters: split it, or put what belongs together into a struct.",
    )


check()
