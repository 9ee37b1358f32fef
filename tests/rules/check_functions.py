"""No function is longer than 60 lines and none has more than six parameters."""

from functions import functions
from tree import CODE, fail_with, paths, text_of

LINES, PARAMETERS = 60, 6
FOREIGN = {"bs_log_density_gradient", "bs_param_constrain", "scorefield_density_evaluate"}  # interfaces in C


def check():
    problems, count = [], 0
    for path in paths(*CODE):
        for function in functions(text_of(path)):
            count += 1
            too_many = function.parameters > PARAMETERS and function.name not in FOREIGN
            if function.lines > LINES or too_many:
                problems.append(
                    f"{path}:{function.line}: {function.name} has {function.lines} lines and "
                    f"{function.parameters} parameters"
                )
    if count < 1000:
        problems.append(f"only {count} functions were found: the search is broken")
    fail_with(
        problems,
        f"At most {LINES} lines and {PARAMETERS} parameters: split it, or put what belongs together into a struct.",
    )


check()
