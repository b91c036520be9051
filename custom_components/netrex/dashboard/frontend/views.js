// The views of the dashboard: overview, wall, history, and pages of single places.

import {
  FULL_WIDTH,
  aboveZero,
  chart,
  filtered,
  go,
  hasYear,
  heading,
  mediaPath,
  numberTile,
  pictures,
  placeTile,
  section,
  sitePath,
  view,
  yearPath,
} from "./cards.js";
import { BY_KEY } from "./metrics.js";
import { inOrder } from "./model.js";
import { fill } from "./texts.js";

// On the page of a shop; the other pictures are stills until they are opened.
export const LIVE_PICTURES = 2;
// As many shops take as much room as the numbers beside them.
const SHORT_RANKING = 8;
const INTEGRATION = "/config/integrations/integration/netrex";

export class Views {
  constructor(model, config, hass, texts) {
    this.model = model;
    this.config = config;
    this.hass = hass;
    this.texts = texts;
    this.metrics = config.metrics.map((key) => BY_KEY[key]);
    this.sites = inOrder(model.sites, config, hass);
  }

  all() {
    const single = this.model.sites.length === 1 ? this.model.sites[0] : null;
    const places = [
      ...new Set([...this.model.wholes, ...this.model.regions, ...this.model.sites]),
    ];
    return [
      ...(single ? [this.single(single)] : this.common()),
      ...this.history(),
      ...(single ? [] : this.sites.map((site) => this.site(site))),
      ...places
        .filter((place) => this.metrics.some((metric) => hasYear(place, metric)))
        .map((place) => this.year(place)),
    ].filter((found) => found.sections.length);
  }

  single(site) {
    const sections = [...this.siteSections(site), section(this.alerts())];
    return view(site.label, "overview", sections);
  }

  /** The pages of all sites; without numbers there is nothing but the cameras. */
  common() {
    const { wholes, sites } = this.model;
    const counts = (place) => this.metrics.some((metric) => place.entities[metric.sensor]);
    return [...wholes, ...sites].some(counts)
      ? [this.overview(), this.wall()]
      : [this.wall(section(this.alerts()))];
  }

  overview() {
    const [whole] = this.model.wholes;
    const ranking = this.ranking();
    const isLong = this.model.shops.length > SHORT_RANKING;
    return view(this.texts.overview, "overview", [
      section([
        ...this.model.wholes.flatMap((place) => this.numbers(place)),
        ...this.alerts(),
        ...this.regions(),
      ]),
      // A long ranking stands beside all other sections.
      { ...section(ranking), row_span: isLong ? 3 : 1 },
      section(this.trends()),
      section(whole ? this.heatMap(whole) : []),
    ]);
  }

  /** The numbers of a place; a tap leads to its last year. */
  numbers(place) {
    const tiles = this.metrics
      .filter((metric) => place.entities[metric.sensor])
      .map((metric) => numberTile(place, metric, this.texts));
    if (!tiles.length) return [];
    return [
      heading(fill(this.texts.today, { place: place.label }), "mdi:storefront"),
      ...tiles,
    ];
  }

  regions() {
    if (!this.config.regions || this.model.regions.length < 2) return [];
    const metric = BY_KEY[this.config.metric];
    const counting = this.model.regions.filter((place) => place.entities[metric.sensor]);
    if (!counting.length) return [];
    const name = this.texts.metrics[metric.key];
    const text = fill(this.texts.shareOfRegions, { metric: name });
    const icon = "mdi:map-marker-radius";
    if (metric.type === "mean") {
      const tiles = counting.map((place) => placeTile(place, metric));
      return [heading(text, icon), ...tiles];
    }
    const entities = counting.map((place) => place.entities[metric.sensor]);
    return [
      heading(text, icon, { visibility: aboveZero(entities) }),
      {
        type: "distribution",
        entities: counting.map((place, index) => ({
          entity: entities[index],
          name: place.label,
        })),
        grid_options: FULL_WIDTH,
        visibility: aboveZero(entities),
      },
    ];
  }

  /** Cameras that are offline and places that are full; nothing if there are none. */
  alerts() {
    const cameras = this.model.cameras
      .filter((camera) => camera.entities.connectivity)
      .map((camera) => ({
        entity: camera.entities.connectivity,
        name: `${camera.site.label} · ${camera.name}`,
        icon: "mdi:cctv-off",
        ...(this.model.sites.length > 1
          ? { tap_action: go(sitePath(camera.site)) }
          : {}),
      }));
    const full = this.model.sites
      .filter((site) => site.entities.full)
      .map((site) => ({
        entity: site.entities.full,
        name: site.label,
        icon: "mdi:account-alert",
      }));
    return [
      ...filtered(this.texts.full, "on", full),
      ...filtered(this.texts.offline, "off", cameras),
    ];
  }

  ranking() {
    const metrics = [...new Set([this.config.metric, ...this.config.metrics])];
    const shops = this.model.shops
      .map((shop) => ({
        name: shop.label,
        path: sitePath(shop),
        full: shop.entities.full,
        entities: Object.fromEntries(
          metrics
            .map((key) => [key, shop.entities[BY_KEY[key].sensor]])
            .filter(([, entity]) => entity),
        ),
        changes: Object.fromEntries(
          metrics
            .map((key) => [key, shop.entities[BY_KEY[key].change]])
            .filter(([, entity]) => entity),
        ),
      }))
      .filter((shop) => Object.keys(shop.entities).length);
    if (shops.length < 2) return [];
    return [
      heading(this.texts.ranking, "mdi:podium"),
      {
        type: "custom:netrex-ranking-card",
        metric: this.config.metric,
        metrics: metrics.filter((key) => shops.some((shop) => shop.entities[key])),
        shops,
        grid_options: FULL_WIDTH,
      },
    ];
  }

  /** The places whose lines a chart shows: the regions, otherwise the whole. */
  get compared() {
    const { regions, wholes, sites } = this.model;
    if (this.config.regions && regions.length > 1) return regions;
    if (wholes.length) return wholes;
    return sites.slice(0, 6);
  }

  trends() {
    const metric = BY_KEY[this.config.metric];
    const places = this.compared.filter((place) => hasYear(place, metric));
    if (!places.length) return [];
    const title = fill(this.texts.last14Days, { metric: this.texts.metrics[metric.key] });
    return [
      heading(title, "mdi:chart-bar", { tap_action: go("history") }),
      chart(undefined, metric, places, { period: "day", days: 14 }),
    ];
  }

  wall(...before) {
    const sections = this.sites
      .filter((site) => site.films.length)
      .map((site) =>
        section([
          heading(site.label, "mdi:map-marker", { tap_action: go(sitePath(site)) }),
          ...site.films.flatMap((camera) => pictures(camera, false, 6).slice(0, 1)),
        ]),
      );
    return view(this.texts.wall, "wall", [...before, ...sections]);
  }

  history() {
    const places = this.compared;
    const shown = this.metrics.filter((metric) =>
      places.some((place) => place.statistics[metric.key]),
    );
    const whole = this.model.wholes[0] ?? this.model.sites[0];
    const sections = shown.map((metric) => {
      const values = { metric: this.texts.metrics[metric.key] };
      const days = fill(this.texts.last30Days, values);
      const weeks = fill(this.texts.lastYear, values);
      return section([
        chart(days, metric, places, { period: "day", days: 30 }),
        chart(weeks, metric, places, { period: "week", days: 365 }),
      ]);
    });
    if (!sections.length) return [];
    sections.push(section(this.heatMap(whole)));
    return [view(this.texts.history, "history", sections)];
  }

  heatMap(place) {
    const statistic = place.statistics.visitors ?? place.statistics.people_in;
    if (!statistic) return [];
    return [
      heading(this.texts.busyHours, "mdi:grid"),
      { type: "custom:netrex-heat-map-card", statistic, grid_options: FULL_WIDTH },
    ];
  }

  siteSections(site) {
    const live = new Set(site.films.slice(0, LIVE_PICTURES));
    const images = site.films.flatMap((camera) =>
      pictures(camera, live.has(camera), site.films.length > 1 ? 6 : 12),
    );
    const metric = BY_KEY.visitors;
    const days = hasYear(site, metric)
      ? [
          heading(
            fill(this.texts.last14Days, { metric: this.texts.metrics.visitors }),
            "mdi:chart-bar",
            { tap_action: go(yearPath(site)) },
          ),
          chart(undefined, metric, [site], { period: "day", days: 14 }),
        ]
      : [];
    const cameras = images.length
      ? [heading(this.texts.wall, "mdi:cctv"), ...images]
      : [];
    return [
      section(cameras),
      section([...this.numbers(site), ...this.recordings(site)]),
      section(days),
      section(this.heatMap(site)),
    ];
  }

  recordings(site) {
    const tiles = site.films
      .filter((camera) => camera.recordings)
      .map((camera) => ({
        type: "tile",
        entity: camera.cameras[0],
        name: camera.name,
        icon: "mdi:filmstrip",
        color: "grey",
        hide_state: true,
        tap_action: go(mediaPath(camera.recordings)),
        icon_tap_action: go(mediaPath(camera.recordings)),
        grid_options: { columns: 6, rows: 1 },
      }));
    if (!tiles.length) return [];
    return [heading(this.texts.recordings, "mdi:filmstrip-box-multiple"), ...tiles];
  }

  site(site) {
    return view(site.label, sitePath(site), this.siteSections(site), {
      subview: true,
    });
  }

  year(place) {
    const sections = this.metrics
      .filter((metric) => hasYear(place, metric))
      .map((metric) => {
        const title = fill(this.texts.lastYear, { metric: this.texts.metrics[metric.key] });
        return section([chart(title, metric, [place], { period: "week", days: 365 })]);
      });
    const title = fill(this.texts.yearOf, { place: place.label });
    return view(title, yearPath(place), sections, { subview: true });
  }
}

const message = (texts, text) => ({
  title: texts.title,
  views: [
    view(texts.title, "overview", [
      section([{ type: "markdown", content: text, grid_options: FULL_WIDTH }], 2),
    ]),
  ],
});

/** The dashboard while there is no account, or nothing that the user may see. */
export const emptyDashboard = (texts, hasAccount) =>
  message(texts, fill(hasAccount ? texts.noPlaces : texts.noAccount, { link: INTEGRATION }));

/** The dashboard when the integration does not answer. */
export const failedDashboard = (texts, error) => message(texts, fill(texts.failed, { error }));

/** Return the dashboard of a model. */
export const dashboardOf = (model, config, hass, texts) => ({
  title: texts.title,
  views: new Views(model, config, hass, texts).all(),
});
