// The screen *History*: states as a band, alarms below it, hours of each state, daily medians of the score.
import * as api from './api.js';
import { days } from './days.js';
import { canvas, h, fill, style } from './dom.js';
import { fillState, stateMark, zoneMark } from './marks.js';
import { palette } from './palette.js';
import { dateTime, duration, language, named, percent, t } from './words.js';

const HOUR = 3_600_000;
const RANGES = [1, 24, 7 * 24, 30 * 24, 366 * 24];
/** The steps of the time axis, in milliseconds. */
const STEPS = [5 / 60, 10 / 60, 0.25, 0.5, 1, 3, 6, 12, 24, 48, 7 * 24, 30 * 24, 61 * 24].map((hours) => hours * HOUR);

export function history({ onLink, onNow }) {
  let [log, trend, labels, hours, chosen] = [null, null, [], 24, null];
  const medians = days();
  const note = h('div');
  const range = h('select', { id: 'range', onchange: () => { hours = Number(range.value); chosen = null; show(); } }, RANGES.map((each) => h('option', { value: each, selected: each === hours }, t(`history.range.${each}`))));
  const band = canvas(t('history.band'), 'band', draw);
  const said = h('p', { class: 'small soft', 'aria-live': 'polite' }, t('history.hint'));
  const table = h('div');
  Object.assign(band.element, { tabIndex: 0, onpointermove: point, onkeydown: step });
  band.element.setAttribute('aria-describedby', 'said');
  said.id = 'said';

  const from = () => log.now_ms - hours * HOUR;
  /** Spans of the range, cut to it: `[from, to, index, dated, whole from, whole to]`. */
  const within = ({ spans }) => spans.filter(([a, b]) => b > from() && a < log.now_ms).map(([a, b, index, dated]) => [Math.max(a, from()), Math.min(b, log.now_ms), index, dated, a, b]);
  /** The place of a state among the model's labels, for its colour: past models may have had others. */
  const place = (name) => (name === 'unknown' ? -1 : labels.includes(name) ? labels.indexOf(name) : labels.length + log.states.names.indexOf(name));

  function draw(context, width, height) {
    if (!log) return;
    const [left, right, top, bottom] = [4, width - 4, 6, height - 22];
    const x = (ms) => left + ((right - left) * (ms - from())) / (hours * HOUR);
    const alarmTop = bottom - 16;
    context.fillStyle = style('--paper');
    context.fillRect(left, top, right - left, bottom - top);
    for (const [a, b, index, dated] of within(log.states)) {
      const width = Math.max(x(b) - x(a), 1);
      fillState(context, place(log.states.names[index]), x(a), top, width, alarmTop - 4 - top);
      if (!dated) undatedMark(context, x(a), top, width);
    }
    context.fillStyle = palette.alarm;
    for (const [a, b] of within(log.alarms)) context.fillRect(x(a), alarmTop, Math.max(x(b) - x(a), 3), 14);
    if (chosen) {
      context.strokeStyle = style('--ink');
      context.lineWidth = 3;
      context.strokeRect(x(chosen[0]), top, Math.max(x(chosen[1]) - x(chosen[0]), 2), alarmTop - 4 - top);
      context.lineWidth = 1;
    }
    context.strokeStyle = style('--strong-line');
    context.strokeRect(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1);
    context.fillStyle = style('--soft');
    context.font = '12px system-ui, sans-serif';
    const each = STEPS.find((size) => ((right - left) * size) / (hours * HOUR) > 74) || STEPS[STEPS.length - 1];
    const offset = new Date(log.now_ms).getTimezoneOffset() * 60_000;
    for (let ms = Math.ceil((from() - offset) / each) * each + offset; ms <= log.now_ms; ms += each) {
      context.fillRect(x(ms), bottom, 1, 4);
      const text = each < 24 * HOUR ? new Date(ms).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' }) : new Date(ms).toLocaleDateString(language, { day: 'numeric', month: 'short' });
      const half = context.measureText(text).width / 2;
      if (x(ms) - half > 0 && x(ms) + half < width) context.fillText(text, x(ms) - half, height - 5);
    }
  }

  /** A dotted line along the top of a span whose clock was not set. */
  function undatedMark(context, x, y, width) {
    context.strokeStyle = style('--ink');
    context.lineWidth = 4;
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(x, y + 2);
    context.lineTo(x + width, y + 2);
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 1;
  }

  function choose(span) {
    chosen = span;
    band.redraw();
    if (!span) return fill(said, t('history.off'));
    const [, , index, dated, a, b] = span;
    fill(said, `${named('state', log.states.names[index])}: ${dateTime(a, dated ? '' : 'unsynchronised')} - ${dateTime(b)} (${duration((b - a) / 1000)})`);
  }

  function point(event) {
    if (!log) return;
    const box = band.element.getBoundingClientRect();
    const ms = from() + ((event.clientX - box.left - 4) / (box.width - 8)) * hours * HOUR;
    choose(within(log.states).find(([a, b]) => ms >= a && ms <= b) || null);
  }

  function step(event) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move || !log) return;
    event.preventDefault();
    const spans = within(log.states);
    const at = chosen ? spans.findIndex(([, , , , a]) => a === chosen[4]) + move : spans.length - 1;
    if (spans.length) choose(spans[Math.min(Math.max(at, 0), spans.length - 1)]);
  }

  function show() {
    if (!log) return;
    const sums = new Map();
    let [watched, undated] = [0, false];
    for (const [a, b, index, dated] of within(log.states)) {
      const name = log.states.names[index];
      sums.set(name, (sums.get(name) || 0) + b - a);
      watched += b - a;
      undated ||= !dated;
    }
    const alarms = new Map();
    for (const [a, b, index] of within(log.alarms)) {
      const name = log.alarms.names[index];
      const [count, time] = alarms.get(name) || [0, 0];
      alarms.set(name, [count + 1, time + b - a]);
    }
    const off = Math.max(hours * HOUR - watched, 0);
    const row = (mark, name, count, ms, share) => h('tr', {}, h('th', { scope: 'row' }, h('span', { class: 'key' }, mark, name)), h('td', {}, count), h('td', {}, duration(ms / 1000)), h('td', {}, share));
    const states = [...sums].sort((a, b) => b[1] - a[1]).map(([name, ms]) => row(stateMark(place(name)), named('state', name), '', ms, percent(ms / watched)));
    const raised = [...alarms].map(([name, [count, ms]]) => row(zoneMark('alarm'), `${t('alarm.title')}: ${named('cause', name)}`, String(count), ms, ''));
    const silent = off > 60_000 ? [row('', t('history.not_watched'), '', off, '')] : [];
    const head = h('tr', {}, ['history.what', 'history.count', 'history.time', 'history.share'].map((key) => h('th', { scope: 'col' }, t(key))));
    fill(table, h('table', {}, h('thead', {}, head), h('tbody', {}, states, raised, silent)));
    fill(note, ...(!log.has_log ? [h('p', { class: 'card notice' }, t('alarms.no_log'))] : undated ? [h('p', { class: 'card notice' }, t('history.undated'))] : []));
    medians.show(trend, labels, Math.max(hours / 24, 30));
    band.redraw();
  }

  async function load() {
    try {
      const isFirst = !log;
      [log, trend, labels] = await Promise.all([api.get('api/history'), api.get('api/trend'), api.get('api/now').then((now) => now.labels)]);
      // A log that has just begun would be a line at the edge of a day.
      if (isFirst && log.states.spans.every(([a]) => a > log.now_ms - HOUR)) range.value = hours = 1;
      show();
    } catch (error) {
      fill(note, h('p', { class: 'card notice', role: 'alert' }, error.status ? t('error.request', error.message) : t('error.network')));
    }
  }

  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(load, 1000);
  };
  const stop = api.follow({ now: onNow, event: ({ kind }) => ['state', 'alarm'].includes(kind) && later() }, onLink);
  load();
  const head = h('div', { class: 'row apart' }, h('h2', {}, t('history.title')), h('span', { class: 'row' }, h('label', { for: 'range' }, t('history.range')), range));
  const csv = h('a', { href: 'api/events.csv', download: 'events.csv' }, t('history.csv'));
  const parquet = h('a', { href: 'api/events.parquet', download: 'events.parquet' }, t('history.parquet'));
  return { element: h('div', { class: 'stack' }, note, h('section', { class: 'card' }, head, band.element, said), h('section', { class: 'card' }, h('h2', {}, t('history.hours')), table, h('p', {}, csv, ' · ', parquet)), medians.element), leave: () => { clearTimeout(timer); stop(); } };
}
