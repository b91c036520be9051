// A feature of core's tile: the change against last week, with its sign. A tile shows
// numbers without a plus sign.

import { element } from "./dom.js";
import { numberOf } from "./metrics.js";
import { formatChange } from "./ranking.js";
import { textsOf } from "./texts.js";

const STYLE = `
  :host { display: flex; justify-content: flex-end; align-items: center; height: 100%; }
  div { text-align: right; line-height: 16px; font-size: 12px; padding-right: 12px; }
  b { display: block; font-size: 14px; line-height: 20px; font-weight: 500; }
  .up { color: var(--success-color); }
  .down { color: var(--error-color); }
  small { font-size: 12px; color: var(--secondary-text-color); }
`;

export class ChangeFeature extends HTMLElement {
  #config = null;
  #hass = null;
  #shown = "";

  setConfig(config) {
    if (typeof config.entity !== "string") throw new Error("`entity` is missing");
    this.#config = config;
    this.#update();
  }

  set hass(hass) {
    this.#hass = hass;
    this.#update();
  }

  #update() {
    if (!this.#config || !this.#hass) return;
    const change = numberOf(this.#hass, this.#config.entity);
    const language = this.#hass.locale?.language;
    const shown = JSON.stringify([change, language]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    const children = [element("style", { textContent: STYLE })];
    // Without visitors last week, or before the first ones today, there is no change.
    if (change !== null) {
      const rounded = Math.round(change);
      const value = element("b", { textContent: formatChange(this.#hass, change) });
      if (rounded) value.className = rounded > 0 ? "up" : "down";
      const caption = element("small", { textContent: textsOf(language).lastWeek });
      children.push(element("div", {}, value, caption));
    }
    this.shadowRoot.replaceChildren(...children);
  }
}
