// The screen *Settings*: what may be changed here, as overrides of the device's file, shown as a difference before it is applied.
import * as api from './api.js';
import { fill, h, keepFocus, pressed } from './dom.js';
import { field } from './fields.js';
import { notifications } from './notifications.js';
import { t } from './words.js';

/** The settings by group, in the order of the screen. */
const GROUPS = {
  sensitivity: ['alarm.alarm', 'alarm.warn', 'alarm.persistence_s'],
  alarms: ['alarm.states', 'alarm.no_sound_s', 'alarm.latch'],
  notify: ['notify.causes', 'notify.warnings', 'notify.ended', 'notify.cooldown_s', 'notify.quiet', 'notify.urgent', 'notify.time_zone'],
  microphone: ['capture.channel'],
};
/** How long the result of a reload is waited for. */
const PATIENCE_MS = 15_000;

const problem = (error) => (error.status ? t('error.request', error.message) : t('error.network'));

export function settings({ onLink, onNow }) {
  const form = h('form', { class: 'stack', onsubmit: pressed(review) });
  const note = h('div', { role: 'status', 'aria-live': 'polite', tabIndex: -1 });
  const preview = h('section', { class: 'card', tabIndex: -1, hidden: true, 'aria-label': t('settings.review') });
  const servers = notifications();
  let [fields, found, stopped, submit] = [[], null, false, null];

  const show = (text, isAlert) => fill(note, ...(text ? [h('p', { class: 'card notice', role: isAlert ? 'alert' : null }, text)] : []));

  async function load() {
    try {
      const [list, now] = await Promise.all([api.get('api/settings'), api.get('api/now')]);
      found = list;
      draw(now.labels);
    } catch (error) {
      show(problem(error), true);
    }
  }

  function draw(labels) {
    const entries = new Map(found.entries.map((entry) => [entry.key, entry]));
    fields = [];
    const groups = Object.entries(GROUPS).map(([group, keys]) => {
      const own = keys.filter((key) => entries.has(key)).map((key) => field(entries.get(key), labels, () => change({ [key]: null })));
      fields.push(...own);
      return h('section', { class: 'card' }, h('h2', {}, t(`settings.${group}`)), own.map((one) => one.element), group === 'notify' ? servers.element : null);
    });
    submit = h('button', { class: 'main', type: 'submit' }, t('settings.review'));
    const foot = h('div', { class: 'row' }, submit, h('span', { class: 'soft small' }, t('settings.files', found.page_file, found.file)));
    const parts = [found.ignored && h('p', { class: 'card notice', role: 'alert' }, t('settings.ignored', found.ignored)), h('div', { class: 'grid' }, groups), foot].filter(Boolean);
    keepFocus(form, () => fill(form, ...parts), (before) => {
      const own = fields.find((one) => one.key === before.closest('[data-key]')?.dataset.key);
      return own ? document.getElementById(before.id) ?? own.element.querySelector('input') : submit;
    });
    preview.hidden = true;
  }

  /** What was changed on the screen. */
  function changes() {
    return Object.fromEntries(fields.filter((one) => one.isChanged()).map((one) => [one.key, one.value()]));
  }

  async function review() {
    const wanted = changes();
    show('');
    try {
      const { differences, changes: count } = await api.post('api/settings/check', { changes: wanted });
      if (!count) {
        preview.hidden = true;
        show(t('settings.same'));
        return;
      }
      const apply = h('button', { class: 'main', type: 'button', onclick: pressed(() => change(wanted)) }, t('settings.apply'));
      const cancel = h('button', { type: 'button', onclick: () => { preview.hidden = true; submit.focus(); } }, t('settings.cancel'));
      fill(preview, h('h2', {}, t('settings.diff')), h('ul', { class: 'plain diff' }, differences.map(difference)), h('div', { class: 'row' }, apply, cancel));
      preview.hidden = false;
      preview.focus();
    } catch (error) {
      preview.hidden = true;
      show(problem(error), true);
    }
  }

  /** One difference to the file, as lines of it: taken away and added, by sign and not by colour alone. */
  function difference({ key, file, to, changed, restart }) {
    const name = key.split('.')[1];
    const line = (value) => (value === null ? `# ${name}: ${t('settings.of_model')}` : `${name} = ${JSON.stringify(value)}`);
    const same = JSON.stringify(file) === JSON.stringify(to);
    return h('li', {}, h('strong', {}, t(`set.${key}`)), changed ? null : h('span', { class: 'soft' }, ` (${t('settings.unchanged')})`),
      same ? h('p', {}, t('settings.back', line(file))) : h('pre', {}, h('del', {}, `- ${line(file)}`), '\n', h('ins', {}, `+ ${line(to)}`)),
      restart ? h('p', { class: 'soft small' }, t('settings.restart')) : null);
  }

  async function change(wanted) {
    const before = found.reload.count;
    if (preview.contains(document.activeElement)) note.focus();
    preview.hidden = true;
    try {
      const { changes: count } = await api.post('api/settings', { changes: wanted });
      show(count ? t('settings.applying') : t('settings.same'));
      if (count) await taken(before);
    } catch (error) {
      show(problem(error), true);
    }
    if (!stopped) await load();
  }

  /** Waits until the device has read the settings again. */
  async function taken(before) {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !stopped; ) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { reload } = await api.get('api/settings');
      if (reload.count === before) continue;
      show(reload.failure ? t('settings.failed', reload.failure) : t('settings.applied'), Boolean(reload.failure));
      return;
    }
    show(t('settings.slow'), true);
  }

  const stop = api.follow({ now: onNow }, onLink);
  if (api.mayOperate()) load();
  const body = api.mayOperate() ? [form, note, preview] : [h('p', { class: 'card' }, h('a', { href: '#login' }, t('settings.login')))];
  return { element: h('div', { class: 'stack' }, h('h2', {}, t('settings.title')), ...body), leave: () => { stopped = true; stop(); servers.leave(); } };
}
