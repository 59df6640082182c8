"""Noise out of pictures: the network for it, its removal, and files one by one or many at a time.

`removal` takes noise out of arrays, `jobs` does so from file to file, `planning` decides which file becomes which.
"""
