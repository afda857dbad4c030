"""Measurements: us and our yardstick, in one run on one server. Each prints a table and ends with one JSON object."""
