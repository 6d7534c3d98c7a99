// The screen *Alarms*: what was raised, when, what was unusual, and the sound around it.
import * as api from './api.js';
import { arrange, fill, h } from './dom.js';
import { clipView } from './clip.js';
import { occurrenceView } from './occurrence.js';
import { occurrences } from './occurrences.js';
import { t } from './words.js';

/** Occurrences that are shown at first, and with each further step. */
const STEP = 20;
/** Events after which the list is loaded anew. */
const KINDS = ['alarm', 'warning', 'acknowledged'];
/** When the list is loaded anew after an event: its record is written at once, the clip of an alarm some seconds later. */
const RELOADS_MS = [1000, 15_000, 40_000, 75_000];

export function alarms({ onLink, onNow }) {
  const list = h('ol', { class: 'plain' });
  const more = h('button', { type: 'button', hidden: true, onclick: showMore }, t('alarms.more'));
  const note = h('div');
  const only = h('select', { id: 'only', onchange: () => draw() }, ['all', 'alarm', 'warning', 'kept'].map((value) => h('option', { value }, t(`alarms.only.${value}`))));
  let [all, kept, shown, state] = [[], new Map(), STEP, { alarms: [], unacknowledged: [] }];
  // Over a new list open views stay open, and what has the focus keeps it.
  const [items, views] = [new Map(), new Map()];

  async function load() {
    try {
      const { records, clips, has_log, has_clips } = await api.get('api/alarms');
      all = occurrences(records, clips);
      kept = new Map(clips.map((clip) => [clip.name, clip.kept]));
      fill(note, ...[!has_log && t('alarms.no_log'), !has_clips && t('alarms.no_clips')].filter(Boolean).map((text) => h('p', { class: 'card notice' }, text)));
      draw();
    } catch (error) {
      failed(error);
    }
  }

  /** Shows further occurrences; the first of them has the focus where there are no more, and the button goes. */
  function showMore() {
    const before = list.childElementCount;
    shown += STEP;
    draw();
    if (more.hidden) list.children[before]?.querySelector('h3').focus();
  }

  function draw() {
    const wanted = all.filter((one) => {
      if (only.value === 'kept') return one.clips.some((clip) => kept.get(clip));
      return only.value === 'all' || one.kind === only.value;
    });
    arrange(list, wanted.length ? wanted.slice(0, shown).map(item) : [h('li', { class: 'card' }, t('alarms.none'))]);
    more.hidden = wanted.length <= shown;
  }

  /** An occurrence: the same element over redraws. */
  function item(one) {
    const key = one.raised ? one.raised.number : one.clips[0];
    if (!items.has(key)) items.set(key, occurrenceView(acknowledge));
    const waiting = one.kind === 'alarm' && one.isLast && state.unacknowledged.includes(one.cause);
    const isNow = waiting || (one.kind === 'alarm' && one.isLast && state.alarms.includes(one.cause));
    items.get(key).show(one, one.clips.map(view), isNow, waiting);
    return items.get(key).element;
  }

  /** The view of a clip: the same element over redraws, so that what plays goes on. */
  function view(name) {
    if (!kept.has(name)) return h('p', { class: 'soft small' }, t('clip.deleted', name));
    if (!views.has(name)) views.set(name, clipView(name, (value) => kept.set(name, value)));
    views.get(name).show(kept.get(name));
    return views.get(name).element;
  }

  const failed = (error) => fill(note, h('p', { class: 'card notice', role: 'alert' }, error.status ? t('error.request', error.message) : t('error.network')));
  const acknowledge = (cause) => api.post('api/acknowledge', { cause }).catch(failed);

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
