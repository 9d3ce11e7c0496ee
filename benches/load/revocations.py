"""A million ended sessions, from what the benchmarks of the parts left behind (`cargo bench`)."""

import json
from pathlib import Path

from report import Row

CRITERION = Path(__file__).resolve().parent.parent.parent / "target/criterion"


def rows(run):
    found = sorted(CRITERION.glob("**/*revocation*/**/new/estimates.json"))
    if not found:
        yield Row("revocation set with 10^6 entries, look-up", None, 100, 100, "ns", "no benchmark has left a figure in target/criterion", more=False)
    for path in found:
        figure = json.loads(path.read_text())["mean"]["point_estimate"]
        what = path.relative_to(CRITERION).parent.parent
        yield Row(f"revocation set with 10^6 entries: {what}", figure, 100, 100, "ns", "mean, by Criterion", more=False)
