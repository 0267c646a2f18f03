"""Logging of experiments and answers to programs that are made for looking at such things."""
