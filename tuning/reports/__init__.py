"""A report in the form its reader needs, one module a form.

text          people at a terminal (needs rich)
page          people in a browser: one HTML file that needs nothing else
markdown      a comment on a pull request
annotations   the lines a GitHub workflow turns into annotations
sarif         code-scanning tools
document      programs

Only `text` imports more than the standard library: the functions in Lambda carry no rich.
"""
