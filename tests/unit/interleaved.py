"""What happens between two steps of something else, and what is refused of its calls."""

from contextlib import contextmanager


@contextmanager
def _wrapped(target, name, call):
    really = getattr(target, name)
    setattr(target, name, lambda *given, **named: call(really, *given, **named))
    try:
        yield
    finally:
        setattr(target, name, really)


def before(target, name, happens):
    """`happens` before the next call of that name, once."""
    left = [happens]

    def call(really, *given, **named):
        if left:
            left.pop()()
        return really(*given, **named)

    return _wrapped(target, name, call)


def refusing(target, name, error, when):
    """Of the calls of that name, those of which `when` says so raise the error."""

    def call(really, *given, **named):
        if when(*given, **named):
            raise error
        return really(*given, **named)

    return _wrapped(target, name, call)
