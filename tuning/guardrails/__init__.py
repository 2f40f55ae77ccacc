"""Guardrails: what may be asked and answered around a model, as data; and how a text fares under one."""
