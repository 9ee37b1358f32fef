"""The figures behind scripts/plot; one module per kind of picture."""
