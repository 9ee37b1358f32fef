"""Names that the program writes, matched with descriptions, so that neither is without the other."""

import fnmatch


class Undescribed(Exception):
    """The program writes something that has no description, or a description describes nothing."""


class Descriptions:
    """Patterns with their texts; the first that fits a name describes it."""

    def __init__(self, title, entries):
        self.title = title
        self.entries = dict(entries)
        self.used = set()
        self.unknown = set()

    def find(self, name):
        """The pattern that describes a name, or None; check() tells about those."""
        for pattern in self.entries:
            if fnmatch.fnmatchcase(name, pattern.replace("[", "[[]")):
                self.used.add(pattern)
                return pattern
        self.unknown.add(name)
        return None

    def check(self):
        unused = self.entries.keys() - self.used
        if self.unknown or unused:
            undescribed, unwritten = (", ".join(sorted(names)) or "none" for names in (self.unknown, unused))
            raise Undescribed(f"{self.title}: written and not described: {undescribed}; described and not written: "
                              f"{unwritten}. Change scripts/reference/descriptions.py.")
