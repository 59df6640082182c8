"""The command line: options in, results on stdout, progress and errors on stderr, exit codes out.

Each command is one module; `console` alone decides how things look, and nothing here computes.
"""
