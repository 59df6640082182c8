"""Picture files: every frame, bit and scrap of metadata in, and out again in a format that can hold it.

`reading` and `writing` are the two ways, `tiff_rows` both of them for pictures that never lie in memory as a whole.
"""
