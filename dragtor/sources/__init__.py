"""From an address to clean text with marks: files, folders, web pages, whole site sections.

A source finds and fetches originals; an extractor turns the bytes of one into text. Neither knows
the library: what is kept, and when, is decided in ``pipeline.py``.
"""
