// The dashboard strategy: asks the integration for the places and builds the views.

import { withDefaults } from "./metrics.js";
import { modelOf } from "./model.js";
import { textsOf } from "./texts.js";
import { dashboardOf, emptyDashboard, failedDashboard } from "./views.js";

// The version of the answer that these modules understand.
const VERSION = 1;

/** Return what the dashboard of a user depends on, besides the values. */
export const fingerprint = (hass) => {
  const parts = [hass.locale?.language];
  const devices = new Set();
  for (const entity of Object.values(hass.entities ?? {})) {
    if (entity.platform !== "netrex") continue;
    parts.push(entity.entity_id, entity.device_id, entity.hidden);
    devices.add(entity.device_id);
  }
  for (const id of devices) {
    const device = hass.devices?.[id];
    parts.push(device?.name_by_user ?? device?.name, device?.via_device_id);
  }
  return parts.join("\n");
};

/** Return how many accounts are loaded, by an entity that each of them has. */
export const loadedAccounts = (hass) =>
  Object.values(hass.entities ?? {}).filter(
    (entity) =>
      entity.platform === "netrex" &&
      entity.translation_key === "queries_used" &&
      (hass.states?.[entity.entity_id]?.state ?? "unavailable") !== "unavailable",
  ).length;

export class NetrexStrategy extends HTMLElement {
  // While an account is reloaded, the last answer is better than an empty page.
  static #accounts = [];

  static async generate(strategy, hass) {
    const texts = textsOf(hass.locale?.language ?? hass.language);
    let answer;
    try {
      answer = await hass.callWS({ type: "netrex/places", version: VERSION });
    } catch (error) {
      // The command exists once Home Assistant has set the integration up.
      return error?.code === "unknown_command"
        ? emptyDashboard(texts, false)
        : failedDashboard(texts, error?.message ?? String(error));
    }
    if (answer.accounts.length >= this.#accounts.length || loadedAccounts(hass)) {
      this.#accounts = answer.accounts;
    }
    const model = modelOf(this.#accounts);
    return model.sites.length
      ? dashboardOf(model, withDefaults(strategy), hass, texts)
      : emptyDashboard(texts, this.#accounts.length > 0);
  }

  /** Called with each change of a state, so it compares objects first. */
  static shouldRegenerate(_strategy, before, now) {
    if (
      before.entities === now.entities &&
      before.devices === now.devices &&
      before.locale === now.locale
    ) {
      // An account that has been loaded meanwhile.
      return this.#accounts.length === 0 && loadedAccounts(now) > 0;
    }
    return fingerprint(before) !== fingerprint(now);
  }

  /** Suggestions for the form of a new dashboard. */
  static getCreateSuggestions(hass) {
    return { title: textsOf(hass.locale?.language).title, icon: "mdi:storefront" };
  }

  static async getConfigElement() {
    if (!customElements.get("ha-form")) {
      // The frontend loads its form with the editor of one of its cards.
      const helpers = await window.loadCardHelpers();
      const card = await helpers.createCardElement({ type: "entities", entities: [] });
      await card.constructor.getConfigElement?.();
    }
    return document.createElement("netrex-dashboard-editor");
  }
}
