// A card that ranks places by a metric. Core's tiles cannot change their order, and
// fifty of them fill five screens.

import { BY_KEY } from "./metrics.js";
import { element } from "./dom.js";
import { format, formatChange, rowsOf } from "./ranking.js";
import { textsOf } from "./texts.js";

const STYLE = `
  ha-card { padding: 8px; height: 100%; box-sizing: border-box; }
  .metrics { display: flex; flex-wrap: wrap; gap: 6px; padding: 4px 4px 8px; }
  .metrics button {
    font: inherit; font-size: 12px; line-height: 16px; padding: 4px 10px; cursor: pointer;
    color: var(--secondary-text-color); background: none;
    border: 1px solid var(--divider-color); border-radius: 14px;
  }
  .metrics button[aria-pressed="true"] {
    color: var(--primary-text-color); border-color: var(--tone);
    background: color-mix(in srgb, var(--tone) 20%, transparent);
  }
  ol { list-style: none; margin: 0; padding: 0; }
  a {
    position: relative; display: grid; grid-template-columns: 2em 1fr auto auto;
    gap: 4px; align-items: center; padding: 0 6px 0 0; min-height: 36px;
    color: var(--primary-text-color); text-decoration: none; border-radius: 6px;
    overflow: hidden;
  }
  a:hover, a:focus-visible { background: var(--secondary-background-color); outline: none; }
  .bar {
    position: absolute; inset: 3px auto 3px 0; border-radius: 4px; z-index: 0;
    background: color-mix(in srgb, var(--tone) 24%, transparent);
  }
  a > :not(.bar) { position: relative; z-index: 1; }
  .rank { text-align: right; color: var(--secondary-text-color); padding-right: 4px; }
  .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .value { font-weight: 500; white-space: nowrap; }
  .change { text-align: right; font-size: 12px; color: var(--secondary-text-color); }
  .changes .change { min-width: 3.8em; }
  .change.up { color: var(--success-color); }
  .change.down { color: var(--error-color); }
  .full {
    font-size: 11px; margin-left: 6px; padding: 1px 6px; border-radius: 8px;
    color: var(--text-primary-color, #fff); background: var(--error-color);
  }
`;

export class RankingCard extends HTMLElement {
  #config = null;
  #hass = null;
  #metric = null;
  #shown = "";

  setConfig(config) {
    if (!Array.isArray(config.shops)) throw new Error("`shops` is missing");
    this.#config = config;
    this.#metric = config.metric;
    this.#shown = "";
    this.#update();
  }

  set hass(hass) {
    this.#hass = hass;
    this.#update();
  }

  getCardSize() {
    return 1 + Math.ceil((this.#config?.shops.length ?? 0) * 0.75);
  }

  getGridOptions() {
    return { columns: 12, rows: "auto", min_columns: 6 };
  }

  #update() {
    if (!this.#config || !this.#hass) return;
    const metric = BY_KEY[this.#metric] ?? BY_KEY.visitors;
    const rows = rowsOf(this.#hass, this.#config.shops, metric.key);
    const shown = JSON.stringify([metric.key, this.#hass.locale?.language, rows]);
    // Called for every change of a state in the house.
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    const texts = textsOf(this.#hass.locale?.language);
    const card = element("ha-card");
    card.style.setProperty("--tone", `var(--${metric.color}-color)`);
    card.append(this.#chips(texts, metric), this.#list(texts, rows));
    this.shadowRoot.replaceChildren(element("style", { textContent: STYLE }), card);
  }

  #chips(texts, metric) {
    const chips = element("div", { className: "metrics" });
    for (const key of this.#config.metrics ?? []) {
      const chip = element("button", {
        type: "button",
        textContent: texts.metrics[key] ?? key,
        onclick: () => {
          this.#metric = key;
          this.#update();
        },
      });
      chip.setAttribute("aria-pressed", String(key === metric.key));
      chips.append(chip);
    }
    return chips;
  }

  #list(texts, rows) {
    const className = rows.some((row) => row.change !== null) ? "changes" : "";
    return element("ol", { className }, ...rows.map((row) => element("li", {}, this.#row(texts, row))));
  }

  #row(texts, row) {
    const bar = element("span", { className: "bar" });
    bar.style.width = `${(row.share * 100).toFixed(1)}%`;
    const name = element("span", { className: "name", title: row.name }, row.name);
    if (row.isFull) name.append(element("span", { className: "full" }, texts.full));
    const value =
      row.value === null ? texts.noValue : format(this.#hass, row.entity, row.value);
    const change = element("span", { className: "change" });
    if (row.change !== null) {
      change.textContent = formatChange(this.#hass, row.change);
      change.title = texts.lastWeek;
      if (Math.round(row.change)) change.classList.add(row.change > 0 ? "up" : "down");
    }
    return element(
      "a",
      {
        href: row.path,
        onclick: (event) => {
          // Other buttons and modifiers open a tab, as for any link.
          if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          history.pushState(null, "", row.path);
          window.dispatchEvent(
            new CustomEvent("location-changed", { detail: { replace: false } }),
          );
        },
      },
      bar,
      element("span", { className: "rank" }, String(row.rank ?? "")),
      name,
      element("span", { className: "value" }, value),
      change,
    );
  }
}
