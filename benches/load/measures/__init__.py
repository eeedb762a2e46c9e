"""The kinds of measurements: a module for each.

Each has `run(stage, scenario)`, which returns what was measured of each contender, `table(measured)`,
which writes that as Markdown, and `failed(measured)`, which is true if anything went wrong, so that
the command fails.
"""
