// The servers that messages go to, what has become of the last message, and the button of the test.
import * as api from './api.js';
import { h, fill, pressed } from './dom.js';
import { clockTime, t } from './words.js';

/** How often the servers are asked for after a test. */
const STEP_MS = 700;
const STEPS = 20;

export function notifications() {
  const list = h('ul', { class: 'plain', 'aria-live': 'polite' });
  const button = h('button', { type: 'button', hidden: true, onclick: pressed(test) }, t('notify.test'));
  let stopped = false;

  async function load() {
    const { channels } = await api.get('api/notify');
    button.hidden = !channels.length;
    if (!channels.length) fill(list, h('li', { class: 'soft' }, t('notify.none')));
    else fill(list, ...channels.map((one) => h('li', {}, h('strong', {}, `${one.channel} ${one.host}`), ': ', outcome(one))));
    return channels;
  }

  function outcome({ waiting, unix_ms, failure }) {
    const last = !unix_ms ? t('notify.unused') : failure ? t('notify.failed', clockTime(unix_ms), failure) : t('notify.sent', clockTime(unix_ms));
    return waiting ? `${last} ${t('notify.waiting', waiting)}` : last;
  }

  async function test() {
    try {
      await api.post('api/notify/test');
      for (let step = 0; step < STEPS && !stopped; step++) {
        await new Promise((resolve) => setTimeout(resolve, STEP_MS));
        const channels = await load();
        if (channels.every((one) => !one.waiting || one.failure)) break;
      }
    } catch (error) {
      fill(list, h('li', { role: 'alert' }, error.status ? t('error.request', error.message) : t('error.network')));
    }
  }

  if (api.mayOperate()) load().catch(() => {});
  return { element: h('div', { class: 'setting' }, h('h3', {}, t('notify.servers')), list, button), leave: () => { stopped = true; } };
}
