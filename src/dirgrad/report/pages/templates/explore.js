// The interactive page: controls choose rows of the tables, and Vega-Lite draws them.
// `view` holds all choices. It is read from the address of the page and written to it.
"use strict";
(() => {
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
const CHOICES = ["job", "x", "y", "framework", "rate", "problem", "logx", "logy", "point"];
const FILTERS = ["paper", "verdict", "where"];
const FEW = 8;      // methods shown at first, as in the figures
const SYMBOLS = 12; // symbols on a line
const OPTIONS = { actions: false, renderer: "svg", logLevel: 1 }; // 1: errors, no warnings
const ALL = "*", BEST = "best", METHOD = "estimator";
let view = {}, shown = [], chart = null, drawing = Promise.resolve();

const words = (name) => String(name).replaceAll("_", " ");
const label = (column) => data.columns[column].label;
const framework = (name) => data.frameworks[name] ?? name;
const number = (value) => value == null ? "unknown" : String(Number(value.toPrecision(4)));
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
const unique = (values) => [...new Set(values)];

// ---- The address ----

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  view = Object.fromEntries([...CHOICES, ...FILTERS].map((name) => [name, given.get(name)]));
  view.methods = given.has("method") ? given.getAll("method") : null;
}

function writeAddress() {
  const address = new URLSearchParams();
  for (const name of [...CHOICES, ...FILTERS]) if (view[name]) address.set(name, view[name]);
  for (const name of view.methods ?? []) address.append("method", name);
  history.replaceState(null, "", `#${address}`);
}

// ---- The rows ----

const name = (block, column, i) => block.names[column][block.codes[column][i]];

function rowsOf(block) {
  const code = block.names.job.indexOf(view.job);
  return block.codes.job.flatMap((job, i) => (job === code ? [i] : []));
}

const axes = (block) => [...Object.keys(block.x), ...(block.methods ? [METHOD] : [])];
const valueOfX = (block, i) =>
  view.x === METHOD ? words(name(block, METHOD, i)) : block.x[view.x]?.[i];
const blocksOfJob = () => data.blocks.filter((block) => block.names.job.includes(view.job));

// Columns that have a value in a row of the job. An axis needs two different values.
const valuesOf = (block, column) =>
  unique(rowsOf(block).map((i) => column[i]).filter((value) => value != null));
const known = (block, column) => valuesOf(block, column).length > 0;
const isAxis = (block, x) => x === METHOD || valuesOf(block, block.x[x] ?? []).length > 1;
const xColumns = () => unique(blocksOfJob().flatMap((block) =>
  axes(block).filter((x) => isAxis(block, x))));
const blocksOfX = () => blocksOfJob().filter((block) => axes(block).includes(view.x)
  && isAxis(block, view.x));
const yColumns = () => unique(blocksOfX().flatMap((block) => Object.keys(block.y)
  .filter((column) => known(block, block.y[column][0]))));

function currentBlock() {
  return blocksOfX().find((block) => block.y[view.y] && known(block, block.y[view.y][0]));
}

// A point, with its value, its interval, its names, and the texts of its tooltip.
function point(block, i) {
  const [y, low, high] = block.y[view.y].map((values) => values[i]);
  const x = valueOfX(block, i), rate = block.rate[i];
  const [estimator, backend, problem] = [METHOD, "backend", "problem"]
    .map((column) => name(block, column, i));
  const ends = low == null || high == null ? "" : ` [${number(low)}, ${number(high)}]`;
  return {
    x, y, low, high, estimator, backend, problem, rate, best: block.best[i], n: block.n[i],
    key: `${block.source} ${i}`,
    line: [estimator, backend, block.source === "curves" ? rate : ""].join(" "),
    method: words(estimator), framework: framework(backend),
    position: `${label(view.x)}: ${view.x === METHOD ? x : number(x)}`,
    value: `${label(view.y)}: ${number(y)}${ends}`,
  };
}

const ofRate = (row) => view.rate === ALL
  || (view.rate === BEST ? row.best : String(row.rate) === view.rate);

function chooseRows(block) {
  const every = rowsOf(block).map((i) => point(block, i));
  const rows = every.filter((row) => row.x != null && row.y != null
    && view.methods.includes(row.estimator) && ofRate(row)
    && (view.framework === ALL || row.backend === view.framework)
    && (view.problem === ALL || row.problem === view.problem));
  const drawn = rows.filter((row) => (view.logx !== "1" || view.x === METHOD || row.x > 0)
    && (view.logy !== "1" || row.y !== 0));
  return { every, rows, drawn };
}

// ---- The controls ----

function fill(id, values, text, chosen) {
  byId(id).replaceChildren(...values.map((value) => new Option(text(value), value)));
  view[id] = values.includes(view[id]) ? view[id] : chosen ?? values[0];
  byId(id).value = view[id];
  byId(id).parentElement.hidden = values.length < 2 && id !== "job";
}

function withAll(values) {
  return values.length > 1 ? [ALL, ...values] : values;
}

// Fill all controls from the view. A choice that the job does not have becomes the first one.
function settle() {
  const jobs = unique(data.blocks.flatMap((block) => block.names.job));
  fill("job", jobs, (job) => words(job).replace("/", ": "));
  // Ends of training are compared method by method, and curves point by point.
  const first = blocksOfJob()[0].source === "ends" ? METHOD : xColumns()[0];
  fill("x", xColumns(), label, first);
  fill("y", yColumns(), label);
  const block = currentBlock(), rows = rowsOf(block);
  const values = (column) => unique(rows.map((i) => name(block, column, i)));
  fill("framework", withAll(values("backend")), (value) => value === ALL ? "all" : framework(value),
    values("backend")[0]);
  fill("problem", withAll(values("problem")), (value) => value === ALL ? "all" : words(value));
  const rates = unique(rows.map((i) => block.rate[i])).filter((rate) => rate != null);
  const hasChoice = view.x !== "learning_rate" && rates.length > 1;
  fill("rate", hasChoice ? [BEST, ...rates.sort((a, b) => a - b).map(String), ALL] : [ALL],
    (rate) => ({ [BEST]: "best of each method", [ALL]: "all" })[rate] ?? rate);
  fillMethods(values(METHOD));
  for (const [id, column] of [["logx", view.x], ["logy", view.y]]) {
    view[id] ??= data.columns[column].log ? "1" : "0";
    byId(id).checked = view[id] === "1";
  }
  byId("logx").disabled = view.x === METHOD;
}

function fillMethods(methods) {
  const chosen = view.methods?.filter((method) => methods.includes(method));
  view.methods = view.methods && (chosen.length || !view.methods.length)
    ? chosen : methods.slice(0, FEW);
  byId("boxes").replaceChildren(...methods.map((method, i) => {
    const [id, checked] = [`method${i}`, view.methods.includes(method)];
    const box = make("input", { type: "checkbox", id, value: method, checked });
    const text = make("label", { htmlFor: id });
    text.append(box, ` ${words(method)}`);
    return text;
  }));
}

const boxes = () => [...byId("boxes").querySelectorAll("input")];

// ---- The chart ----

// Points of a line have different places on the horizontal axis.
function join(rows) {
  const places = rows.map((row) => `${row.line} ${row.x}`);
  const isLine = ![METHOD, "step_bytes"].includes(view.x) && unique(places).length === rows.length
    && rows.length > unique(rows.map((row) => row.line)).length;
  rows.sort((a, b) => (view.x === METHOD ? 0 : a.x - b.x));
  const counts = {}, totals = {};
  for (const row of rows) totals[row.line] = (totals[row.line] ?? 0) + 1;
  const backends = unique(rows.map((row) => row.backend)).sort();
  for (const row of rows) {
    const position = counts[row.line] = (counts[row.line] ?? -1) + 1;
    const every = Math.max(Math.floor(totals[row.line] / SYMBOLS), 1);
    Object.assign(row, { joined: isLine, marked: !isLine || position % every === 0,
      second: backends.indexOf(row.backend) > 0 });
  }
}

// An interval that reaches below every positive number ends at the lowest one.
function clip(rows) {
  const positive = rows.flatMap((row) => [row.y, row.low]).filter((value) => value > 0);
  const lowest = Math.min(...positive);
  for (const row of rows) if (row.low != null && row.low <= 0) row.low = lowest;
}

function title(block, rows) {
  const list = (texts) => texts.filter(Boolean).join("; ");
  const names = unique(rows.map((row) => row.backend)).sort().map(framework);
  const shownIn = names.length > 1 ? `${names[0]} (filled), ${names.slice(1)} (hollow)` : names[0];
  const rates = view.x === "learning_rate" ? [] : unique(rows.map((row) => row.rate));
  const rate = view.rate === BEST ? "each method at its own best rate"
    : rates.length === 1 && rates[0] != null ? `learning rate ${number(rates[0])}` : "";
  const counts = unique(rows.map((row) => row.n)).filter((n) => n != null).sort((a, b) => a - b);
  const n = unique([counts[0], counts.at(-1)]).join(" to ");
  const sample = counts.length ? `n = ${n} ${block.sample}` : "";
  const interval = rows.some((row) => row.low != null) ? data.interval : "no interval";
  return {
    text: `${words(view.job.split("/")[1])}: ${label(view.y)}`,
    subtitle: [list([shownIn, rate]), list([sample, interval])],
  };
}

function specification(block, rows, methods) {
  const hasNegative = rows.some((row) => row.y < 0);
  const x = view.x === METHOD ? "nominal" : view.logx === "1" ? "log" : "linear";
  const y = view.logy !== "1" ? "linear" : hasNegative ? "symlog" : "log";
  if (y === "log") clip(rows);
  const text = JSON.stringify(data.charts[`${x} ${y}`])
    .replaceAll(JSON.stringify(data.xTitle), () => JSON.stringify(label(view.x)))
    .replaceAll(JSON.stringify(data.yTitle), () => JSON.stringify(label(view.y)));
  const spec = JSON.parse(text);
  const drawn = methods.filter((method) => rows.some((row) => row.estimator === method));
  const narrow = byId("chart").clientWidth < 720;
  for (const part of [spec, ...spec.layer]) {
    for (const channel of ["color", "shape", "strokeDash"]) {
      const style = part.encoding?.[channel];
      if (style?.scale) {
        style.scale.domain = methods;
        const labelExpr = "replace(datum.label, /_/g, ' ')";
        if (style.legend) Object.assign(style.legend, { values: drawn, labelExpr });
      }
    }
    if (y === "symlog" && part.encoding?.y?.scale) {
      const sizes = rows.map((row) => Math.abs(row.y)).filter((size) => size > 0);
      part.encoding.y.scale.constant = Math.max(Math.min(...sizes), Math.max(...sizes) / 1000);
    }
  }
  const place = narrow ? { orient: "bottom", columns: 1 } : { orient: "right" };
  Object.assign(spec.config.legend, place);
  Object.assign(spec.title, title(block, rows));
  spec.datasets = { points: rows };
  return spec;
}

// Say which chosen rows the chart leaves out.
function note({ every, rows, drawn }) {
  const missing = view.methods.filter((method) => every.some((row) => row.estimator === method)
    && !rows.some((row) => row.estimator === method));
  const texts = [];
  if (!drawn.length) texts.push("No point has these values.");
  else if (missing.length) texts.push(`Without a value here: ${missing.map(words).join(", ")}.`);
  const gone = rows.length - drawn.length;
  if (gone) texts.push(`A logarithmic axis has no place for ${gone} of ${rows.length} points.`);
  byId("note").textContent = texts.join(" ");
}

async function draw() {
  settle();
  writeAddress();
  const block = currentBlock(), chosen = chooseRows(block);
  shown = chosen.drawn;
  join(shown);
  note(chosen);
  chart?.finalize();
  chart = null;
  byId("chart").replaceChildren();
  byId("svg").disabled = byId("csv").disabled = !shown.length;
  // Without points, the axes have no ends.
  if (shown.length) {
    const spec = specification(block, shown, unique(chosen.every.map((row) => row.estimator)));
    chart = (await vegaEmbed(byId("chart"), spec, OPTIONS)).view;
    chart.addEventListener("click", (event, item) => {
      if (item?.datum?.key) select(item.datum.key);
    });
  }
  showPoint();
}

const redraw = () => (drawing = drawing.then(draw));

// ---- The selected point ----

function select(key) {
  view.point = key;
  writeAddress();
  showPoint();
}

function factsOf(row) {
  const job = `${view.job}/${row.backend}`, facts = data.jobs[job] ?? {};
  return {
    method: row.method, framework: row.framework, problem: words(row.problem),
    "learning rate": row.rate == null ? "none" : number(row.rate),
    value: row.value, at: row.position, n: number(row.n),
    job, run: facts.run ?? "unknown", commit: facts.commit ?? "unknown",
    started: facts.started ?? "unknown", "hash of the settings": facts.settings ?? "unknown",
    "command, in any checkout": facts.workflow ?? "unknown",
    "command of this run": facts.command ?? "unknown",
  };
}

function showPoint() {
  const row = shown.find(({ key }) => key === view.point);
  chart?.signal(data.selected, row ? row.key : "").run();
  const heading = make("h2", { textContent: "Selected point" });
  if (!row) {
    const hint = make("p", { textContent: "No point is selected.", className: "hint" });
    return byId("point").replaceChildren(heading, hint);
  }
  const table = make("table");
  for (const [fact, text] of Object.entries(factsOf(row))) {
    const line = table.insertRow();
    line.append(make("th", { textContent: fact, scope: "row" }));
    const isCode = fact.startsWith("command") || fact === "job";
    line.insertCell().append(isCode ? make("code", { textContent: text }) : text);
  }
  const settings = [["job", data.settings[view.job]], ["method", data.estimators[row.estimator]]]
    .map(([of, text]) => `# ${of}\n${text ?? "unknown\n"}`).join("");
  const title = make("h2", { textContent: "Settings" });
  const text = make("pre", { textContent: settings });
  return byId("point").replaceChildren(heading, table, title, text);
}

// Move to another point of the same line, or to the nearest point of another line.
function move(key) {
  const now = shown.find((row) => row.key === view.point);
  if (!now) return shown.length ? select(shown[0].key) : null;
  const lines = unique(shown.map((row) => row.line));
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[key];
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const line = shown.filter((row) => row.line === now.line);
    return select((line[line.indexOf(now) + step] ?? now).key);
  }
  const other = lines.at((lines.indexOf(now.line) + step) % lines.length);
  const far = (row) => (view.x === METHOD ? 0 : Math.abs(row.x - now.x));
  return select(shown.filter((row) => row.line === other).sort((a, b) => far(a) - far(b))[0].key);
}

// ---- Downloads ----

function save(text, type, suffix) {
  const name = [data.tier, view.job, view.y, "by", view.x].join("_").replaceAll("/", "_");
  const href = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href, download: `${name}.${suffix}` });
  link.click();
  URL.revokeObjectURL(href);
}

function csv() {
  const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
  const cell = (value) => /[",\n\r]/.test(value ?? "") ? quoted(String(value)) : value ?? "";
  const head = ["job", "problem", "backend", "estimator", "learning_rate", "run_id", "commit",
    view.x === METHOD ? "method" : view.x, view.y, `${view.y}_low`, `${view.y}_high`, "n"];
  const block = currentBlock();
  const lines = shown.map((row) => {
    const facts = data.jobs[`${view.job}/${row.backend}`] ?? {};
    // The interval of the table, which a logarithmic axis may have clipped.
    const [low, high] = block.y[view.y].slice(1).map((ends) => ends[Number(row.key.split(" ")[1])]);
    return [view.job, row.problem, row.backend, row.estimator, row.rate, facts.run ?? "unknown",
      facts.commit ?? "unknown", row.x, row.y, low, high, row.n];
  });
  return [head, ...lines].map((line) => line.map(cell).join(",") + "\n").join("");
}

// ---- The claims ----

function filterClaims() {
  const rows = [...document.querySelectorAll("#claims tbody tr")];
  for (const id of FILTERS) {
    const values = [...byId(id).options].map((option) => option.value);
    view[id] = values.includes(view[id]) ? view[id] : "";
    byId(id).value = view[id];
  }
  const has = (row, list, value) => !value || JSON.parse(row.dataset[list]).includes(value);
  for (const row of rows) {
    row.hidden = !(has(row, "papers", view.paper) && has(row, "frameworks", view.where)
      && (!view.verdict || row.dataset.verdict === view.verdict));
    for (const part of row.querySelectorAll("div[data-framework]")) {
      part.hidden = part.dataset.framework !== view.where;
    }
    for (const place of row.querySelectorAll("li")) {
      place.hidden = Boolean(view.where) && place.dataset.framework !== view.where;
    }
  }
  const count = rows.filter((row) => !row.hidden).length;
  byId("count").textContent = `${count} of ${rows.length} claims`;
}

// ---- Start ----

const hasChart = byId("controls") !== null, hasClaims = byId("filters") !== null;

function listenToChart() {
  for (const id of ["job", "x", "y", "framework", "rate", "problem"]) {
    byId(id).addEventListener("change", () => {
      view[id] = byId(id).value;
      if (id === "job") view.methods = view.point = null;
      if (id === "job" || id === "x") view.logx = null;
      if (id === "job" || id === "y" || id === "x") view.logy = null;
      redraw();
    });
  }
  for (const id of ["logx", "logy"]) {
    byId(id).addEventListener("change", () => {
      view[id] = byId(id).checked ? "1" : "0";
      redraw();
    });
  }
  const chooseMethods = (methods) => {
    view.methods = methods;
    redraw();
  };
  const checked = () => boxes().filter((box) => box.checked).map((box) => box.value);
  byId("boxes").addEventListener("change", () => chooseMethods(checked()));
  byId("every").addEventListener("click", () => chooseMethods(boxes().map((box) => box.value)));
  byId("none").addEventListener("click", () => chooseMethods([]));
  const saveSvg = async () => save(await chart.toSVG(), "image/svg+xml", "svg");
  byId("svg").addEventListener("click", saveSvg);
  byId("csv").addEventListener("click", () => save(csv(), "text/csv", "csv"));
  byId("chart").addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    move(event.key);
  });
}

function listenToClaims() {
  for (const id of FILTERS) {
    byId(id).addEventListener("change", () => {
      view[id] = byId(id).value;
      filterClaims();
      writeAddress();
    });
  }
}

function showView() {
  readAddress();
  if (hasClaims) filterClaims();
  if (hasChart) redraw();
}

if (hasChart) listenToChart();
if (hasClaims) listenToClaims();
window.addEventListener("hashchange", showView);
showView();
})();
