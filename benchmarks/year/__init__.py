"""A practice-year with known truth: made, run through the real night, and scored. `python -m benchmarks.year --help`.

Nothing here prices by `contracts`: truth is worked out by the arithmetic of this package from the same contract files
and tables, in decimals, so that a mistake in one of the two shows as a difference.
"""
