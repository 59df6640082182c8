"""Pictures denoised by the workers of a Dask cluster: what a worker does, and how the client hands out the files.

The client sends paths and gets outcomes; every picture is read and written where it is denoised.
"""
