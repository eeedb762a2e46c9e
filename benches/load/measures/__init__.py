"""The kinds of measurements: a module for each.

Each has `run(stage, scenario)`, which returns the samples of each contender; and of these `measured`,
the figures to compare, the last of which stands for the scenario; `table`, all as Markdown; and
`failed`, which is true if anything went wrong, so that the command fails.
"""

from measures import active, cost, keys, latency, memory, servers, streams, workers

MEASURES = {
    "active": active,
    "cost": cost,
    "keys": keys,
    "latency": latency,
    "memory": memory,
    "servers": servers,
    "streams": streams,
    "workers": workers,
}
