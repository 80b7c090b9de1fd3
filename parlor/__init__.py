"""Parlor: rooms by code. What lies between a door (pages, api, events, cli) and the tables."""
