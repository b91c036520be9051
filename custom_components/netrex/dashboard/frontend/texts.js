// The dashboard's own texts. Entity names come in the server's language, so the
// dashboard does not show them beside its headings.

const EN = {
  name: "Netrex",
  description: "Shops, visitors, and cameras of your Netrex account, always up to date",
  title: "Shops",
  ask: "Create a dashboard for your shops?",
  overview: "Overview",
  wall: "Cameras",
  history: "History",
  today: "{place} today",
  ranking: "Ranking of shops",
  shareOfRegions: "{metric} by region today",
  lastWeek: "vs last week",
  last14Days: "{metric}, last 14 days",
  last30Days: "{metric}, last 30 days",
  lastYear: "{metric} by week, last year",
  yearOf: "{place}: last year",
  busyHours: "Visitors by hour and weekday",
  busiest: "Busiest: {day} {hours}, {value} visitors on average",
  average: "Average of {time}",
  noHours: "No hourly visitors yet. The history is being imported.",
  offline: "Cameras offline",
  full: "Full now",
  recordings: "Recordings",
  noAccount:
    "## Nothing to show yet\n\nThe Netrex account is still loading, or none is set up. " +
    "This page fills by itself.\n\n[Open the integration]({link})",
  noPlaces:
    "## Nothing to show yet\n\nThe account has no cameras or shops that you may see. " +
    "New ones appear here by themselves.\n\n[Open the integration]({link})",
  failed:
    "## The dashboard cannot be shown\n\nReload the page. If that does not help, " +
    "make sure that the Netrex integration is up to date.\n\n`{error}`",
  loading: "Loading…",
  noValue: "–",
  editor: {
    metric: "Rank shops by",
    metrics: "Numbers to show",
    regions: "Show regions",
    order: "Order of shops on the other pages",
    order_name: "By name",
    order_rank: "By the ranked number",
    order_portal: "As in the portal",
  },
  metrics: {
    visitors: "Visitors",
    sales: "Sales",
    conversion: "Conversion",
    occupancy: "Inside now",
    transactions: "Transactions",
    people_in: "People in",
    people_out: "People out",
    pass_by: "Passers-by",
    average_transaction: "Average sale",
    spend_per_visitor: "Spend per visitor",
    refunds: "Refunds",
    refunds_amount: "Refunded amount",
  },
};

const CS = {
  name: "Netrex",
  description: "Prodejny, návštěvníci a kamery z vašeho účtu Netrex, vždy aktuální",
  title: "Prodejny",
  ask: "Vytvořit ovládací panel vašich prodejen?",
  overview: "Přehled",
  wall: "Kamery",
  history: "Historie",
  today: "{place} dnes",
  ranking: "Pořadí prodejen",
  shareOfRegions: "{metric} podle oblastí dnes",
  lastWeek: "proti min. týdnu",
  last14Days: "{metric}, posledních 14 dní",
  last30Days: "{metric}, posledních 30 dní",
  lastYear: "{metric} po týdnech, poslední rok",
  yearOf: "{place}: poslední rok",
  busyHours: "Návštěvníci podle hodin a dnů",
  busiest: "Nejvíce lidí: {day} {hours}, průměr návštěvníků: {value}",
  average: "Průměr za {time}",
  noHours: "Zatím nejsou žádné hodinové údaje. Historie se načítá.",
  offline: "Nepřipojené kamery",
  full: "Právě plno",
  recordings: "Záznamy",
  noAccount:
    "## Zatím není co zobrazit\n\nÚčet Netrex se ještě načítá, nebo není přidán žádný. " +
    "Stránka se doplní sama.\n\n[Otevřít integraci]({link})",
  noPlaces:
    "## Zatím není co zobrazit\n\nÚčet nemá kamery ani prodejny, které smíte vidět. " +
    "Nové se zde objeví samy.\n\n[Otevřít integraci]({link})",
  failed:
    "## Ovládací panel nelze zobrazit\n\nNačtěte stránku znovu. Pokud to nepomůže, " +
    "zkontrolujte, zda je integrace Netrex aktuální.\n\n`{error}`",
  loading: "Načítá se…",
  noValue: "–",
  editor: {
    metric: "Řadit prodejny podle",
    metrics: "Zobrazené údaje",
    regions: "Zobrazit oblasti",
    order: "Pořadí prodejen na ostatních stránkách",
    order_name: "Podle názvu",
    order_rank: "Podle zvoleného údaje",
    order_portal: "Jako v portálu",
  },
  metrics: {
    visitors: "Návštěvníci",
    sales: "Tržby",
    conversion: "Konverze",
    occupancy: "Právě uvnitř",
    transactions: "Transakce",
    people_in: "Příchody",
    people_out: "Odchody",
    pass_by: "Kolemjdoucí",
    average_transaction: "Průměrný nákup",
    spend_per_visitor: "Útrata na osobu",
    refunds: "Vratky",
    refunds_amount: "Vrácená částka",
  },
};

export const LANGUAGES = { en: EN, cs: CS };

/** Return the texts of a language tag such as `cs` or `en-GB`; English if unknown. */
export const textsOf = (language) => LANGUAGES[(language ?? "en").slice(0, 2)] ?? EN;

/** Replace the placeholders of a text. */
export const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (whole, key) => String(values[key] ?? whole));
