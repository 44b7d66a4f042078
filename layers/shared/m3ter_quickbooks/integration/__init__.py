"""What the operator asked for: configuration, account filter, mappings. Pure: no I/O, no clock, no SDK."""
