"""Cases of RFC 9113 and RFC 7541, each on a connection of its own, in the manner of h2spec.

Usage: run.py ORIGIN_PORT PLAIN_PORT TLS_PORT CA_FILE [--deviations FILE] [--verbose]

Starts the server on ORIGIN_PORT that the server under test passes requests on to. `--deviations` names a
file of cases that are known to go otherwise, one in a line, with what is seen; the outcome is bad if others do,
or if these no longer do. Without it everything that is otherwise is bad.
"""

import argparse
import ssl
import sys

import fields
import floods
import flow
import framing
import library
import messages
import streams
from cases import CASES, run
from origin import Origin
from wire import Wire

# Imported for their cases.
TOPICS = (framing, streams, flow, messages, fields, floods, library)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("origin", "plain", "tls"):
        parser.add_argument(name, type=int)
    parser.add_argument("ca")
    parser.add_argument("--deviations")
    parser.add_argument("--only", help="cases whose name has this in it")
    parser.add_argument("--verbose", action="store_true", help="name every case")
    return parser.parse_args()


def known(path: str | None) -> dict[str, str]:
    """What is seen, by case."""
    if path is None:
        return {}
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    return {name.strip(): seen.strip() for name, seen in (line.split(" => ") for line in lines)}


def main(options: argparse.Namespace) -> int:
    trust = ssl.create_default_context(cafile=options.ca)
    trust.set_alpn_protocols(["h2"])
    expected = known(options.deviations)
    good = True
    with Origin(options.origin) as origin:
        for over, port, context in (("h2c", options.plain, None), ("TLS", options.tls, trust)):
            chosen = [case for case in CASES if not options.only or options.only in case.name]
            met = deviating = 0
            for case in chosen:
                unmet = run(case, lambda: Wire(port, context), origin)
                met += unmet is None
                if unmet is not None and unmet.startswith(expected.get(case.name, "\0")):
                    deviating += 1
                elif unmet is not None or case.name in expected:
                    good = False
                    print(f"{over}: {case.name}\n  expected: {case.expected}\n  seen:     {unmet or 'just that'}")
                if options.verbose and unmet is None:
                    print(f"{over}: {case.name}: {case.expected}")
            others = len(chosen) - met - deviating
            print(f"{over}: of {len(chosen)} cases {met} as the RFC says, {deviating} known to differ, {others} otherwise")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(arguments()))
