// The screen *Alarms*: what was raised, when, what was unusual, and the sound around it.
import * as api from './api.js';
import { h, fill } from './dom.js';
import { zoneMark } from './marks.js';
import { clipView } from './clip.js';
import { occurrences } from './occurrences.js';
import { dateTime, duration, named, t } from './words.js';

/** Occurrences that are shown at first, and with each further step. */
const STEP = 20;
/** Events after which the list is loaded anew. */
const KINDS = ['alarm', 'warning', 'acknowledged'];
/** When the list is loaded anew after an event: its record is written at once, the clip of an alarm some seconds later. */
const RELOADS_MS = [1000, 15_000, 40_000, 75_000];

export function alarms({ onLink, onNow }) {
  const list = h('ol', { class: 'plain' });
  const more = h('button', { type: 'button', hidden: true, onclick: () => { shown += STEP; draw(); } }, t('alarms.more'));
  const note = h('div');
  const only = h('select', { id: 'only', onchange: () => draw() }, ['all', 'alarm', 'warning', 'kept'].map((value) => h('option', { value }, t(`alarms.only.${value}`))));
  let [all, kept, shown, state] = [[], new Map(), STEP, { alarms: [], unacknowledged: [] }];
  // Open views stay open over a new list.
  const views = new Map();

  async function load() {
    try {
      const { records, clips, has_log, has_clips } = await api.get('api/alarms');
      all = occurrences(records, clips);
      kept = new Map(clips.map((clip) => [clip.name, clip.kept]));
      fill(note, ...[!has_log && t('alarms.no_log'), !has_clips && t('alarms.no_clips')].filter(Boolean).map((text) => h('p', { class: 'card notice' }, text)));
      draw();
    } catch (error) {
      fill(note, h('p', { class: 'card notice', role: 'alert' }, error.status ? t('error.request', error.message) : t('error.network')));
    }
  }

  function draw() {
    const wanted = all.filter((one) => {
      if (only.value === 'kept') return one.clips.some((clip) => kept.get(clip));
      return only.value === 'all' || one.kind === only.value;
    });
    fill(list, ...wanted.slice(0, shown).map(item));
    if (!wanted.length) fill(list, h('li', { class: 'card' }, t('alarms.none')));
    more.hidden = wanted.length <= shown;
  }

  function item(one) {
    const isNow = one.kind === 'alarm' && one.isLast && (state.alarms.includes(one.cause) || state.unacknowledged.includes(one.cause));
    const waiting = isNow && state.unacknowledged.includes(one.cause);
    const zone = one.kind === 'warning' ? 'warning' : 'alarm';
    const title = one.kind === 'sound' ? t('alarms.sound') : t(`alarms.${one.kind}`, named('cause', one.cause));
    const facts = [
      [t('alarms.raised'), one.raised && dateTime(one.raised.time_ms, one.raised.clock)],
      [t('alarms.ended'), one.ended ? t('alarms.after', duration((one.ended.time_ms - one.raised.time_ms) / 1000)) : one.raised && (isNow ? t('alarms.present') : t('alarms.unknown_end'))],
      [t('alarms.acknowledged'), one.acknowledged && `${dateTime(one.acknowledged.time_ms, one.acknowledged.clock)}, ${named('by', one.acknowledged.by)}`],
      [t('now.state'), one.state && named('state', one.state)],
      ...one.details.map(([name, value]) => [named('detail', name), value]),
    ];
    const rows = facts.filter(([, value]) => value).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
    return h('li', { class: `card ${isNow ? zone : ''}` },
      h('div', { class: 'row apart' }, h('h3', { class: `title ${isNow ? '' : 'soft'}` }, zoneMark(zone), title), waiting && api.mayOperate() ? acknowledge(one.cause) : null),
      h('dl', {}, rows),
      one.clips.map(view),
    );
  }

  /** The view of a clip: the same element over redraws, so that what plays goes on. */
  function view(name) {
    if (!kept.has(name)) return h('p', { class: 'soft small' }, t('clip.deleted', name));
    if (!views.has(name)) views.set(name, clipView(name, (value) => kept.set(name, value)));
    views.get(name).show(kept.get(name));
    return views.get(name).element;
  }

  function acknowledge(cause) {
    const button = h('button', { class: 'main', type: 'button', onclick: async () => {
      button.disabled = true;
      await api.post('api/acknowledge', { cause }).catch((error) => {
        button.disabled = false;
        fill(note, h('p', { class: 'card notice', role: 'alert' }, error.status ? t('error.request', error.message) : t('error.network')));
      });
    } }, t('alarm.acknowledge'));
    return button;
  }

  let timers = [];
  const later = () => {
    timers.forEach(clearTimeout);
    timers = RELOADS_MS.map((ms) => setTimeout(load, ms));
  };
  const stop = api.follow({
    now(next) {
      onNow(next);
      const changed = JSON.stringify([next.alarms, next.unacknowledged]) !== JSON.stringify([state.alarms, state.unacknowledged]);
      state = next;
      if (changed) draw();
    },
    event(event) {
      if (KINDS.includes(event.kind)) later();
    },
  }, onLink);
  load();

  const head = h('div', { class: 'row apart' }, h('h2', {}, t('alarms.title')), h('span', { class: 'row' }, h('label', { for: 'only' }, t('alarms.show')), only));
  return { element: h('div', { class: 'stack' }, head, note, list, more), leave: () => { timers.forEach(clearTimeout); stop(); views.forEach((one) => one.leave()); } };
}
