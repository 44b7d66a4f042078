"""The REST API: one file of routes per resource, one table of all of them (`table.py`)."""
