// Draws each figure's table with Chart.js. The table stays: it is the figure for who reads or hears it.
// Series differ by dash and mark as well as by colour.
"use strict";

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
const INKS = ["--accent", "--bad", "--warn", "--soft"].map(colour);
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const MARKS = ["circle", "triangle", "rect", "rectRot"];
const isRtl = document.documentElement.dir === "rtl";
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

function series(table, kind) {
  const headings = [...table.tHead.rows[0].cells].slice(1);
  return headings.map((heading, column) => ({
    label: heading.textContent.trim(),
    data: [...table.tBodies[0].rows].map((row) => {
      const value = row.cells[column + 1].dataset.value;
      return value === "" ? null : Number(value);
    }),
    borderColor: INKS[column % 4],
    backgroundColor: kind === "bar" && column % 2 ? colour("--card") : INKS[column % 4],
    borderWidth: 2,
    borderDash: DASHES[column % 4],
    pointStyle: MARKS[column % 4],
    pointRadius: table.tBodies[0].rows.length > 40 ? 0 : 4,
    spanGaps: true,
    tension: 0,
  }));
}

for (const figure of document.querySelectorAll("figure.chart")) {
  const table = figure.querySelector("table");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  const plot = document.createElement("div");
  plot.className = "plot";
  plot.append(canvas);
  figure.prepend(plot);
  const kind = figure.dataset.chart;
  new Chart(canvas, {
    type: kind,
    data: { labels: [...table.tBodies[0].rows].map((row) => row.cells[0].textContent.trim()), datasets: series(table, kind) },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      events: isStill ? [] : undefined,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { reverse: isRtl, ticks: { color: colour("--soft"), maxTicksLimit: 8 }, grid: { display: false } },
        y: { beginAtZero: true, position: isRtl ? "right" : "left", ticks: { color: colour("--soft"), precision: 0 }, grid: { color: colour("--line") } },
      },
      plugins: {
        legend: { rtl: isRtl, position: "bottom", labels: { color: colour("--ink"), usePointStyle: kind === "line", pointStyleWidth: 28 } },
        tooltip: { rtl: isRtl },
      },
    },
  });
}
