// The order of shops in the ranking card, without a page.

import { numberOf } from "./metrics.js";

const MONETARY = "monetary";

/** Return the rows of a ranking, the largest first; shops without a number come last. */
export const rowsOf = (hass, shops, metric) => {
  const language = hass?.locale?.language ?? "en";
  const collator = new Intl.Collator(language, { numeric: true });
  const rows = shops
    .filter((shop) => shop.entities[metric])
    .map((shop) => ({
      name: shop.name,
      path: shop.path,
      value: numberOf(hass, shop.entities[metric]),
      change: numberOf(hass, shop.changes?.[metric]),
      isFull: hass?.states?.[shop.full]?.state === "on",
      entity: shop.entities[metric],
    }))
    .sort(
      (one, other) =>
        (other.value ?? -Infinity) - (one.value ?? -Infinity) ||
        collator.compare(one.name, other.name),
    );
  const most = Math.max(...rows.map((row) => row.value ?? 0), 0);
  let rank = 0;
  return rows.map((row, index) => {
    if (!index || row.value !== rows[index - 1].value) rank = index + 1;
    const share = most > 0 && row.value > 0 ? row.value / most : 0;
    // Before the first visitor all shops would be first.
    return { ...row, rank: row.value === null || most <= 0 ? null : rank, share };
  });
};

/** Return a number as the user's language writes it, with a unit if it has one. */
export const format = (hass, entityId, value) => {
  const { unit_of_measurement: unit, device_class: deviceClass } =
    hass?.states?.[entityId]?.attributes ?? {};
  const write = (number, options = {}) =>
    new Intl.NumberFormat(hass?.locale?.language ?? "en", {
      maximumFractionDigits: 0,
      ...options,
    }).format(number);
  if (unit === "%") return write(value / 100, { style: "percent", maximumFractionDigits: 1 });
  // Units of counts come in the server's language, and the metric says them anyway.
  if (deviceClass !== MONETARY) return write(value);
  return /^[A-Z]{3}$/.test(unit)
    ? write(value, { style: "currency", currency: unit })
    : `${write(value)} ${unit}`;
};

/** Return a change in percent with its sign. */
export const formatChange = (hass, change) =>
  new Intl.NumberFormat(hass?.locale?.language ?? "en", {
    maximumFractionDigits: 0,
    signDisplay: "exceptZero",
    style: "percent",
  }).format(change / 100);
