// Draws each figure's table with Chart.js. The table stays: it is the figure for who reads or hears it.
// Series differ by dash and mark as well as by colour. What is not over yet is hatched, or dashed and hollow.
"use strict";

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const INKS = ["--accent", "--bad", "--warn", "--soft"].map(colour);
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const MARKS = ["circle", "triangle", "rect", "rectRot"];
const SYSTEMS = { "٠": "arab", "۰": "arabext", "०": "deva" }; // numbering systems of Intl by their zero
const isRtl = document.documentElement.dir === "rtl";
Chart.defaults.font.family = style.fontFamily;

// The language of the page, with the digits that the page has.
function localeOf(figure) {
  const locale = new Intl.Locale(document.documentElement.lang);
  return new Intl.Locale(locale.baseName, { numberingSystem: SYSTEMS[figure.dataset.zero] ?? "latn" }).toString();
}

function hatch(ink) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.strokeStyle = ink;
  pen.lineWidth = 2;
  for (const by of [-8, 0, 8]) {
    pen.moveTo(by, 8);
    pen.lineTo(by + 8, 0);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat");
}

// A series for each column; one whose last row is not over yet has it hatched (bars) or hollow (lines).
function series(table, kind, isRunning) {
  const headings = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows];
  const isOpen = (at) => isRunning && at === rows.length - 1;
  return headings.map((heading, column) => {
    const ink = INKS[column % 4];
    const fill = kind === "bar" && column % 2 ? colour("--card") : ink;
    return {
      label: heading.textContent.trim(),
      data: rows.map((row) => {
        const value = row.cells[column + 1].dataset.value;
        return value === "" ? null : Number(value);
      }),
      borderColor: ink,
      backgroundColor: rows.map((_, at) => (isOpen(at) ? (kind === "bar" ? hatch(ink) : colour("--card")) : fill)),
      borderWidth: 2,
      borderDash: DASHES[column % 4],
      segment: { borderDash: (context) => (isOpen(context.p1DataIndex) ? [3, 5] : undefined) },
      pointStyle: MARKS[column % 4],
      pointRadius: rows.map((_, at) => (isOpen(at) ? 6 : rows.length > 40 ? 0 : 4)),
      spanGaps: true,
      tension: 0,
    };
  });
}

// A straight line at one value, for what is due.
function dueLine(figure, length) {
  if (!figure.dataset.due) return [];
  const ink = colour("--ink");
  return [{
    label: figure.dataset.dueLabel, data: Array(length).fill(Number(figure.dataset.due)),
    borderColor: ink, backgroundColor: ink, borderWidth: 1.5, borderDash: [1, 4], pointRadius: 0, pointStyle: "line",
  }];
}

function axis(position, title, more) {
  return {
    ...more, position,
    title: { display: Boolean(title), text: title, color: colour("--soft") },
    ticks: { color: colour("--soft"), precision: 0, ...more.ticks },
  };
}

// The address of the tickets behind a place in the chart: its own cell's, else another one's of its row.
function linkAt(chart, table, event) {
  const [own] = chart.getElementsAtEventForMode(event, "nearest", { intersect: true }, true);
  const [near] = own ? [own] : chart.getElementsAtEventForMode(event, "index", { intersect: false }, true);
  const row = near && table.tBodies[0].rows[near.index];
  return row && ((own && row.cells[own.datasetIndex + 1]?.querySelector("a")) ?? row.querySelector("a"));
}

for (const figure of document.querySelectorAll("figure.chart")) {
  const table = figure.querySelector("table");
  const rows = [...table.tBodies[0].rows];
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  const plot = document.createElement("div");
  plot.className = "plot";
  plot.append(canvas);
  figure.prepend(plot);
  const kind = figure.dataset.chart;
  const drawn = [...series(table, kind, "running" in figure.dataset), ...dueLine(figure, rows.length)];
  new Chart(canvas, {
    type: kind,
    data: { labels: rows.map((row) => row.cells[0].textContent.trim()), datasets: drawn },
    options: {
      locale: localeOf(figure),
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      onClick: (event, _, chart) => { linkAt(chart, table, event)?.click(); },
      onHover: (event, _, chart) => { canvas.style.cursor = linkAt(chart, table, event) ? "pointer" : ""; },
      scales: {
        x: axis("bottom", table.tHead.rows[0].cells[0].textContent.trim(), { reverse: isRtl, ticks: { maxTicksLimit: 8, maxRotation: 0, autoSkipPadding: 16 }, grid: { display: false } }),
        y: axis(isRtl ? "right" : "left", figure.dataset.unit, { beginAtZero: true, grid: { color: colour("--line") } }),
      },
      plugins: {
        legend: { rtl: isRtl, position: "bottom", labels: { color: colour("--ink"), usePointStyle: kind === "line" } },
        tooltip: { rtl: isRtl },
      },
    },
  });
}
