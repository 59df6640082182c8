"""Networks as files for other programs: ONNX, and packages that darktable takes.

`graph` writes a network in ONNX's operations, `onnx_file` makes a file of it, and `darktable` a package of that.
"""
