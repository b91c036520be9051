// The strategy as the frontend calls it, without a page. Run by tests/dashboard.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

globalThis.HTMLElement = class {};
const folder = "../../../custom_components/netrex/dashboard/frontend/";
const { NetrexStrategy } = await import(`${folder}strategy.js`);
const { LANGUAGES } = await import(`${folder}texts.js`);
const { format, formatChange, rowsOf } = await import(`${folder}ranking.js`);
const { hourName, weekOf } = await import(`${folder}heat-map.js`);
const { addDashboard, isRequested } = await import(`${folder}add.js`);
const { toSave } = await import(`${folder}editor.js`);

const place = (node_id, parent_node_id, type, name, extra = {}) => ({
  node_id,
  parent_node_id,
  type,
  name,
  counts: ["visitors"],
  entities: type === "camera" ? {} : { visitors_today: `sensor.v${node_id}` },
  statistics: type === "camera" ? {} : { visitors: `netrex:p_${node_id}_visitors` },
  ...extra,
});
const camera = (node_id, parent) =>
  place(node_id, parent, "camera", `Camera ${node_id}`, {
    entities: { connectivity: `binary_sensor.c${node_id}` },
    cameras: [`camera.c${node_id}`],
    recordings: `media-source://netrex/e/camera/${node_id}`,
  });
const chain = (shops) => [
  place(1, null, "folder", "Chain"),
  place(2, 1, "folder", "North"),
  place(3, 1, "folder", "South"),
  ...Array.from({ length: shops }, (_, i) => place(10 + i, 2 + (i % 2), "location", `Shop ${i}`)),
  ...Array.from({ length: shops }, (_, i) => camera(1000 + i, 10 + i)),
];
const generate = (places, language = "en", strategy = {}, fail = null) =>
  NetrexStrategy.generate(strategy, {
    locale: { language },
    entities: {},
    states: {},
    callWS: async () => {
      if (fail) throw fail;
      return { version: 1, accounts: places ? [{ name: "A", entities: {}, places }] : [] };
    },
  });
const cardsOf = (view) => view.sections.flatMap((section) => section.cards);

test("before the integration answers there is a page that says so", async () => {
  const { views } = await generate(null, "en", {}, { code: "unknown_command" });
  assert.match(cardsOf(views[0])[0].content, /still loading/);
  const empty = await generate(null, "cs");
  assert.match(cardsOf(empty.views[0])[0].content, /ještě načítá/);
});

test("all of 50 shops are ranked and have a page", async () => {
  const { views } = await generate(chain(50));
  const ranking = cardsOf(views[0]).find((c) => c.type === "custom:netrex-ranking-card");
  assert.equal(ranking.shops.length, 50);
  const paths = views.map((view) => view.path);
  assert.equal(new Set(paths).size, paths.length);
  assert(ranking.shops.every((shop) => paths.includes(shop.path)));
  assert.deepEqual(paths.slice(0, 3), ["overview", "wall", "history"]);
  const wall = cardsOf(views[1]).filter((card) => card.type === "picture-entity");
  assert.equal(wall.length, 50);
});

test("every link inside the dashboard leads to a view", async () => {
  const { views } = await generate(chain(4));
  const paths = new Set(views.map((view) => view.path));
  const links = JSON.stringify(views).match(/"navigation_path":"[^"/][^"]*"/g);
  for (const link of links) assert(paths.has(link.slice(19, -1)), link);
});

test("a page of a shop has its cameras, numbers, week and recordings", async () => {
  const { views } = await generate(chain(3));
  const cards = cardsOf(views.find((view) => view.path === "site-10"));
  const types = cards.map((card) => card.type);
  for (const type of ["picture-entity", "statistics-graph", "custom:netrex-heat-map-card"]) {
    assert(types.includes(type), type);
  }
  const [recordings] = cards.filter((c) => c.tap_action?.navigation_path?.startsWith("/media"));
  assert(recordings.tap_action.navigation_path.includes("camera%2F1000"));
});

test("a single camera without a folder is a dashboard, too", async () => {
  const { views } = await generate([camera(7, null)]);
  assert.equal(views[0].path, "overview");
  assert(cardsOf(views[0]).some((card) => card.entity === "camera.c7"));
});

test("without numbers the first page is that of the cameras", async () => {
  const places = [
    place(1, null, "folder", "All", { entities: {}, statistics: {} }),
    ...[2, 3].map((id) => place(id, 1, "folder", `Yard ${id}`, { entities: {}, statistics: {} })),
    camera(20, 2),
    camera(30, 3),
  ];
  const { views } = await generate(places);
  assert.equal(views[0].path, "wall");
  const shown = cardsOf(views[0]).map((card) => card.type);
  assert.deepEqual(shown.filter((type) => type === "picture-entity").length, 2);
  assert(shown.includes("entity-filter"));
});

test("regions can be left out, and the ranked metric is chosen", async () => {
  const shown = await generate(chain(4));
  assert(cardsOf(shown.views[0]).some((card) => card.type === "distribution"));
  const { views } = await generate(chain(4), "en", { regions: false, metric: "sales" });
  assert(!cardsOf(views[0]).some((card) => card.type === "distribution"));
});

test("both languages have the same texts and placeholders", () => {
  const shape = (texts) =>
    Object.entries(texts).map(([key, text]) =>
      typeof text === "string" ? [key, (text.match(/\{\w+\}/g) ?? []).sort()] : [key, shape(text)],
    );
  assert.deepEqual(shape(LANGUAGES.cs), shape(LANGUAGES.en));
});

test("a ranking is sorted by number; shops without one come last", () => {
  const shops = ["a", "b", "c"].map((name) => ({ name, path: name, entities: { visitors: name } }));
  const rows = rowsOf({ states: { a: { state: "5" }, b: { state: "unknown" }, c: { state: "10" } } }, shops, "visitors");
  assert.deepEqual(rows.map((row) => [row.name, row.rank, row.share]), [["c", 1, 1], ["a", 2, 0.5], ["b", null, 0]]);
});

test("before the first visitor no shop is the first", () => {
  const shops = ["a", "b"].map((name) => ({ name, path: name, entities: { visitors: name } }));
  const rows = rowsOf({ states: { a: { state: "0" }, b: { state: "0" } } }, shops, "visitors");
  assert.deepEqual(rows.map((row) => row.rank), [null, null]);
});

test("numbers are written as the language writes them, changes with their sign", () => {
  const hass = (language, unit_of_measurement, device_class) => ({
    locale: { language },
    states: { s: { attributes: { unit_of_measurement, device_class } } },
  });
  assert.equal(formatChange(hass("en"), 8.4), "+8%");
  assert.equal(formatChange(hass("cs"), -8.6), "-9\u00a0%");
  assert.equal(formatChange(hass("en"), 0.2), "0%");
  assert.equal(format(hass("en", "%"), "s", 31.04), "31%");
  assert.equal(format(hass("cs", "CZK", "monetary"), "s", 1234.5), "1\u00a0235\u00a0Kč");
  assert.equal(format(hass("en", "people"), "s", 1234), "1,234");
});

test("a change against last week is beside its number, and only where it exists", async () => {
  const shops = chain(2);
  shops[3].entities.visitors_change_today = "sensor.change";
  const { views } = await generate(shops);
  const [first, second] = ["site-10", "site-11"].map((path) =>
    cardsOf(views.find((view) => view.path === path)).find(
      (card) => card.type === "tile" && card.entity.startsWith("sensor.v"),
    ),
  );
  assert.deepEqual(first.features, [{ type: "custom:netrex-change", entity: "sensor.change" }]);
  assert.equal(first.features_position, "inline");
  assert.equal(second.features, undefined);
});

test("shares of regions appear with the first visitor", async () => {
  const { views } = await generate(chain(4));
  const card = cardsOf(views[0]).find(({ type }) => type === "distribution");
  assert.deepEqual(card.visibility[0].conditions.map(({ entity, above }) => [entity, above]), [
    ["sensor.v2", 0],
    ["sensor.v3", 0],
  ]);
});

const frontend = (dashboards, configs = {}) => {
  const sent = [];
  return {
    sent,
    locale: { language: "cs" },
    callWS: async (message) => {
      sent.push(message);
      if (message.type === "lovelace/dashboards/list") return dashboards;
      if (message.type === "lovelace/config") {
        if (!configs[message.url_path]) throw { code: "config_not_found" };
        return configs[message.url_path];
      }
      return null;
    },
  };
};
const STRATEGY = { strategy: { type: "custom:netrex" } };

test("the link adds one dashboard, under a free address", async () => {
  const hass = frontend([{ url_path: "netrex-shops" }]);
  assert.equal(await addDashboard(hass), "netrex-shops-2");
  const [created, saved] = hass.sent.slice(-2);
  assert.deepEqual([created.type, created.title], ["lovelace/dashboards/create", "Prodejny"]);
  assert.deepEqual([saved.url_path, saved.config], ["netrex-shops-2", STRATEGY]);
});

test("the link opens the dashboard that there is", async () => {
  const hass = frontend([{ url_path: "a-b" }, { url_path: "c-d" }], { "c-d": STRATEGY });
  assert.equal(await addDashboard(hass), "c-d");
  assert(!hass.sent.some(({ type }) => /create|save/.test(type)));
});

test("only the link's address adds a dashboard", () => {
  const at = (pathname, search) => isRequested({ pathname, search });
  assert(at("/config/lovelace/dashboards", "?netrex=add"));
  assert(!at("/config/lovelace/dashboards", ""));
  assert(!at("/lovelace/0", "?netrex=add"));
});

test("metrics have the names of their sensors", () => {
  for (const [language, { metrics }] of Object.entries(LANGUAGES)) {
    const file = new URL(`${folder}../../translations/${language}.json`, import.meta.url);
    const names = JSON.parse(readFileSync(file)).selector.kpi_metric.options;
    // There are no statistics of people inside.
    assert.deepEqual(metrics, { occupancy: metrics.occupancy, ...names });
  }
});

test("hours are written as the user's profile says", () => {
  assert.equal(hourName({ language: "en", time_format: "language" }, 16), "4 PM");
  assert.equal(hourName({ language: "en", time_format: "24" }, 16), "16");
  assert.equal(hourName({ language: "cs", time_format: "language" }, 9), "9");
  assert.equal(hourName({ language: "en" }, 0), "12 AM");
});

test("the week is local, also across a change of the clocks", () => {
  const rows = ["2026-10-23T08:00:00Z", "2026-10-30T09:00:00Z"].map((start, index) => ({
    start: Date.parse(start),
    change: 10 + index * 10,
  }));
  const week = weekOf(rows, "Europe/Prague");
  assert.deepEqual(week.busiest, { day: 4, hour: 10 });
  assert.equal(week.cells[4][10], 15);
  assert.equal(week.weeks, 1);
});

test("the editor saves what differs from the defaults", () => {
  assert.deepEqual(toSave({ type: "custom:netrex", regions: false }, { regions: true, metric: "sales" }), {
    type: "custom:netrex",
    metric: "sales",
  });
});
