"""`python -m tests.faults --kills 200`: the long trial, with its figures."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.trial import Findings, Trial
from tests.postgresql import find_programs, make_cluster


def main() -> int:
    parser = argparse.ArgumentParser(description="Kills the server, and PostgreSQL, at random moments under eight clients.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    kinds = ["sqlite", "postgresql"] if arguments.database == "both" else [arguments.database]
    clean = [run(kind, arguments.kills, arguments.seed) for kind in kinds]
    return 0 if all(clean) else 1


def run(kind: str, n_kills: int, seed: int) -> bool:
    programs = find_programs()
    if kind == "postgresql" and programs is None:
        print("postgresql: left out, PostgreSQL is not installed")
        return True
    with tempfile.TemporaryDirectory(prefix="milepost-faults-") as folder:
        cluster = make_cluster(programs) if kind == "postgresql" and programs is not None else None
        try:
            found = Trial(Path(folder), cluster, seed).run(n_kills)
        finally:
            if cluster is not None:
                cluster.stop()
    print(report(kind, found))
    return found.is_clean()


def report(kind: str, found: Findings) -> str:
    kills = ", ".join(f"{n} × {what}" for what, n in sorted(found.n_kills.items()))
    lines = [
        f"{kind}: {sum(found.n_kills.values())} kills ({kills}) in {found.seconds:.0f} s",
        f"  events made {found.n_made:,}, acknowledged {found.n_acknowledged:,}",
        f"  acknowledged and lost {found.n_lost}, stored twice {found.n_twice}, stored and never made {found.n_foreign}",
        f"  ledger {found.books}",
        *(f"  WRONG: {sentence}" for sentence in found.wrong),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
