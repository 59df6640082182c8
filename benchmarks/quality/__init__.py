"""How close the answers come, and which constants that decides."""
