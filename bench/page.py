"""docs/performance.md: the tables of the benchmarks, and the picture of `make bench-core`."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import Found

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PICTURE = DOCS / "performance.md", DOCS / "img" / "performance.svg"
# The markers between which each writes
CORE, MILLION, HISTORY, OUTBOX, PEERS = "core", "million", "journal", "outbox", "peers"
HEAD = ("what", "CPU", "of the peer", "ratio", "wall", "ratio", "aim", "peer")
ROW, LEFT, WIDE, RATIO_SHOWN_MAX = 26, 300, 360, 12.0


@dataclass(frozen=True, slots=True)
class Line:
    """What took so long, and how long its peer took; `aim`: at most so many times the peer."""

    what: str
    ours: Found
    peer: Found
    named: str
    aim: float

    def ratio(self, clock: str) -> float:
        return self.ours[clock] / self.peer[clock]

    @property
    def is_met(self) -> bool:
        """By CPU, which other work on the machine changes least."""
        return self.ratio("cpu_s") <= self.aim

    def cells(self) -> tuple[str, ...]:
        return (
            self.what, f"{self.ours['cpu_s']:.2f} s", f"{self.peer['cpu_s']:.2f} s", f"{self.ratio('cpu_s'):.2f}",
            f"{self.ours['wall_s']:.2f} s", f"{self.ratio('wall_s'):.2f}",
            f"{self.aim:g}{'' if self.is_met else ', missed'}", self.named,
        )  # fmt: skip


@dataclass(slots=True)
class Part:
    """The table of one database."""

    title: str
    lines: list[Line] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, what: str, ours: Found, peer: Found, named: str, aim: float) -> None:
        self.lines.append(Line(what, ours, peer, named, aim))

    def text(self) -> str:
        rows = [HEAD, *(line.cells() for line in self.lines)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = [
            "  ".join(
                cell.ljust(width) if at in {0, len(HEAD) - 1} else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([self.title, *table, *self.remarks])

    def markdown(self) -> str:
        table = table_of([HEAD, *(line.cells() for line in self.lines)], words=(0, len(HEAD) - 1))
        return "\n\n".join([f"### {self.title}", table, *self.remarks])


def table_of(rows: Sequence[Sequence[str]], words: Collection[int] = (0,)) -> str:
    """A table in Markdown. The first row is its head; columns are right-aligned but for those of words."""
    rule = ["---" if at in words else "--:" for at in range(len(rows[0]))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]])


def write_page(parts: Sequence[Part]) -> None:
    """Write the tables and the picture, with the machine and the day."""
    write_between(CORE, [part.markdown() for part in parts])
    PICTURE.write_text(_picture(parts))


def write_between(marker: str, parts: Sequence[str]) -> None:
    """Write texts between a benchmark's own markers, with the machine and the day."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    measured = f"Measured on {datetime.now(UTC):%Y-%m-%d}, {machine}, seed 1."
    begin, end = f"<!-- {marker}:begin -->", f"<!-- {marker}:end -->"
    before, rest = PAGE.read_text().split(begin)
    said = "\n\n".join([measured, *parts])
    PAGE.write_text(f"{before}{begin}\n{said}\n{end}{rest.split(end)[1]}")


def _picture(parts: Sequence[Part]) -> str:
    """A bar for each ratio of CPU, with a mark at its aim, on a scale that ends at RATIO_SHOWN_MAX."""
    drawn: list[str] = []
    top = 0
    for part in parts:
        drawn.append(f'<text x="0" y="{top + 18}" font-weight="bold">{part.title}</text>')
        top += ROW
        for line in part.lines:
            ratio = line.ratio("cpu_s")
            long, aim = (
                round(WIDE * min(one, RATIO_SHOWN_MAX) / RATIO_SHOWN_MAX) for one in (ratio, line.aim)
            )
            fill = "#2a7de1" if line.is_met else "#c2410c"
            words = f"{ratio:.1f} of {line.aim:g}{'' if line.is_met else ', missed'}"
            drawn += [
                f'<text x="0" y="{top + 17}">{line.what}</text>',
                f'<rect x="{LEFT}" y="{top + 5}" width="{long}" height="15" fill="{fill}"/>',
                f'<path d="M{LEFT + aim} {top + 2}v21" stroke="currentColor" stroke-width="2"/>',
                f'<text x="{LEFT + max(long, aim) + 8}" y="{top + 17}">{words}</text>',
            ]
            top += ROW
        top += ROW // 2
    size = f'viewBox="0 0 {LEFT + WIDE + 140} {top}" width="{LEFT + WIDE + 140}" height="{top}"'
    style = 'font-family="system-ui, sans-serif" font-size="13" fill="currentColor" color="#555"'
    title = "<title>CPU as a multiple of the peer's, with a mark at each aim</title>"
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style} role="img">{title}', *drawn, "</svg>", ""]
    )
