"""Cutting documents into passages with exact offsets, and naming what stands around them."""
