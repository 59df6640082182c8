"""Video files: which they are, their frames as arrays, and copies with other frames.

Frames stream through in constant memory; sound, timing and rotation are copied. Needs PyAV, the extra `video`.
"""
