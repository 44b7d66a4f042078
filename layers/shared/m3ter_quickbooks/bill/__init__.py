"""What m3ter said: events, bills, accounts. Pure: no I/O, no clock, no SDK."""
