"""Measure Parlor beside its peers.

python -m bench                  everything, and write bench/results.md
python -m bench --short          about a minute
python -m bench hot parlor       one load alone, for profiling
"""

import argparse
import time

from bench import report
from bench.measure import MOST_SHARE, medians
from bench.peers import PEERS
from bench.runs import LOADS
from bench.servers import LOAD_CORE, pinned_to
from bench.suite import FULL, SHORT, Suite, shown


def main():
    options = read_options()
    if options.load:
        with pinned_to(LOAD_CORE):
            run_alone(LOADS[options.load], PEERS[options.peer], options)
    else:
        run_all(SHORT if options.short else FULL, options.write or not options.short)


def read_options():
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("python -m bench", description=__doc__, formatter_class=about)
    parser.add_argument("load", nargs="?", choices=LOADS)
    parser.add_argument("peer", nargs="?", choices=PEERS, default="parlor")
    parser.add_argument("--short", action="store_true", help="one short run of each")
    parser.add_argument("--write", action="store_true", help="write results.md after --short, too")
    parser.add_argument("--runs", type=int, default=1, help="of the one load")
    parser.add_argument("--seconds", type=float, default=4, help="of each of its runs")
    parser.add_argument("--acks", action="store_true", help="ask for an answer to each message")
    return parser.parse_args()


def run_all(plan, writes):
    begin = time.monotonic()
    results = Suite(plan, print).run()
    table = report.rows(results, plan)
    print("", report.as_text(table), "", *results.notes, sep="\n")
    if writes:
        report.write(results, table, plan)
    print(f"{time.monotonic() - begin:.0f} s")


def run_alone(load, peer, options):
    runs = [one_run(load, peer, options) for _ in range(options.runs)]
    if options.runs > 1:
        print(f"median  {shown(medians(runs))}")


def one_run(load, peer, options):
    sample = load.run(peer, options.seconds, acks=options.acks)
    print(f"{load.name} {peer.name}  {shown(sample.figures)}")
    for fault in sample.faults:
        print(f"  WRONG: {fault}")
    if sample.figures["load core"] > MOST_SHARE:
        print("  The generator had no time to spare: the server may be faster than this.")
    return sample.figures


if __name__ == "__main__":
    main()
