"""A QuickBooks Online simulator that unmodified clients can drive."""
