"""Write `simulator/experiments/student_t.py` anew: quantiles of Student's t as SciPy computes them.

python benchmarks/student_t_table.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from scipy.special import stdtrit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from simulator.experiments.stability import LEVEL_OF_ONE, LEVEL_OF_SEVERAL  # noqa: E402
from simulator.experiments.statistics import CONFIDENCE  # noqa: E402
from simulator.report.comparison import SURE  # noqa: E402

#: Degrees of freedom from 1 on that the table holds, for the levels that every run asks for.
MOST = 100

HEAD = '''"""Two-sided quantiles of Student's t distribution, by level and degrees of freedom, from 1 on.

Computed by `scipy.special.stdtrit` and written by `benchmarks/student_t_table.py`; a test holds every one to
it. Here because SciPy takes 20 MB and a fifth of a second to import, more than many a run.
"""

from __future__ import annotations

# fmt: off
QUANTILES: dict[float, tuple[float, ...]] = {
'''


def main() -> int:
    """Write the table."""
    lines = [HEAD]
    for level in sorted({CONFIDENCE, SURE, LEVEL_OF_ONE, LEVEL_OF_SEVERAL}):
        lines.append(f"    {level!r}: (\n")
        values = [repr(float(stdtrit(degrees, 0.5 + level / 2.0))) for degrees in range(1, MOST + 1)]
        lines += [f"        {', '.join(values[start : start + 5])},\n" for start in range(0, MOST, 5)]
        lines.append("    ),\n")
    lines.append("}\n# fmt: on\n")
    (ROOT / "simulator" / "experiments" / "student_t.py").write_text("".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
