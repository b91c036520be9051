// Adds the dashboard for an administrator who follows the link after the set-up.
//
// The frontend offers it under *Add dashboard*, too; this takes two clicks.

import { textsOf } from "./texts.js";

const ICON = "mdi:storefront";
const PATH = "/config/lovelace/dashboards";
const STRATEGY = "custom:netrex";
const PATIENCE_MILLISECONDS = 20000;
const POLL_MILLISECONDS = 50;

/** Return whether an address is that of the link. */
export const isRequested = ({ pathname, search }) =>
  pathname === PATH && new URLSearchParams(search).get("netrex") === "add";

/** Return the path of the account's dashboard; it is created if there is none. */
export const addDashboard = async (hass) => {
  const dashboards = await hass.callWS({ type: "lovelace/dashboards/list" });
  for (const { url_path } of dashboards) {
    const config = await hass
      .callWS({ type: "lovelace/config", url_path, force: false })
      .catch(() => null);
    if (config?.strategy?.type === STRATEGY) return url_path;
  }
  const taken = new Set(dashboards.map((dashboard) => dashboard.url_path));
  let path = "netrex-shops";
  for (let number = 2; taken.has(path); number += 1) path = `netrex-shops-${number}`;
  await hass.callWS({
    type: "lovelace/dashboards/create",
    url_path: path,
    title: textsOf(hass.locale?.language).title,
    icon: ICON,
    mode: "storage",
    show_in_sidebar: true,
    require_admin: false,
  });
  await hass.callWS({
    type: "lovelace/config/save",
    url_path: path,
    config: { strategy: { type: STRATEGY } },
  });
  return path;
};

const until = async (condition) => {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  while (!condition() && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
  return Boolean(condition());
};

/**
 * Add the dashboard and open it, if the page was opened by the link.
 *
 * The link loads the page again, because an open page does not load this module after
 * the first set-up. The address may come from anywhere, so the user is asked.
 */
export const followLink = async () => {
  if (!isRequested(window.location)) return;
  const page = document.querySelector("home-assistant");
  if (!(await until(() => page?.hass?.user)) || !page.hass.user.is_admin) return;
  // Asked once, also if the page is loaded again.
  history.replaceState(null, "", PATH);
  if (!window.confirm(textsOf(page.hass.locale?.language).ask)) return;
  const path = await addDashboard(page.hass);
  await until(() => page.hass.panels?.[path]);
  history.replaceState(null, "", `/${path}`);
  window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: true } }));
};
