// Draws what data-series holds: price and volume over time, with uPlot where it was built in.
// Without it the page's own table says the same; it is also for whoever cannot see a canvas.
const POINTS_MAX = 40; // more of them would be a line
const charts = new Map();

function colours(element) {
  // A canvas knows no variables and no light-dark(): let the browser say what they come to.
  const probe = document.createElement("i");
  element.append(probe);
  const of = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  queueMicrotask(() => probe.remove());
  return { ink: of("--ink"), line: of("--line"), accent: of("--accent"), soft: of("--soft-accent") };
}

function options(place, width) {
  const { ink, line, accent, soft } = colours(place);
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const bars = window.uPlot.paths.bars({ size: [0.8, 40] });
  const is = place.dataset.chart;
  const { from, to, most } = place.dataset; // where several charts have the same axes
  const series =
    is === "volume"
      ? [
          { label: "Volume", stroke: accent, fill: soft, paths: bars, points: { show: false } },
          { label: "Deals", scale: "deals", paths: () => null, points: { show: false } },
        ]
      : [
          { label: "Mean price", stroke: accent, width: 2, spanGaps: true, points: { size: 4, show: (u) => u.data[0].length < POINTS_MAX } },
          { label: "Highest", stroke: soft, spanGaps: true, points: { show: false } },
          { label: "Lowest", stroke: soft, spanGaps: true, points: { show: false } },
        ];
  return {
    width,
    height: 180,
    cursor: { drag: { x: false, y: false } },
    scales: { x: { range: (u, low, high) => around(from ? Number(from) : low, from ? Number(to) : high) }, y: { range: (u, low, high) => [Math.min(0, low ?? 0), (Number(most) || (high ?? 1)) * 1.08 || 1] } },
    axes: [axis, { ...axis, size: 64 }],
    series: [{}, ...series],
  };
}

// What stands at the first and at the last instant has a width, too.
function around(from, to) {
  const margin = (to - from) / 12 || 60;
  return [from - margin, to + margin];
}

function data(place, series) {
  const { at, value, deals, mean, high, low } = series;
  const rows = place.dataset.chart === "volume" ? [at, value, deals] : [at, mean, high, low];
  if (at.length > 1) return rows;
  // One point in time has no width of its own, and uPlot would draw years around it.
  const { from, to } = place.dataset;
  const far = (from && (to - from) / 12) || 60;
  return rows.map(([one], n) => (n ? [null, one, null] : [one - far, one, one + far]));
}

export function draw(series) {
  for (const place of document.querySelectorAll("[data-chart]:not([data-own])")) drawIn(place, series);
}

function drawIn(place, series) {
  if (!window.uPlot || !series.at.length) return;
  const rows = data(place, series);
  const before = charts.get(place);
  if (before) {
    before.setData(rows);
    return;
  }
  place.replaceChildren();
  charts.set(place, new window.uPlot(options(place, place.clientWidth), rows, place));
}

function drawAll() {
  for (const place of document.querySelectorAll("[data-chart][data-series]")) {
    drawIn(place, JSON.parse(place.dataset.series));
  }
}

// uPlot is loaded beside this module, and may come after it.
if (document.readyState === "complete") drawAll();
else addEventListener("load", drawAll);

addEventListener("resize", () => {
  for (const [place, chart] of charts) chart.setSize({ width: place.clientWidth, height: chart.height });
});
// Parts of the page were loaded again, and with them places whose charts are gone.
document.addEventListener("souq:refreshed", () => {
  for (const [place, chart] of [...charts]) {
    if (place.isConnected) continue;
    chart.destroy(); // or the window would keep it, for its listeners
    charts.delete(place);
  }
  drawAll();
});
document.addEventListener("souq:theme", () => location.reload());
