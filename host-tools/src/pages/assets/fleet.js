// The devices at a broker, the worst first.
import { fill, h } from './dom.js';
import { zoneMark } from './marks.js';
import { duration, named, number, percent, t } from './words.js';

const PERIOD_MS = 2000;
/** The look of a condition; its word differs too. */
const LOOK = { alarm: 'alarm', silent: 'alarm', deaf: 'alarm', warning: 'warning', watch: 'watch', waiting: 'watch', normal: 'normal' };

/** One device; the same element over time, so that what is open stays open. */
function card(id) {
  const badge = h('span', {});
  const facts = h('dl', {});
  const notes = h('ul', { class: 'plain' });
  const events = h('ol', { class: 'plain' });
  const more = h('details', {}, h('summary', {}, t('fleet.events')), events);
  const element = h('li', { class: 'card' }, h('div', { class: 'row apart' }, h('h3', {}, id), badge), facts, notes, more);

  function show(device) {
    const { report } = device;
    const look = LOOK[device.condition];
    badge.className = `badge ${look}`;
    fill(badge, zoneMark(look), named('condition', device.condition));
    const rows = [
      [t('fleet.silent'), device.is_silent && duration(device.silent_s) + (device.online === false ? ` (${t('fleet.offline')})` : '')],
      [t('fleet.state'), report && named('state', report.state) + (report.confidence === null ? '' : ` (${percent(report.confidence)})`)],
      [t('fleet.score'), report && report.anomaly !== null && `${number(report.anomaly, 2)}${report.zone ? ` (${named('zone', report.zone)})` : ''}`],
      [t('fleet.level'), report && report.level_dbfs !== null && `${number(report.level_dbfs, 1)} dBFS`],
      [t('fleet.model'), device.model],
    ];
    facts.replaceChildren(...rows.filter(([, value]) => value).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
    notes.replaceChildren(...texts(device).map((text) => h('li', {}, text)));
    more.hidden = device.events.length === 0;
    fill(events, ...device.events.map((event) => h('li', {}, event)));
  }
  return { element, show };
}

/** What is to be known of a device beside its values. */
function texts({ report, sisters, unlike }) {
  const list = (names, kind) => names.map((name) => named(kind, name)).join(', ');
  const found = [];
  if (report?.alarms.length) found.push(t('fleet.alarm', list(report.alarms, 'cause')));
  if (report?.unacknowledged.length) found.push(t('fleet.unacknowledged', list(report.unacknowledged, 'cause')));
  if (report?.microphone.length) found.push(t('fleet.microphone', list(report.microphone, 'fault')));
  if (report && !['', 'running'].includes(report.capture)) found.push(t('fleet.capture', report.capture));
  if (report?.explanation?.text) found.push(t('fleet.moved', report.explanation.text));
  if (report?.drift) found.push(report.drift_text);
  if (unlike) {
    const { score, level } = sisters;
    if (score?.unlike) found.push(t('fleet.unlike.score', number(score.own, 2), number(score.sisters, 2)));
    if (level?.unlike) found.push(t('fleet.unlike.level', number(level.own, 1), number(level.sisters, 1)));
  }
  return found;
}

export function fleet(main, get) {
  const note = h('div', { role: 'status', 'aria-live': 'polite' });
  const count = h('p', { class: 'soft' });
  const list = h('ol', { class: 'fleet plain' });
  const cards = new Map();
  main.replaceChildren(h('h2', {}, t('fleet.title')), note, count, list);

  async function update() {
    try {
      const { broker, trouble, left_out, devices } = await get('api/fleet');
      const problem = trouble ? t('fleet.trouble', broker, trouble) : devices.length ? '' : t('fleet.none', broker);
      fill(note, ...(problem ? [h('p', { class: 'card notice' }, problem)] : []));
      fill(count, t('fleet.count', devices.length, broker) + (left_out ? ` ${t('fleet.left_out')}` : ''));
      for (const device of devices) {
        if (!cards.has(device.id)) cards.set(device.id, card(device.id));
        cards.get(device.id).show(device);
      }
      const order = devices.map(({ id }) => cards.get(id).element);
      // Elements are moved only where the order changes, so that the focus stays.
      if (order.some((element, place) => list.children[place] !== element)) list.replaceChildren(...order);
    } catch (error) {
      fill(note, h('p', { class: 'card notice', role: 'alert' }, error.message));
    }
    setTimeout(update, PERIOD_MS);
  }
  update();
}
