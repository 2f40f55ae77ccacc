"""The `tuning` command line: one module a command, registered in `tuning/__main__.py`."""
