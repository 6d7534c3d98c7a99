// The daily medians of the anomaly score: a line for each state over the days, and in words where they go.
import { levelLine } from './curve.js';
import { canvas, h, fill, style } from './dom.js';
import { colourOf, stateMark, zoneMark } from './marks.js';
import { duration, language, named, number, t } from './words.js';

const DAY = 86_400_000;
/** Days further apart are not connected: nothing is known of those between. */
const JOIN_DAYS = 3;
/** Patterns of the lines, so that colours alone tell no states apart. */
const DASHES = [[], [8, 3], [3, 3], [9, 3, 3, 3]];

/** The card. `show(trend, labels, days)` draws the newest `days` of the answer of `api/trend`. */
export function days() {
  let [states, levels, range] = [[], [], 30];
  const curve = canvas(t('days.none'), 'curve days', draw);
  const list = h('ul', { class: 'plain' });
  const none = h('p', { class: 'soft' }, t('days.none'));

  /** The days of a state with a score, as `[days since 1970, score]`; without dates, by hours of sound. */
  function points({ days, today }) {
    const all = [...days, ...(today ? [today] : [])].filter(({ score }) => score !== null);
    const dated = all.every(({ date }) => date);
    return all.map(({ date, sound_h, score }) => [dated ? Date.parse(date) / DAY : sound_h / 24, score, dated]);
  }

  function draw(context, width, height) {
    const all = states.flatMap((one) => one.points);
    if (!all.length) return;
    const [left, right, top, bottom] = [34, width - 6, 8, height - 20];
    const last = Math.max(...all.map(([day]) => day));
    const first = Math.min(last - 1, Math.max(last - range + 1, Math.min(...all.map(([day]) => day))));
    const most = Math.max(...all.map(([, score]) => score), ...levels.map(({ value }) => value)) * 1.1 || 1;
    const x = (day) => left + ((right - left) * (day - first)) / (last - first);
    const y = (score) => bottom - ((bottom - top) * Math.max(score, 0)) / most;
    context.font = '12px system-ui, sans-serif';
    context.fillStyle = style('--soft');
    context.strokeStyle = style('--line');
    context.lineWidth = 1;
    for (const score of [0, most / 2, most]) {
      context.beginPath();
      context.moveTo(left, y(score) + 0.5);
      context.lineTo(right, y(score) + 0.5);
      context.stroke();
      context.fillText(number(score, 2), 2, y(score) + 4);
    }
    levels.forEach(({ value, ...level }) => levelLine(context, left, right, y(value), level));
    for (const { place, points } of states) {
      context.strokeStyle = context.fillStyle = colourOf(place);
      context.lineWidth = 2;
      context.setLineDash(DASHES[Math.max(place, 0) % DASHES.length]);
      context.save();
      context.beginPath();
      context.rect(left, 0, right - left + 4, height);
      context.clip();
      line(context, points, x, y);
      context.restore();
      context.setLineDash([]);
    }
    context.lineWidth = 1;
    context.fillStyle = style('--soft');
    const dated = all.every(([, , isDated]) => isDated);
    const text = (day) => (dated ? new Date(day * DAY).toLocaleDateString(language, { day: 'numeric', month: 'short', timeZone: 'UTC' }) : t('days.day', number(day, 0)));
    context.fillText(text(first), left, height - 4);
    const end = text(last);
    context.fillText(end, right - context.measureText(end).width, height - 4);
  }

  /** The line through points, with a dot at each. */
  function line(context, points, x, y) {
    context.beginPath();
    points.forEach(([day, score], i) => context[i && day - points[i - 1][0] <= JOIN_DAYS ? 'lineTo' : 'moveTo'](x(day), y(score)));
    context.stroke();
    context.setLineDash([]);
    for (const [day, score] of points) {
      context.beginPath();
      context.arc(x(day), y(score), 2.5, 0, 2 * Math.PI);
      context.fill();
    }
  }

  /** A state in words: its newest median, and where it goes. */
  function item({ state, place, course, days_to_warning, days_to_alarm, days, today, points }) {
    const newest = points.at(-1);
    const reach = (level, span) => (span ? [t(`trend.${level}`, ...span)] : []);
    const words = [t(`days.${course}`), ...(course === 'rising' ? [...reach('warning', days_to_warning), ...reach('alarm', days_to_alarm)] : [])].join(', ');
    const hours = [...days, ...(today ? [today] : [])].reduce((sum, day) => sum + day.hours, 0);
    const median = newest ? t('days.newest', number(newest[1], 2), days.length, duration(hours * 3600)) : t('days.unscored', days.length, duration(hours * 3600));
    const trend = newest ? [h('p', {}, h('span', { class: 'key' }, course === 'rising' ? zoneMark('warning') : null, `${words}.`))] : [];
    return h('li', {}, h('h3', { class: 'key' }, stateMark(place), named('state', state)), h('p', { class: 'small' }, median), ...trend);
  }

  return {
    element: h('section', { class: 'card' }, h('h2', {}, t('days.title')), h('p', { class: 'small soft' }, t('days.hint')), none, curve.element, list, h('p', {}, h('a', { href: 'api/trend.csv', download: 'trend.csv' }, t('days.csv')))),
    show(trend, labels, days) {
      range = days;
      states = trend.states.map((one) => ({ ...one, place: labels.indexOf(one.state), points: points(one) }));
      const level = (value, colour, name, below) => (value === null ? [] : [{ value, colour, name: t(name), dash: [6, 4], below }]);
      levels = [...level(trend.warning_level, 'warning', 'days.warning', true), ...level(trend.alarm_level, 'alarm', 'days.alarm', false)];
      const scored = states.some((one) => one.points.length);
      none.hidden = states.length > 0;
      curve.element.hidden = !scored;
      curve.element.setAttribute('aria-label', t('days.label', states.map(({ state }) => named('state', state)).join(', ')));
      fill(list, ...states.map(item));
      curve.redraw();
    },
  };
}
