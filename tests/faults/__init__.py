"""What Parlor promises, under attack: see `world.py` first."""
