"""The suite's results as JSON and as a table."""

import json

COLUMNS = ("posterior", "d", "method", "accepted", "trusted", "mean", "deviation", "gradients", "NUTS gradients", "ratio",
           "seconds", "NUTS seconds")


def summary(result):
    """One line on one posterior."""
    if "error" in result:
        return result["error"]
    verdict = "accepted" if result["accepted"] else "not accepted"
    return (f"{verdict}, {'trusted' if result['trusted'] else 'not trusted'}, mean off by {result['mean_error']:.3f} deviations, "
            f"deviation by {100 * result['deviation_error']:.1f} %, {result['gradients']:,} gradients, {result['seconds']:.1f} s")


def _verdict(result):
    if result["trusted"] or not result["failed_checks"]:
        return "yes" if result["trusted"] else "no"
    return f"no ({', '.join(result['failed_checks'])})"


def _nuts(result):
    """What NUTS did, nothing where it was not run or failed."""
    nuts = result.get("nuts") or {}
    return nuts if "gradients" in nuts else {}


def _row(result):
    nuts = _nuts(result)
    beside = [f"{nuts['gradients']:,}", "", f"{nuts['seconds']:.1f}"] if nuts else ["", "", ""]
    if "error" in result:
        return [result["posterior"], "", "", "no", "no cloud", "", "", "", *beside[:2], "", beside[2]]
    if nuts:
        beside[1] = f"{result['gradients'] / nuts['gradients']:.2f}"
    return [result["posterior"], result["dimension"], result["method"], "yes" if result["accepted"] else "no", _verdict(result),
            f"{result['mean_error']:.3f}", f"{100 * result['deviation_error']:.1f} %", f"{result['gradients']:,}", *beside[:2],
            f"{result['seconds']:.1f}", beside[2]]


def totals(results):
    """Counts over all posteriors."""
    accepted = sum(result["accepted"] for result in results)
    wrong = sum(result["trusted"] and not result["accepted"] for result in results)
    alarms = sum(result["accepted"] and not result["trusted"] for result in results)
    text = (f"{accepted} of {len(results)} accepted; wrong and trusted: {wrong}; right and not trusted: {alarms}; "
            f"{sum(result.get('seconds', 0) for result in results):.0f} s")
    beside = [result for result in results if _nuts(result) and "gradients" in result]
    if beside:
        fewer = sum(result["gradients"] <= result["nuts"]["gradients"] for result in beside)
        right = sum(result["nuts"]["accepted"] for result in beside)
        text += f"; at most NUTS's gradients on {fewer} of {len(beside)}; NUTS accepted on {right}"
    return text + "."


def write_table(folder, results):
    """results.json and table.md"""
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    rows = [COLUMNS, ["---"] * len(COLUMNS), *map(_row, results)]
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    (folder / "table.md").write_text("\n".join([*lines, "", totals(results)]) + "\n", encoding="utf-8")
