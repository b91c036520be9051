// Entry module: registers the dashboard strategy and its cards with the frontend.
//
// A page may load two versions of this module, one from before an update. The first one
// stays, because a custom element cannot be defined twice.

import { followLink } from "./add.js";
import { ChangeFeature } from "./change-feature.js";
import { HeatMapCard } from "./heat-map-card.js";
import { RankingCard } from "./ranking-card.js";
import { NetrexEditor } from "./editor.js";
import { NetrexStrategy } from "./strategy.js";
import { textsOf } from "./texts.js";

const ELEMENTS = {
  "ll-strategy-dashboard-netrex": NetrexStrategy,
  "netrex-dashboard-editor": NetrexEditor,
  "netrex-change": ChangeFeature,
  "netrex-ranking-card": RankingCard,
  "netrex-heat-map-card": HeatMapCard,
};

for (const [name, element] of Object.entries(ELEMENTS)) {
  if (!customElements.get(name)) customElements.define(name, element);
}

// The list of dashboards shows these texts as they are, so they follow the language.
const pageTexts = () =>
  textsOf(
    document.querySelector("home-assistant")?.hass?.locale?.language ??
      navigator.language,
  );

window.customStrategies ??= [];
if (!window.customStrategies.some((strategy) => strategy.type === "netrex")) {
  followLink();
  window.customStrategies.push({
    type: "netrex",
    strategyType: "dashboard",
    get name() {
      return pageTexts().name;
    },
    get description() {
      return pageTexts().description;
    },
    documentationURL:
      "https://github.com/netrex-home-assistant/netrex/blob/main/docs/dashboard.md",
  });
}
