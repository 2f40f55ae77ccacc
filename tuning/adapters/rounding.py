"""How often a sum is rounded: a module of its own, for a recipe that says so plans no merge."""

from typing import Literal

Rounding = Literal["once", "peft"]
"""`once`: the sum is rounded to the base's dtype, once. `peft`: where PEFT 0.21.2 rounds the change
first (embeddings, parameters of experts), it is rounded first, then the sum."""
