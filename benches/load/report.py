"""The table: what was to be reached, what was, and what that means."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Row:
    """`more` says that a greater figure is the better one. A figure of None was not measured, and `detail` says why."""

    what: str
    figure: float | None
    goal: float
    least: float
    unit: str
    detail: str
    more: bool = True

    @property
    def verdict(self):
        if self.figure is None:
            return "not measured"
        sign = 1 if self.more else -1
        if sign * self.figure >= sign * self.goal:
            return "goal"
        return "reached" if sign * self.figure >= sign * self.least else "**short**"

    def cells(self):
        aims = [f"{aim:.2f} x" if self.unit == "x" else f"{aim:,g} {self.unit}" for aim in (self.goal, self.least)]
        if self.figure is None:
            figure = ""
        else:
            figure = f"{self.figure:.2f} x" if self.unit == "x" else f"{self.figure:,.1f} {self.unit}"
        return f"| {self.what} | {' | '.join(aims)} | {figure} | {self.verdict} | {self.detail} |"


HEAD = "| what | goal | at least | figure | verdict | measured |\n|---|---:|---:|---:|---|---|"


def write(path, rows, words):
    """Writes the table with where and of what it was measured."""
    path.write_text(f"# Figures of a run of `benches/load/run`\n\n{origin()}\n\n{HEAD}\n" + "\n".join(row.cells() for row in rows) + f"\n\n{words.strip()}\n")


def origin():
    here = Path(__file__).parent
    git = subprocess.run(["git", "log", "-1", "--format=%h of %cs"], cwd=here, text=True, capture_output=True)
    commit = f"commit {git.stdout.strip()}" if git.returncode == 0 else "no commit known"
    if os.environ.get("NIGHTLATCH_BIN"):
        commit += " and a binary that was there before"
    date = subprocess.run(["date", "-u", "+%Y-%m-%d %H:%M UTC"], text=True, capture_output=True, check=True).stdout.strip()
    model = next((entry.split(": ", 1)[1] for entry in open("/proc/cpuinfo") if entry.startswith("model name")), "unknown").strip()
    load = os.getloadavg()[1]
    return f"{date}, {commit}, {os.cpu_count()} cores, {model}; mean load of the last five minutes {load:.1f}."
