// A card with the average week of a statistic: a row per weekday, a column per hour.
// It reads Home Assistant's own statistics, so it costs no query to the portal.

import { element } from "./dom.js";
import { dayName, dayOrder, hourName, weekOf } from "./heat-map.js";
import { fill, textsOf } from "./texts.js";

const WEEKS = 8;
const HOURS_BETWEEN_LABELS = 2;
const REFRESH_MILLISECONDS = 60 * 60 * 1000;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

const STYLE = `
  ha-card { padding: 12px; height: 100%; box-sizing: border-box; }
  table { width: 100%; border-collapse: separate; border-spacing: 2px; table-layout: fixed; }
  th { font-weight: 400; font-size: 11px; color: var(--secondary-text-color); padding: 0; }
  th[scope="row"] { text-align: left; }
  thead th { white-space: nowrap; }
  thead th:first-child { width: 2.6em; }
  td {
    height: 22px; border-radius: 3px; padding: 0;
    background: color-mix(
      in srgb, var(--primary-color) calc(var(--share) * 1%), var(--secondary-background-color)
    );
  }
  p { margin: 8px 2px 0; color: var(--primary-text-color); }
  p.note { margin-top: 2px; font-size: 12px; color: var(--secondary-text-color); }
`;

export class HeatMapCard extends HTMLElement {
  #config = null;
  #hass = null;
  #week = null;
  #timer = null;
  #language = null;

  setConfig(config) {
    if (typeof config.statistic !== "string") throw new Error("`statistic` is missing");
    const isOther = config.statistic !== this.#config?.statistic;
    this.#config = config;
    if (isOther) {
      this.#week = null;
      this.#read();
    }
  }

  set hass(hass) {
    const isFirst = this.#hass === null;
    this.#hass = hass;
    if (isFirst) this.#read();
    if (this.#language !== hass.locale?.language) this.#render();
  }

  connectedCallback() {
    this.#timer ??= setInterval(() => this.#read(), REFRESH_MILLISECONDS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  getCardSize() {
    return 5;
  }

  getGridOptions() {
    return { columns: 12, rows: "auto", min_columns: 6 };
  }

  async #read() {
    if (!this.#hass || !this.#config) return;
    const { statistic, weeks = WEEKS } = this.#config;
    const start = new Date(Date.now() - weeks * 7 * DAY_MILLISECONDS);
    try {
      const found = await this.#hass.callWS({
        type: "recorder/statistics_during_period",
        start_time: start.toISOString(),
        statistic_ids: [statistic],
        period: "hour",
        types: ["change"],
      });
      if (statistic !== this.#config.statistic) return;
      this.#week = weekOf(found[statistic] ?? [], this.#hass.config.time_zone);
    } catch {
      // No recorder, or no connection: the next hour tries again.
      this.#week ??= weekOf([], "UTC");
    }
    this.#render();
  }

  #render() {
    this.#language = this.#hass?.locale?.language;
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    const texts = textsOf(this.#language);
    const card = element("ha-card");
    if (this.#week === null) card.append(element("p", { className: "note" }, texts.loading));
    else if (this.#week.first === null) {
      card.append(element("p", { className: "note" }, texts.noHours));
    } else card.append(this.#table(), ...this.#captions(texts));
    this.shadowRoot.replaceChildren(element("style", { textContent: STYLE }), card);
  }

  #table() {
    const { cells, first, last, most } = this.#week;
    const hours = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const head = element("tr", {}, element("th"));
    for (const hour of hours) {
      const isShown = hour % HOURS_BETWEEN_LABELS === 0;
      const label = isShown ? hourName(this.#hass.locale, hour) : "";
      head.append(element("th", { scope: "col" }, label));
    }
    const body = element("tbody");
    for (const day of dayOrder(this.#hass.locale)) {
      const name = dayName(this.#language, day, "short");
      const row = element("tr", {}, element("th", { scope: "row" }, name));
      for (const hour of hours) {
        const value = cells[day][hour];
        const cell = element("td");
        const text = value === null ? "–" : this.#number(value);
        cell.title = `${name} ${this.#span(hour)}: ${text}`;
        cell.setAttribute("aria-label", cell.title);
        cell.style.setProperty("--share", String(Math.round(((value ?? 0) / most) * 100)));
        row.append(cell);
      }
      body.append(row);
    }
    return element("table", {}, element("thead", {}, head), body);
  }

  #captions(texts) {
    const { busiest, most, weeks } = this.#week;
    const text = fill(texts.busiest, {
      day: dayName(this.#language, busiest.day, "long"),
      hours: this.#span(busiest.hour),
      value: this.#number(most),
    });
    const time = new Intl.NumberFormat(this.#language ?? "en", {
      style: "unit",
      unit: "week",
      unitDisplay: "long",
    }).format(weeks);
    return [
      element("p", {}, text),
      element("p", { className: "note" }, fill(texts.average, { time })),
    ];
  }

  #span(hour) {
    const locale = this.#hass.locale;
    const name = (at) => hourName(locale, at).replace(/^\d+$/, "$&:00");
    return `${name(hour)}–${name((hour + 1) % 24)}`;
  }

  #number(value) {
    return new Intl.NumberFormat(this.#language ?? "en", {
      maximumFractionDigits: 0,
    }).format(value);
  }
}
