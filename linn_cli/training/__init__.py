"""Training: pictures cut into patches, made noisy and learned from, in runs that can be stopped and resumed.

`run` keeps checkpoints, `validation` judges them, `trainer` takes one step, `initialisation` makes fresh networks and grown
ones.
"""
