"""The only room that speaks HTTP to m3ter."""
