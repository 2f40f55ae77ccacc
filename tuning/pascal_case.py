"""Names of files and of functions as parts of names in AWS."""


def pascal(name: str, between: str = "-") -> str:
    """`help-desk` as `HelpDesk`; `between`: what its words are joined by."""
    return "".join(word.capitalize() for word in name.split(between))
