"""What happens between two steps of something else."""

from contextlib import contextmanager


@contextmanager
def before(target, name, happens):
    """`happens` before the next call of that name, once."""
    really, left = getattr(target, name), [happens]

    def call(*given, **named):
        if left:
            left.pop()()
        return really(*given, **named)

    setattr(target, name, call)
    try:
        yield
    finally:
        setattr(target, name, really)
