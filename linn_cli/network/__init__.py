"""DnINN as the paper draws it: a wavelet split, learned lifting, shrinkage, and the way back.

`model` puts the parts together; each inverse stands beside its forward, and nothing here knows of files or memory.
"""
