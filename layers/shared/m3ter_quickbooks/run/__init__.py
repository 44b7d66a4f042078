"""The story of one attempt: claim, gate, carry out, aftermath. Talks only to the ports of `run/ports.py`."""
