"""Trained weights: the bundled sets, files on disk and repositories on the Hub, with every check they pass.

`sources` finds what `--weights` names, `sets` loads it, `publishing` puts sets of your own on the Hub.
"""
