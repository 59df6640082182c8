"""Scripts that measure linn: what it gains in `quality/`, what it costs in `cost/`."""
