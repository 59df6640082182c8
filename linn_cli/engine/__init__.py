"""The network over pictures of any size: rows stream through it, and the answer is that of the whole picture.

`streaming` runs it, `pyramid` adds the picture of half the size, `devices` says which processor computes.
"""
