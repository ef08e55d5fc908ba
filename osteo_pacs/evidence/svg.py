"""Small charts as SVG: two axes, lines, dots, upright intervals and a legend, readable on any ground."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

Point = tuple[float, float]

BLUE, ORANGE, GREY = "#2563a8", "#c2570c", "#9aa3ad"
_WIDTH, _HEIGHT = 460, 400
_LEFT, _TOP, _RIGHT, _BOTTOM = 58, 40, 18, 50
_INK, _GRID = "#30363d", "#e3e7eb"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: what it shows, its ends, and where its ticks stand."""

    title: str
    low: float
    high: float
    ticks: Sequence[float]

    def part(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


def unit_axis(title: str) -> Axis:
    """From 0 to 1 in fifths."""
    return Axis(title, 0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1))


@dataclass(slots=True)
class Chart:
    """A chart that is drawn mark by mark, and written by `render`."""

    title: str
    x: Axis
    y: Axis
    legend_on_top: bool = False
    _marks: list[str] = field(default_factory=list)
    _legend: list[tuple[str, str]] = field(default_factory=list)

    def line(self, points: Iterable[Point], colour: str, *, label: str = "", dashed: bool = False) -> None:
        """A line through the points."""
        path = "M" + " L".join(self._at(point) for point in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self._marks.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        self._label(label, colour)

    def dots(self, points: Iterable[Point], colour: str, *, label: str = "", size: float = 3) -> None:
        """A dot at each point; all in one path, because there may be thousands."""
        path = "".join(f"M{self._at(point)}h0" for point in points)
        style = f'stroke="{colour}" stroke-width="{size}" stroke-linecap="round" stroke-opacity="0.55"'
        self._marks.append(f'<path d="{path}" {style}/>')
        self._label(label, colour)

    def bars(self, bars: Iterable[tuple[float, float, float]], colour: str) -> None:
        """Upright intervals: x, low, high."""
        path = "".join(f"M{self._at((x, low))}L{self._at((x, high))}" for x, low, high in bars)
        self._marks.append(f'<path d="{path}" stroke="{colour}" stroke-width="1.5"/>')

    def render(self) -> str:
        """The picture's text."""
        size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
        font = f'font-family="system-ui, sans-serif" font-size="12" fill="{_INK}"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>',
            f"<title>{escape(self.title)}</title>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="#ffffff"/>',
            *self._frame(),
            *self._marks,
            *self._legend_lines(),
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    def _label(self, label: str, colour: str) -> None:
        if label:
            self._legend.append((label, colour))

    def _at(self, point: Point) -> str:
        x = _LEFT + self.x.part(point[0]) * (_WIDTH - _LEFT - _RIGHT)
        y = _HEIGHT - _BOTTOM - self.y.part(point[1]) * (_HEIGHT - _TOP - _BOTTOM)
        return f"{x:.1f} {y:.1f}"

    def _frame(self) -> Iterable[str]:
        yield f'<text x="{_LEFT}" y="24" font-size="14" font-weight="600">{escape(self.title)}</text>'
        for tick in self.x.ticks:
            low, high = self._at((tick, self.y.low)), self._at((tick, self.y.high))
            yield f'<path d="M{low}L{high}" stroke="{_GRID}"/>'
            yield _text(low, f"{tick:g}", dy=18, anchor="middle")
        for tick in self.y.ticks:
            left, right = self._at((self.x.low, tick)), self._at((self.x.high, tick))
            yield f'<path d="M{left}L{right}" stroke="{_GRID}"/>'
            yield _text(left, f"{tick:g}", dx=-8, dy=4, anchor="end")
        middle = _LEFT + (_WIDTH - _LEFT - _RIGHT) / 2
        yield f'<text x="{middle:.0f}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(self.x.title)}</text>'
        height = _TOP + (_HEIGHT - _TOP - _BOTTOM) / 2
        turned = f'transform="translate(16 {height:.0f}) rotate(-90)" text-anchor="middle"'
        yield f"<text {turned}>{escape(self.y.title)}</text>"

    def _legend_lines(self) -> Iterable[str]:
        for place, (label, colour) in enumerate(reversed(self._legend)):
            lowest = _TOP + 18 * len(self._legend) if self.legend_on_top else _HEIGHT - _BOTTOM - 14
            y = lowest - 18 * place
            right = _WIDTH - _RIGHT - 10
            yield f'<circle cx="{right}" cy="{y - 4}" r="4" fill="{colour}"/>'
            yield f'<text x="{right - 10}" y="{y}" text-anchor="end">{escape(label)}</text>'


def _text(at: str, text: str, *, dx: int = 0, dy: int = 0, anchor: str) -> str:
    x, y = at.split()
    return f'<text x="{x}" y="{y}" dx="{dx}" dy="{dy}" text-anchor="{anchor}">{escape(text)}</text>'
