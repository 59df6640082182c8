"""`python -m linn_cli` is `linn`."""

from linn_cli.cli import main

if __name__ == "__main__":
    main()
