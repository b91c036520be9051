// The answer of `netrex/places` in the roles that the dashboard has for places.
//
// A site is a place with cameras of its own, or one that counts and has nothing below
// that does. A shop is a site without sites below: only shops are ranked. The whole is
// the place that all sites of an account have in common.

import { METRICS, numberOf } from "./metrics.js";

const CAMERA = "camera";
const LOCATION = "location";

const countsAnything = (place) =>
  METRICS.some((metric) => metric.sensor in place.entities);

/** Link the places of an account, and return its tops. */
const link = (account, index, several) => {
  const byNode = new Map();
  for (const described of account.places) {
    const id = several ? `${index + 1}-${described.node_id}` : `${described.node_id}`;
    byNode.set(described.node_id, {
      ...described,
      id,
      parent: null,
      children: [],
      isCamera: described.type === CAMERA,
    });
  }
  const tops = [];
  for (const place of byNode.values()) {
    const parent = byNode.get(place.parent_node_id);
    place.parent = parent ?? null;
    (parent?.children ?? tops).push(place);
  }
  return { tops, places: [...byNode.values()] };
};

const above = function* (place) {
  for (let found = place.parent; found; found = found.parent) yield found;
};

/** Return the place that a camera belongs to: its location, otherwise its folder. */
const siteOf = (camera) => {
  const path = [...above(camera)].filter((place) => !place.isCamera);
  return path.find((place) => place.type === LOCATION) ?? path[0] ?? null;
};

/** Return a stand-in for cameras that are in no folder. */
const lonely = (account, index, cameras) => ({
  id: `account-${index + 1}`,
  name: account.name,
  parent: null,
  children: cameras,
  entities: {},
  statistics: {},
  counts: [],
  cameras: [],
  isCamera: false,
});

const descendants = function* (place) {
  for (const child of place.children) {
    yield child;
    yield* descendants(child);
  }
};

/** A site with one counting camera and no numbers of its own shows the camera's. */
const adoptNumbers = (site) => {
  if (countsAnything(site)) return;
  const counting = site.films.filter(countsAnything);
  if (counting.length !== 1) return;
  site.entities = { ...counting[0].entities, ...site.entities };
  site.statistics = counting[0].statistics;
};

/** Give places of one name the name of what is above them, too. */
const tellApart = (sites) => {
  const seen = new Map();
  for (const { name } of sites) seen.set(name, (seen.get(name) ?? 0) + 1);
  for (const site of sites) {
    site.label =
      seen.get(site.name) > 1 && site.parent
        ? `${site.parent.name} · ${site.name}`
        : site.name;
  }
};

const ofAccount = (account, index, several) => {
  const { tops, places } = link(account, index, several);
  const sites = new Set();
  for (const place of places) {
    place.films = [];
  }
  const alone = [];
  for (const camera of places.filter((place) => place.isCamera && place.cameras?.length)) {
    const site = siteOf(camera);
    camera.site = site;
    if (site) {
      site.films.push(camera);
      sites.add(site);
    } else {
      alone.push(camera);
    }
  }
  const isGroup = (place) =>
    [...descendants(place)].some(
      (below) => sites.has(below) || (!below.isCamera && countsAnything(below)),
    );
  for (const place of places) {
    if (!place.isCamera && countsAnything(place) && !isGroup(place)) sites.add(place);
  }
  const ordered = places.filter((place) => sites.has(place));
  if (alone.length) {
    const stand = { ...lonely(account, index, alone), films: alone };
    for (const camera of alone) camera.site = stand;
    ordered.push(stand);
  }
  for (const site of ordered) adoptNumbers(site);
  const holds = (place) => [...descendants(place)].some((below) => sites.has(below));
  const shops = ordered.filter((site) => !holds(site));
  return { tops, sites: ordered, shops, holds, cameras: ordered.flatMap((s) => s.films) };
};

/** Follow single branches down to the place that all sites have in common. */
const wholeBelow = (top, { holds, sites }) => {
  let whole = top;
  for (;;) {
    const branches = whole.children.filter(
      (child) => holds(child) || sites.includes(child),
    );
    if (sites.includes(whole) || branches.length !== 1) return whole;
    whole = branches[0];
  }
};

/** Return the roles of all places: wholes, regions, sites, shops and cameras. */
export const modelOf = (accounts) => {
  const model = { wholes: [], regions: [], sites: [], shops: [], cameras: [] };
  accounts.forEach((account, index) => {
    const found = ofAccount(account, index, accounts.length > 1);
    model.sites.push(...found.sites);
    model.shops.push(...found.shops);
    model.cameras.push(...found.cameras);
    for (const top of found.tops) {
      if (!found.holds(top)) continue;
      const whole = wholeBelow(top, found);
      if (found.shops.includes(whole)) continue;
      model.wholes.push(whole);
      model.regions.push(...whole.children.filter((child) => found.holds(child)));
    }
  });
  tellApart(model.sites);
  tellApart([...model.wholes, ...model.regions]);
  return model;
};

/** Return the sites in the order that the configuration asks for. */
export const inOrder = (sites, config, hass) => {
  const collator = new Intl.Collator(hass?.locale?.language ?? "en", { numeric: true });
  const byName = (one, other) => collator.compare(one.label, other.label);
  if (config.order === "portal") return [...sites];
  if (config.order === "name") return [...sites].sort(byName);
  const sensor = METRICS.find((metric) => metric.key === config.metric).sensor;
  const value = (site) => numberOf(hass, site.entities[sensor]) ?? -Infinity;
  return [...sites].sort((one, other) => {
    const [first, second] = [value(one), value(other)];
    return first === second ? byName(one, other) : second - first;
  });
};
