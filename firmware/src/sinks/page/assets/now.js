// The screen *Now*: state, unusual sound, level, microphone, spectrogram, all live.
import * as api from './api.js';
import { curve } from './curve.js';
import { fill, h, keepFocus, pressed } from './dom.js';
import { stateMark, zoneMark } from './marks.js';
import { spectrogram } from './spectrogram.js';
import { dateTime, duration, named, number, percent, t } from './words.js';

const KEPT_MS = 600_000;
/** Lines of the curve of the level. */
const DB_LINES = [-60, -40, -20].map((value) => ({ value, colour: 'soft', name: String(value), dash: [1, 5], below: false }));

/** A card with a heading. */
const card = (title, ...children) => h('section', { class: 'card' }, h('h2', {}, title), ...children);

export function now({ onNow, onLink }) {
  const part = Object.fromEntries(['alarms', 'state', 'confidence', 'zone', 'advice', 'moved', 'trend', 'score', 'level', 'sound', 'device', 'range'].map((name) => [name, h('div')]));
  const bar = h('div');
  const meter = h('div', { class: 'meter', 'aria-hidden': 'true' }, bar);
  part.state.className = 'hero';
  part.state.setAttribute('aria-live', 'polite');
  part.alarms.setAttribute('aria-live', 'assertive');
  part.alarms.className = 'wide';
  const score = (value) => number(value, 2);
  const anomaly = curve(t('now.anomaly'), { range: (values) => [0, Math.max(1.25, ...values)], text: score });
  const level = curve(t('now.level'), { range: (values) => [Math.min(-70, ...values), Math.max(0, ...values)], text: (value) => number(value, 0) });
  const sound = spectrogram();
  // The button of each cause stays over redraws: what has the focus keeps it.
  const [buttons, problem] = [new Map(), h('p', { role: 'alert' })];
  let [points, latest] = [[], null];

  function drawCurves() {
    const end = points.length ? points[points.length - 1].up_ms : 0;
    const line = (value, colour, name, dash, below) => (value ? [{ value, colour, name: t(name), dash, below }] : []);
    const levels = [...line(latest?.warning_level, 'warning', 'now.warning_level', [6, 4], true), ...line(latest?.alarm_level, 'alarm', 'now.alarm_level', [], false)];
    anomaly.show(points.map((point) => [point.up_ms, point.anomaly]), end, levels);
    level.show(points.map((point) => [point.up_ms, point.level_dbfs]), end, DB_LINES);
  }

  function showState(name, last, isCurrent, confidence) {
    const place = latest ? latest.labels.indexOf(name) : -1;
    if (part.state.dataset.name !== name) {
      part.state.dataset.name = name;
      fill(part.state, stateMark(place), h('span', {}, named('state', name)));
    }
    const known = isCurrent && points.length > 0;
    fill(part.confidence, known ? t('now.confidence', percent(confidence)) : points.length ? t('now.stale', named('state', last)) : t('now.starting'));
    bar.style.width = `${known ? Math.round(confidence * 100) : 0}%`;
  }

  function showScore(value, zone) {
    if (latest && latest.warning_level === null && value === null) {
      fill(part.zone, t('now.anomaly.none'));
      fill(part.advice, '');
      anomaly.element.hidden = true;
      return;
    }
    anomaly.element.hidden = false;
    const name = zone || 'none';
    if (part.zone.dataset.name !== name) {
      part.zone.dataset.name = name;
      fill(part.zone, ...(zone ? [h('span', { class: `badge ${zone}` }, zoneMark(zone), named('zone', zone))] : []));
      fill(part.advice, t(`advice.${name}`));
    }
    fill(part.score, value === null ? '' : score(value));
  }

  /** What moved in the sound when the warning or alarm was raised, and what the daily medians show. */
  function showCourse({ explanation, trend }) {
    const line = (...parts) => h('p', { class: 'small' }, ...parts);
    const reach = (level, days) => (days ? [t(`trend.${level}`, ...days)] : []);
    const lines = [];
    if (trend.course === 'rising') {
      const parts = [t('trend.rising', named('state', trend.state)), ...reach('warning', trend.days_to_warning), ...reach('alarm', trend.days_to_alarm)];
      lines.push(line(`${parts.join(', ')}.`));
    }
    if (['part', 'single', 'all'].includes(trend.drift)) {
      lines.push(line(zoneMark('warning'), ' ', t(`drift.${trend.drift}`, named('shift', trend.shift))));
    }
    fill(part.moved, ...(explanation ? [line(`${t('detail.explanation')}: ${explanation.text}`)] : []));
    fill(part.trend, ...lines);
  }

  function showAlarms({ alarms, unacknowledged, last_state }) {
    const causes = [...new Set([...alarms, ...unacknowledged])];
    const key = JSON.stringify([alarms, unacknowledged, api.mayOperate()]);
    if (part.alarms.dataset.key === key) return;
    part.alarms.dataset.key = key;
    fill(problem);
    const status = (cause) => {
      const waiting = unacknowledged.includes(cause);
      if (!alarms.includes(cause)) return t('alarm.ended');
      return waiting ? `${t('alarm.active')}, ${t('alarm.unacknowledged')}` : t('alarm.active');
    };
    const line = (cause) => h('li', { class: 'row' }, h('span', {}, `${named('cause', cause)}${cause === 'state' && alarms.includes(cause) ? ` (${named('state', last_state)})` : ''}: ${status(cause)}`), acknowledge(cause, unacknowledged));
    const title = causes.length
      ? h('p', { class: 'title', tabIndex: -1 }, zoneMark('alarm'), t('alarm.title'))
      : h('p', { class: 'badge normal', tabIndex: -1 }, zoneMark('normal'), t('alarm.none'));
    const draw = () => fill(part.alarms, causes.length ? h('div', { class: 'card alarm' }, title, h('ul', { class: 'plain' }, causes.map(line)), problem) : title);
    keepFocus(part.alarms, draw, () => title);
  }

  /** A button for a cause that waits for it. */
  function acknowledge(cause, unacknowledged) {
    if (!unacknowledged.includes(cause) || !api.mayOperate()) return null;
    const send = () => api.post('api/acknowledge', { cause }).then(() => fill(problem), (error) => fill(problem, error.status ? t('error.request', error.message) : t('error.network')));
    if (!buttons.has(cause)) buttons.set(cause, h('button', { type: 'button', onclick: pressed(send) }, t('alarm.acknowledge')));
    return buttons.get(cause);
  }

  function showSound({ microphone, capture, silent_s }) {
    const problems = [...microphone.map((fault) => named('fault', fault))];
    if (capture !== 'running') problems.push(named('capture', capture));
    if (silent_s > 0) problems.push(t('now.silent', duration(silent_s)));
    const badge = problems.length ? ['warning', problems.join(' · ')] : ['normal', t('now.sound.good')];
    if (part.sound.dataset.key === badge.join()) return;
    part.sound.dataset.key = badge.join();
    fill(part.sound, h('span', { class: `badge ${badge[0]}` }, zoneMark(badge[0]), badge[1]));
  }

  function showDevice(state) {
    const { health } = state;
    const lost = health.gaps || health.dropped_windows || health.dropped_reports;
    const rows = [
      ['now.model', state.model],
      ['now.time', `${dateTime(state.unix_ms, state.clock)}`],
      ['now.up', duration(state.up_ms / 1000)],
      ['now.losses', lost ? t('now.losses.some', health.gaps, health.dropped_windows, health.dropped_reports) : t('now.losses.none')],
      ['now.inference', t('now.inference.value', number(health.inference_p50_us / 1000, 2), number(health.inference_p99_us / 1000, 2))],
      ['now.temperature', health.cpu_millidegrees === null ? null : `${number(health.cpu_millidegrees / 1000, 0)} °C`],
      ['now.version', state.version],
      ['now.rejected', state.rejected_updates.join('; ') || null],
    ];
    fill(part.device, h('dl', { class: 'facts' }, rows.filter(([, value]) => value).map(([name, value]) => h('div', {}, h('dt', {}, t(name)), h('dd', {}, value)))));
  }

  const handlers = {
    now(state) {
      latest = state;
      onNow(state);
      showState(state.state, state.last_state, state.is_current, state.confidence);
      showScore(state.anomaly, state.zone);
      showCourse(state);
      showAlarms(state);
      showSound(state);
      showDevice(state);
      drawCurves();
    },
    window(point) {
      const last = points[points.length - 1];
      if (!last || point.up_ms - last.up_ms >= 950) points.push(point);
      while (points.length && points[0].up_ms < point.up_ms - KEPT_MS) points.shift();
      showState(point.name, point.name, true, point.confidence);
      showScore(point.anomaly, point.zone);
      fill(part.level, `${number(point.level_dbfs, 1)} ${t('now.dbfs')}`);
    },
    columns(text) {
      sound.append(text);
      fill(part.range, t('now.range', sound.range()));
    },
    event(event) {
      if (event.kind === 'gap') sound.gap(latest?.rate_hz ? event.lost_frames / latest.rate_hz : 1);
    },
    lost(count) {
      sound.gap(1);
      console.warn(t('link.missed', count));
    },
  };
  let stop = () => {};
  let left = false;
  api.get('api/recent').catch(() => []).then((recent) => {
    points = recent || [];
    if (!left) stop = api.follow(handlers, onLink);
  });

  const element = h('div', { class: 'grid' },
    part.alarms,
    card(t('now.state'), part.state, part.confidence, meter),
    card(t('now.anomaly'), h('div', { class: 'row apart' }, part.zone, h('span', { class: 'value' }, part.score)), part.advice, part.moved, anomaly.element, part.trend),
    card(t('now.sound'), part.sound, h('div', { class: 'value' }, part.level), level.element),
    h('section', { class: 'card wide' }, h('div', { class: 'row apart' }, h('h2', {}, t('now.spectrogram')), h('span', { class: 'soft small' }, part.range)), sound.element),
    h('section', { class: 'card wide' }, h('h2', {}, t('now.device')), part.device),
  );
  return { element, leave: () => { left = true; stop(); } };
}
