// One occurrence of the screen *Alarms*. Its elements stay while the list is drawn anew: what has the focus keeps it, and what
// plays goes on.
import * as api from './api.js';
import { arrange, fill, h, pressed } from './dom.js';
import { zoneMark } from './marks.js';
import { dateTime, duration, named, t } from './words.js';

/** The view of an occurrence; `acknowledge(cause)` asks the device for it. */
export function occurrenceView(acknowledge) {
  const [title, facts] = [h('h3', { tabIndex: -1 }), h('dl')];
  const head = h('div', { class: 'row apart' }, title);
  const item = h('li', {}, head, facts);
  const button = h('button', { class: 'main', type: 'button', onclick: pressed(() => acknowledge(cause)) }, t('alarm.acknowledge'));
  let [cause, shown] = [null, ''];

  return {
    element: item,
    /** Shows `one` with the views of its clips, and whether it is present and waits for an acknowledgement. */
    show(one, clips, isNow, waiting) {
      cause = one.cause;
      const newlyShown = JSON.stringify([one, isNow]);
      if (shown !== newlyShown) describe(one, isNow);
      shown = newlyShown;
      const hadFocus = document.activeElement === button;
      arrange(head, waiting && api.mayOperate() ? [title, button] : [title]);
      if (hadFocus && !button.isConnected) title.focus();
      arrange(item, [head, facts, ...clips]);
    },
  };

  function describe(one, isNow) {
    const zone = one.kind === 'warning' ? 'warning' : 'alarm';
    item.className = isNow ? `card ${zone}` : 'card';
    title.className = isNow ? 'title' : 'title soft';
    fill(title, zoneMark(zone), one.kind === 'sound' ? t('alarms.sound') : t(`alarms.${one.kind}`, named('cause', one.cause)));
    const rows = [
      [t('alarms.raised'), one.raised && dateTime(one.raised.time_ms, one.raised.clock)],
      [t('alarms.ended'), one.ended ? t('alarms.after', duration((one.ended.time_ms - one.raised.time_ms) / 1000)) : one.raised && (isNow ? t('alarms.present') : t('alarms.unknown_end'))],
      [t('alarms.acknowledged'), one.acknowledged && `${dateTime(one.acknowledged.time_ms, one.acknowledged.clock)}, ${named('by', one.acknowledged.by)}`],
      [t('now.state'), one.state && named('state', one.state)],
      ...one.details.map(([name, value]) => [named('detail', name), value]),
    ];
    fill(facts, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
  }
}
