"""What noise a picture has: how strong, of which kind, and where a file cuts it off.

`measurement` looks at a whole picture, `request` joins what it finds with what the user gives.
"""
