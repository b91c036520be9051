// The visual editor of the dashboard: the frontend's form with our texts.

import { DEFAULTS, METRICS, ORDERS, withDefaults } from "./metrics.js";
import { textsOf } from "./texts.js";

/** Return the form's fields. */
export const schemaOf = (texts) => {
  const metrics = METRICS.map(({ key }) => ({ value: key, label: texts.metrics[key] }));
  const orders = ORDERS.map((order) => ({
    value: order,
    label: texts.editor[`order_${order}`],
  }));
  const choice = (options, extra = {}) => ({ select: { options, ...extra } });
  return [
    { name: "metric", selector: choice(metrics, { mode: "dropdown" }) },
    { name: "metrics", selector: choice(metrics, { multiple: true, reorder: true }) },
    { name: "regions", selector: { boolean: {} } },
    { name: "order", selector: choice(orders, { mode: "dropdown" }) },
  ];
};

/** Return the configuration to save: the rest as it is, without defaults. */
export const toSave = (before, values) => {
  const config = { ...before, ...withDefaults(values) };
  for (const [key, value] of Object.entries(DEFAULTS)) {
    if (JSON.stringify(config[key]) === JSON.stringify(value)) delete config[key];
  }
  return config;
};

export class NetrexEditor extends HTMLElement {
  #config = {};
  #hass = null;
  #form = null;

  setConfig(config) {
    this.#config = config;
    this.#update();
  }

  set hass(hass) {
    this.#hass = hass;
    this.#update();
  }

  connectedCallback() {
    this.#update();
  }

  #update() {
    if (!this.#hass || !this.isConnected) return;
    const texts = textsOf(this.#hass.locale?.language);
    if (!this.#form) {
      this.#form = document.createElement("ha-form");
      this.#form.addEventListener("value-changed", (event) => {
        event.stopPropagation();
        const config = toSave(this.#config, event.detail.value);
        this.#config = config;
        this.dispatchEvent(
          new CustomEvent("config-changed", {
            detail: { config },
            bubbles: true,
            composed: true,
          }),
        );
      });
      this.append(this.#form);
    }
    Object.assign(this.#form, {
      hass: this.#hass,
      data: withDefaults(this.#config),
      schema: schemaOf(texts),
      computeLabel: (field) => texts.editor[field.name],
    });
  }
}
