// The average week of a statistic by hour and weekday, without a page.

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const HOURS = 24;

const WEEK_MILLISECONDS = 7 * 24 * 60 * 60 * 1000;

/**
 * Return the average week of rows of `recorder/statistics_during_period`.
 *
 * `cells[day][hour]` is an average or null, days from Monday on, in the time zone. The
 * hours from `first` to `last` have values above zero; `first` is null without any.
 * `weeks` is the time that the rows cover, at least one week.
 */
export const weekOf = (rows, timeZone) => {
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    hourCycle: "h23",
  });
  let [earliest, latest] = [Infinity, -Infinity];
  const sums = DAYS.map(() => Array.from({ length: HOURS }, () => [0, 0]));
  for (const { start, change } of rows) {
    if (!Number.isFinite(change)) continue;
    earliest = Math.min(earliest, start);
    latest = Math.max(latest, start);
    const parts = Object.fromEntries(
      clock.formatToParts(start).map(({ type, value }) => [type, value]),
    );
    const cell = sums[DAYS.indexOf(parts.weekday)][Number(parts.hour)];
    cell[0] += change;
    cell[1] += 1;
  }
  const cells = sums.map((day) =>
    day.map(([sum, count]) => (count ? Math.max(0, sum / count) : null)),
  );
  const weeks = Math.max(1, Math.round((latest - earliest) / WEEK_MILLISECONDS) || 0);
  const week = { cells, weeks, first: null, last: null, most: 0, busiest: null };
  cells.forEach((hours, day) =>
    hours.forEach((value, hour) => {
      if (!value) return;
      week.first = Math.min(week.first ?? hour, hour);
      week.last = Math.max(week.last ?? hour, hour);
      if (value > week.most) {
        week.most = value;
        week.busiest = { day, hour };
      }
    }),
  );
  return week;
};

/** Return the order of the days, by the setting of the user's profile. */
export const dayOrder = (locale) => {
  const chosen = { monday: 0, saturday: 5, sunday: 6 }[locale?.first_weekday];
  let first = chosen;
  if (first === undefined) {
    const language = new Intl.Locale(locale?.language ?? "en");
    const info = language.getWeekInfo?.() ?? language.weekInfo;
    first = ((info?.firstDay ?? 1) + 6) % 7;
  }
  return DAYS.map((_, index) => (first + index) % 7);
};

/** Return the name of a day, counted from Monday on. */
export const dayName = (language, day, weekday) =>
  new Intl.DateTimeFormat(language ?? "en", { weekday, timeZone: "UTC" }).format(
    // A Monday.
    Date.UTC(2024, 0, 1 + day),
  );

/** Return how a user writes an hour of the day, such as `16` or `4 PM`. */
export const hourName = (locale, hour) => {
  const chosen = { 12: "h12", 24: "h23" }[locale?.time_format];
  const format = new Intl.DateTimeFormat(locale?.language ?? "en", {
    hour: "numeric",
    timeZone: "UTC",
    ...(chosen ? { hourCycle: chosen } : {}),
  });
  const parts = format.formatToParts(Date.UTC(2024, 0, 1, hour));
  const period = parts.find(({ type }) => type === "dayPeriod")?.value;
  const number = Number(parts.find(({ type }) => type === "hour").value);
  return period ? `${number} ${period}` : `${number}`;
};
