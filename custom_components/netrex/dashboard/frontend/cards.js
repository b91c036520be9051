// Configurations of core's cards that the views are made of.

export const FULL_WIDTH = { columns: "full" };

export const sitePath = (place) => `site-${place.id}`;
export const yearPath = (place) => `year-${place.id}`;
export const go = (path) => ({ action: "navigate", navigation_path: path });

/** Return the path of a media source item in the media browser. */
export const mediaPath = (item) =>
  `/media-browser/browser/${encodeURIComponent(`,${item}`)}`;

export const heading = (text, icon, extra = {}) => ({
  type: "heading",
  heading: text,
  icon,
  ...extra,
});
export const section = (cards, span = 1) => ({ type: "grid", column_span: span, cards });
// Without icons, because the frontend shows either the icon of a view or its title.
export const view = (title, path, sections, extra = {}) => ({
  title,
  path,
  type: "sections",
  max_columns: 4,
  dense_section_placement: true,
  sections: sections.filter((found) => found.cards.length),
  ...extra,
});

/** Return a statistic of a place; without imported history that of the sensor. */
const series = (place, metric) =>
  place.statistics[metric.key] ?? place.entities[metric.sensor];

export const hasYear = (place, metric) => Boolean(series(place, metric));

/** A chart of bars; those of counts are stacked, so that they show the sum, too. */
export const chart = (title, metric, places, { period, days }) => ({
  type: "statistics-graph",
  title,
  chart_type: metric.type === "mean" ? "line" : "bar-stack",
  period,
  days_to_show: days,
  stat_types: [metric.type],
  hide_legend: places.length < 2,
  entities: places
    .filter((place) => hasYear(place, metric))
    .map((place) => ({ entity: series(place, metric), name: place.label })),
  grid_options: FULL_WIDTH,
});

const tile = (place, metric, name) => ({
  type: "tile",
  entity: place.entities[metric.sensor],
  name,
  icon: metric.icon,
  color: metric.color,
  grid_options: { columns: 6, rows: 1 },
  ...(hasYear(place, metric) ? { tap_action: go(yearPath(place)) } : {}),
});

/** A number under the name of its place. */
export const placeTile = (place, metric) => tile(place, metric, place.label);

/** A number under the name of its metric, with its change against last week. */
export const numberTile = (place, metric, texts) => {
  const change = place.entities[metric.change];
  const number = tile(place, metric, texts.metrics[metric.key]);
  if (!change) return number;
  return {
    ...number,
    features: [{ type: "custom:netrex-change", entity: change }],
    features_position: "inline",
    grid_options: { columns: 12, rows: 1 },
  };
};

/** The condition that at least one of these entities is above zero. */
export const aboveZero = (entities) => [
  {
    condition: "or",
    conditions: entities.map((entity) => ({
      condition: "numeric_state",
      entity,
      above: 0,
    })),
  },
];

/** The pictures of a camera: its own, and those of its other channels. */
export const pictures = (camera, isLive, columns) =>
  camera.cameras.map((entity, index) => ({
    type: "picture-entity",
    entity,
    name: index ? `${camera.name} ${index + 1}` : camera.name,
    camera_view: isLive && !index ? "live" : "auto",
    show_state: false,
    fit_mode: "cover",
    aspect_ratio: "16:9",
    grid_options: { columns, rows: "auto" },
  }));

/** A card with those of the entities that have a state; nothing if none can have it. */
export const filtered = (title, state, entities) =>
  entities.length
    ? [
        {
          type: "entity-filter",
          entities,
          conditions: [{ condition: "state", state }],
          show_empty: false,
          card: { type: "entities", title },
        },
      ]
    : [];
