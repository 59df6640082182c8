"""Volumes in Zarr and OME-Zarr: planes of any size and number, from a store into another.

Shards are denoised and written one row of them after the other, so that a run can stop and go on.
"""
