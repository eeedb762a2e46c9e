// The page of the admin port. Everything it shows comes from /api/v1; it keeps nothing, the token
// least of all.
"use strict";

const $ = (id) => document.getElementById(id);
const KEPT = 300;
let token = "";
let status = null;
let lastEvent = "";
let refused = false;
const series = { rate: [], errors: [], p50: [], p95: [], p99: [], active: [], idle: [] };

/** An element with attributes, properties and children; text is never markup. */
function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  Object.assign(element, properties);
  element.append(...children);
  return element;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function headers(more = {}) {
  return token ? { Authorization: `Bearer ${token}`, ...more } : more;
}

async function ask(path, options = {}) {
  const answer = await fetch(path, { cache: "no-store", ...options, headers: headers(options.headers) });
  const value = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value.error || `status ${answer.status}`), { status: answer.status });
  return value;
}

// --- What is said in words ---------------------------------------------------------------------

const seconds = (value) => value == null ? "–" : value < 0.001 ? `${(value * 1e6).toFixed(0)} µs`
  : value < 1 ? `${(value * 1e3).toPrecision(3).replace(/\.?0+$/, "")} ms` : `${value.toFixed(2)} s`;
const count = (value) => value == null ? "–" : value >= 100 ? Math.round(value).toLocaleString("en") : String(Math.round(value * 10) / 10);
const percent = (value) => value == null ? "–" : `${(value * 100).toFixed(value && value < 0.01 ? 2 : 1)} %`;
const clock = (unix) => new Date(unix * 1000).toLocaleTimeString("en-GB");
function age(unix) {
  if (unix == null) return "–";
  const past = Math.max(0, status.now - unix);
  return past < 90 ? `${Math.round(past)} s` : past < 5400 ? `${Math.round(past / 60)} min`
    : past < 129600 ? `${Math.round(past / 3600)} h` : `${Math.round(past / 86400)} days`;
}
const mood = (state) => state === "up" ? "good" : ["drain", "leaving"].includes(state) ? "warn" : "bad";

// --- Charts ------------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [300, 72];

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

/** Lines over the last five minutes, the newest at the right. */
function chart(svg, label, lines, unit) {
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-label", label);
  const most = Math.max(...lines.flatMap((line) => line.values.filter((value) => value != null)), 0);
  const top = most > 0 ? most * 1.1 : 1;
  const at = (index, length) => WIDTH - (length - 1 - index) * WIDTH / (KEPT - 1);
  const drawn = [shape("path", { class: "grid", d: `M0 ${HEIGHT - 1}H${WIDTH}M0 1H${WIDTH}` })];
  for (const { values, look } of lines) {
    let path = "", area = "", open = false;
    values.forEach((value, index) => {
      if (value == null) { open = false; return; }
      const [x, y] = [at(index, values.length).toFixed(1), (HEIGHT - 1 - value / top * (HEIGHT - 4)).toFixed(1)];
      path += `${open ? "L" : "M"}${x} ${y}`;
      area += `M${x} ${HEIGHT}V${y}h1V${HEIGHT}z`;
      open = true;
    });
    if (lines.length === 1) drawn.push(shape("path", { class: `area line-${look}`, d: area }));
    drawn.push(shape("path", { class: `line-${look} dash-${look}`, d: path }));
  }
  svg.replaceChildren(...drawn);
  svg.parentElement.title = most > 0 ? `at most ${unit(most)} in five minutes` : "nothing in five minutes";
}

function remember(name, value) {
  series[name].push(value ?? null);
  if (series[name].length > KEPT) series[name].shift();
}

function traffic(stats, connections) {
  const now = stats.last_1s, smooth = stats.last_10s || {};
  if (now) {
    remember("rate", now.rate); remember("errors", now.errors);
    for (const share of ["p50", "p95", "p99"]) remember(share, now[share]);
  }
  remember("active", connections.active); remember("idle", connections.idle);
  const rate = `${count(smooth.rate)} /s`, errors = percent(smooth.errors);
  const latency = ["p50", "p95", "p99"].map((share) => seconds(smooth[share])).join(" · ");
  const open = `${connections.active} active, ${connections.idle} idle` + (connections.tunnels ? `, ${connections.tunnels} tunnels` : "");
  write($("rate"), rate); write($("latency"), latency); write($("errors"), errors); write($("open"), open);
  chart($("chart-rate"), `Requests: ${rate}`, [{ values: series.rate, look: "a" }], (value) => `${count(value)} /s`);
  chart($("chart-latency"), `Latency, p50, p95 and p99: ${latency}`, [{ values: series.p99, look: "c" },
    { values: series.p95, look: "b" }, { values: series.p50, look: "a" }], seconds);
  chart($("chart-errors"), `Errors: ${errors}`, [{ values: series.errors, look: "c" }], percent);
  chart($("chart-open"), `Connections: ${open}`, [{ values: series.idle, look: "b" }, { values: series.active, look: "a" }], count);
}

// --- Lists that change in place, so that focus and selection stay -------------------------------

function keyed(parent, items, key, create, update) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const id = key(item);
    let child = known.get(id);
    known.delete(id);
    if (!child) { child = create(item); child.dataset.key = id; }
    update(child, item);
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] || null);
  });
  for (const gone of known.values()) gone.remove();
}

function card(list, items, key, title, note, look = () => "") {
  keyed($(list), items, key, () => make("li", {}, make("strong"), make("span")), (child, item) => {
    write(child.firstChild, title(item)); write(child.lastChild, note(item));
    child.className = look(item) && `is-${look(item)}`;
  });
}

function topology() {
  const servers = status.upstreams.flatMap((upstream) => upstream.servers.map((server) => ({ ...server, upstream: upstream.name })));
  card("listeners", status.connections.listeners, (one) => `l ${one.address}`, (one) => one.address,
    (one) => `${one.tls ? "TLS" : "plain"}${one.http2 ? ", HTTP/2" : ""}, ${one.active} active, ${one.idle} idle`);
  card("sites", status.sites, (site) => `s ${site.name} ${site.listen}`, (site) => site.name === "_" ? "default site" : site.names.join(", ") || site.name,
    (site) => site.routes.map((route) => `${route.path} → ${route.upstream || route.action}`).slice(0, 6).join("; ")
      + (site.routes.length > 6 ? `; ${site.routes.length - 6} more` : ""));
  card("upstreams", status.upstreams, (one) => `u ${one.name}`, (one) => one.name, (one) => {
    const up = one.servers.filter((server) => server.state === "up").length;
    return `${up} of ${one.servers.length} up`;
  }, (one) => {
    const up = one.servers.filter((server) => server.state === "up").length;
    return up === one.servers.length ? "good" : up ? "warn" : "bad";
  });
  card("members", servers, (one) => `m ${one.upstream} ${one.address}`, (one) => one.address,
    (one) => `${one.state}${one.why ? `: ${one.why}` : ""}${one.backup ? ", backup" : ""}, ${one.active} active`, (one) => mood(one.state));
  links(servers);
}

function links(servers) {
  const frame = $("topology").getBoundingClientRect();
  const found = new Map([...document.querySelectorAll("#topology li")].map((item) => [item.dataset.key, item.getBoundingClientRect()]));
  const pairs = [];
  for (const site of status.sites) {
    const key = `s ${site.name} ${site.listen}`;
    for (const listener of site.listen) pairs.push([`l ${listener}`, key, ""]);
    for (const upstream of new Set(site.routes.map((route) => route.upstream))) {
      if (upstream) pairs.push([key, `u ${upstream}`, ""]);
    }
  }
  for (const server of servers) {
    const look = mood(server.state) === "bad" ? "is-bad" : "";
    pairs.push([`u ${server.upstream}`, `m ${server.upstream} ${server.address}`, look]);
  }
  $("links").replaceChildren(...pairs.flatMap(([from, to, look]) => {
    const [a, b] = [found.get(from), found.get(to)];
    if (!a || !b) return [];
    const [x1, y1, x2, y2] = [a.right - frame.left, (a.top + a.bottom) / 2 - frame.top, b.left - frame.left, (b.top + b.bottom) / 2 - frame.top];
    const middle = (x1 + x2) / 2;
    return [shape("path", { class: look, d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}` })];
  }));
}

// --- Servers -----------------------------------------------------------------------------------

const mayChange = () => !refused && (!status.asks_for_token || token !== "");

function serverRow() {
  const cell = (className = "") => make("td", { className });
  const weight = make("input", { type: "number", min: 1, max: 100000 });
  const drain = make("button", { type: "button" });
  const row = make("tr", {}, make("th", { scope: "row" }), cell(), make("td", {}, make("span", { className: "badge" })), cell("why"),
    cell(), cell(), cell("number"), make("td", { className: "number" }, weight), make("td", {}, drain));
  weight.addEventListener("change", () => {
    const value = Number(weight.value);
    if (Number.isInteger(value) && value >= 1) change(row.server, { weight: value });
    else weight.value = row.server.weight;
  });
  drain.addEventListener("click", () => change(row.server, { state: row.server.state === "up" ? "drain" : "up" }));
  return row;
}

function servers() {
  const rows = status.upstreams.flatMap((upstream) => upstream.servers.map((server) => ({ ...server, upstream: upstream.name })));
  keyed($("server-table").tBodies[0], rows, (one) => `${one.upstream} ${one.address}`, serverRow, (row, one) => {
    row.server = one;
    const [upstream, address, state, why, since, tier, active, weight, controls] = row.children;
    write(upstream, one.upstream); write(address, one.address); write(state.firstChild, one.state);
    state.firstChild.className = `badge ${mood(one.state)}`;
    write(why, one.why || ""); write(since, age(one.since));
    write(tier, `${one.backup ? "backup" : "primary"}${one.added ? ", added" : ""}`); write(active, String(one.active));
    const [input, button] = [weight.firstChild, controls.firstChild];
    if (document.activeElement !== input) input.value = one.weight;
    input.disabled = button.disabled = !mayChange() || one.state === "leaving";
    input.setAttribute("aria-label", `Weight of ${one.address} in ${one.upstream}`);
    // What is ejected or unhealthy can only be taken out: it comes back by itself.
    button.hidden = ["ejected", "unhealthy"].includes(one.state);
    const word = one.state === "up" ? "Drain" : "Undrain";
    write(button, word);
    button.setAttribute("aria-label", `${word} ${one.address} in ${one.upstream}`);
  });
  $("keep").hidden = !status.can_persist;
}

async function change(server, what) {
  const path = `/api/v1/upstreams/${encodeURIComponent(server.upstream)}/servers/${encodeURIComponent(server.address)}`;
  const body = JSON.stringify({ ...what, persist: status.can_persist && $("persist").checked });
  try {
    await ask(path, { method: "PATCH", body, headers: { "Content-Type": "application/json" } });
    write($("done"), `${server.address} of ${server.upstream}: ${Object.entries(what).map((pair) => pair.join(" ")).join(", ")}`);
  } catch (error) {
    if (error.status === 401) wantToken("this token is not the one");
    write($("done"), `${server.address} of ${server.upstream} stays as it is: ${error.message}`);
  }
}

// --- The rest ----------------------------------------------------------------------------------

function certificates() {
  const rows = status.certificates;
  $("certificate-table").hidden = rows.length === 0;
  $("no-certificates").hidden = rows.length > 0;
  keyed($("certificate-table").tBodies[0], rows, (one) => `${one.listener} ${one.path}`,
    () => make("tr", {}, make("th", { scope: "row" }), make("td"), make("td", {}, make("span"))), (row, one) => {
      const [name, listener, valid] = row.children;
      write(name, one.name); write(listener, one.listener);
      name.title = one.names.join(", ");
      const [look, words] = validity(one);
      write(valid.firstChild, words);
      valid.firstChild.className = `badge ${look}`;
      valid.title = one.acme?.error ?? "";
    });
}

function validity(one) {
  const order = one.acme?.ordering ? "being ordered" : one.acme?.error ? "order failed" : "";
  if (one.not_after === null) return [order === "order failed" ? "bad" : "warn", order || "not there yet"];
  const days = one.days_left, end = new Date(one.not_after * 1000).toISOString().slice(0, 10);
  const look = !one.valid || days < 7 ? "bad" : days < 21 || one.acme?.error ? "warn" : "good";
  const word = order || (!one.valid ? "not valid now" : one.acme || look === "good" ? ""
    : look === "warn" ? "renew soon" : "renew now");
  return [look, `${days} days, until ${end}${word ? ` – ${word}` : ""}`];
}

function happened(kind, data) {
  $("no-events").hidden = true;
  const look = data.result === "failure" || ["unhealthy", "ejected"].includes(data.state) ? "bad"
    : kind === "missed" || ["drain", "down", "leaving"].includes(data.state) ? "warn" : data.state === "up" ? "good" : "";
  const message = kind === "missed" ? `${data.missed} events are not known any more` : data.message;
  const why = data.why || data.error;
  $("events").prepend(make("li", {}, make("time", {}, data.at ? clock(data.at) : ""), make("span", {}, make("span", { className: `badge ${look}` }, kind)),
    make("span", {}, message, ...(why ? [make("small", {}, why)] : []))));
  while ($("events").children.length > 200) $("events").lastChild.remove();
}

async function vip() {
  try {
    const found = await ask("/api/v1/vip");
    const instances = found ? found.instances || found.instance || [] : [];
    const list = Array.isArray(instances) ? instances : Object.entries(instances).map(([name, one]) => ({ name, ...one }));
    keyed($("vip-facts"), list, (one) => String(one.name), () => make("div", {}, make("dt"), make("dd")), (row, one) => {
      write(row.firstChild, String(one.name));
      write(row.lastChild, [one.state, one.addresses && [].concat(one.addresses).join(", "), one.priority != null && `priority ${one.priority}`].filter(Boolean).join(", "));
    });
    $("vip").hidden = list.length === 0;
  } catch {
    $("vip").hidden = true;
  }
}

function wantToken(note) {
  $("access").hidden = false;
  write($("access-note"), note);
}

function show(state) {
  status = state.status;
  const readiness = $("readiness");
  write(readiness, status.unready || "ready");
  readiness.className = `badge ${status.unready ? "bad" : "good"}`;
  write($("version"), status.version); write($("generation"), String(status.config.generation));
  write($("path"), status.config.path); write($("updated"), clock(status.now));
  const problem = status.config.last_reload.refused;
  $("alarm").hidden = !problem;
  if (problem) write($("alarm"), `The last reload was refused; the configuration before stays in use.\n${problem}`);
  if (status.asks_for_token && !token) wantToken("to change servers");
  traffic(state.stats, status.connections);
  topology(); servers(); certificates();
}

// --- The stream --------------------------------------------------------------------------------

/** Server-sent events by fetch, since EventSource cannot say a token. */
async function listen(signal) {
  const answer = await fetch("/api/v1/events?live", { signal, cache: "no-store", headers: headers(lastEvent ? { "Last-Event-ID": lastEvent } : {}) });
  if (!answer.ok) throw Object.assign(new Error(`status ${answer.status}`), { status: answer.status });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const fields = Object.fromEntries(part.split("\n").map((line) => line.split(/: ?(.*)/s).slice(0, 2)));
      if (fields.id) lastEvent = fields.id;
      if (fields.event === "state") show(JSON.parse(fields.data));
      else if (fields.event) happened(fields.event, JSON.parse(fields.data));
    }
  }
}

async function past() {
  const { seconds: points } = await ask("/api/v1/stats");
  for (const name of ["rate", "errors", "p50", "p95", "p99"]) series[name] = points.slice(-KEPT).map((point) => point[name]);
}

let controller = new AbortController();

async function run() {
  for (;;) {
    try {
      controller = new AbortController();
      await past();
      refused = false;
      await listen(controller.signal);
    } catch (error) {
      if (error.status === 401) {
        refused = true;
        wantToken(token ? "this token is not the one" : "this edge asks for its token");
      }
    }
    write($("readiness"), refused ? "token needed" : "no connection");
    $("readiness").className = "badge bad";
    await new Promise((resolve) => { wake = resolve; setTimeout(resolve, refused ? 3600_000 : 2000); });
  }
}
let wake = () => {};

$("access").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  $("token").value = "";
  write($("access-note"), token ? "kept until this page is closed" : "");
  controller.abort();
  wake();
});
addEventListener("resize", () => status && topology());
vip();
setInterval(vip, 5000);
run();
