// The metrics that the dashboard can show, in their default order.
//
// `sensor` is the key of the entity, `change` the key of its change against last week,
// `type` how the statistic is read: `change` of a sum, or `mean` of a ratio.

const count = (key, icon, color) => ({
  key,
  icon,
  color,
  sensor: `${key}_today`,
  change: `${key}_change_today`,
  type: "change",
});
const ratio = (key, icon, color) => ({ ...count(key, icon, color), type: "mean" });

export const METRICS = [
  count("visitors", "mdi:account-group", "blue"),
  count("sales", "mdi:cash-register", "amber"),
  ratio("conversion", "mdi:cart-percent", "purple"),
  { ...count("occupancy", "mdi:account-multiple", "indigo"), sensor: "occupancy" },
  count("transactions", "mdi:receipt-text", "teal"),
  count("people_in", "mdi:location-enter", "green"),
  count("people_out", "mdi:location-exit", "orange"),
  count("pass_by", "mdi:walk", "brown"),
  ratio("average_transaction", "mdi:basket", "cyan"),
  ratio("spend_per_visitor", "mdi:account-cash", "lime"),
  count("refunds", "mdi:cash-refund", "pink"),
  count("refunds_amount", "mdi:cash-minus", "red"),
];
export const BY_KEY = Object.fromEntries(METRICS.map((metric) => [metric.key, metric]));

const SHOWN = ["visitors", "sales", "conversion", "occupancy", "transactions"];

export const ORDERS = ["name", "rank", "portal"];
export const DEFAULTS = { metric: "visitors", metrics: SHOWN, regions: true, order: "name" };

/** Return a complete configuration; unknown values are replaced by the defaults. */
export const withDefaults = (config = {}) => {
  const metrics = Array.isArray(config.metrics)
    ? config.metrics.filter((key) => key in BY_KEY)
    : [];
  return {
    metric: config.metric in BY_KEY ? config.metric : DEFAULTS.metric,
    metrics: metrics.length ? metrics : DEFAULTS.metrics,
    regions: config.regions !== false,
    order: ORDERS.includes(config.order) ? config.order : DEFAULTS.order,
  };
};

/** Return the number that an entity shows; null if it shows none. */
export const numberOf = (hass, entityId) => {
  const state = hass?.states?.[entityId]?.state;
  const value = state === undefined || state === "" ? NaN : Number(state);
  return Number.isFinite(value) ? value : null;
};
