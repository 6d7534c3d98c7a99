// The screen *Models*: what there is, the upload of another one with its self-test, and the way back.
import * as api from './api.js';
import { fill, h, keepFocus, pressed } from './dom.js';
import { number, percent, t } from './words.js';

/** How long the result of a reload is waited for. */
const PATIENCE_MS = 20_000;

export function models({ onLink, onNow }) {
  const list = h('ul', { class: 'plain' });
  const note = h('div', { role: 'status', 'aria-live': 'polite' });
  const model = h('input', { id: 'model', type: 'file', accept: '.tflite', required: true });
  const signature = h('input', { id: 'signature', type: 'file', accept: '.minisig', 'aria-describedby': 'rule' });
  const rule = h('p', { id: 'rule', class: 'soft small' });
  const progress = h('progress', { max: 1, value: 0, hidden: true, 'aria-label': t('models.progress') });
  const send = h('button', { class: 'main', type: 'submit' }, t('models.upload'));
  const form = h('form', { class: 'card', onsubmit: pressed(upload) },
    h('h2', {}, t('models.new')), h('label', { for: 'model' }, t('models.file')), model, h('label', { for: 'signature' }, t('models.signature')), signature, rule, h('div', { class: 'row' }, send, progress));
  let [found, stopped] = [null, false];

  const show = (text, isAlert) => fill(note, ...(text ? [h('p', { class: 'card notice', role: isAlert ? 'alert' : null }, text)] : []));
  const problem = (error) => show(error.status ? t('error.request', error.message) : t('error.network'), true);

  async function load() {
    try {
      found = await api.get('api/models');
      draw();
    } catch (error) {
      problem(error);
    }
  }

  function draw() {
    const closed = found.is_fixed || !found.can_keep;
    form.hidden = closed || found.uploads === 'off';
    signature.required = found.uploads === 'signed';
    fill(rule, t(found.uploads === 'signed' ? (found.has_key ? 'models.signed_only' : 'models.no_key') : 'models.any'));
    const reasons = [found.is_fixed && t('models.fixed'), !found.can_keep && t('models.no_folder'), found.uploads === 'off' && t('models.off'), ...found.damaged.map((why) => t('models.damaged', why))];
    const items = new Map(found.models.map((one) => [one.id, item(one, closed)]));
    const lines = [...items.values(), ...reasons.filter(Boolean).map((text) => h('li', { class: 'card notice' }, text))];
    // The model whose button had the focus has it still: its button, or its heading once it is in use.
    const again = (before) => { const own = items.get(before.closest('li').dataset.id); return own?.querySelector('button') ?? (own ?? list).querySelector('h3'); };
    keepFocus(list, () => fill(list, ...lines), again);
  }

  function item(one, closed) {
    const isPrevious = one.id === found.previous;
    const name = t(one.id === 'file' ? 'models.of_file' : 'models.of_page', one.generation);
    const facts = [[t('models.sum'), one.sha256.slice(0, 16)], [t('models.size'), `${number(one.bytes / 1e6, 2)} MB`], [t('models.is_signed'), t(one.signed ? 'settings.yes' : 'settings.no')]];
    const rows = facts.flatMap(([what, value]) => [h('dt', {}, what), h('dd', {}, value)]);
    const label = t(isPrevious ? 'models.roll_back' : 'models.use');
    const button = one.active || closed ? null : h('button', { type: 'button', 'aria-label': `${label}: ${name}`, onclick: pressed(() => use(one.id)) }, label);
    const mark = one.active ? h('span', { class: 'badge normal' }, t('models.active')) : isPrevious ? h('span', { class: 'badge watch' }, t('models.previous')) : null;
    return h('li', { class: 'card', 'data-id': one.id }, h('div', { class: 'row apart' }, h('h3', { class: 'title', tabIndex: -1 }, name, ' ', mark), button), h('dl', {}, rows));
  }

  async function use(id) {
    try {
      const before = found.reload.count;
      await api.post('api/models/use', { id });
      await taken(before);
    } catch (error) {
      problem(error);
    }
    if (!stopped) await load();
  }

  async function upload() {
    progress.hidden = false;
    try {
      const before = found.reload.count;
      show(t('models.sending'));
      const text = signature.files.length ? await signature.files[0].text() : null;
      await api.upload('api/models', model.files[0], text && { 'x-model-signature': encodeURIComponent(text) }, (share) => {
        progress.value = share;
        show(share < 1 ? t('models.sent', percent(share)) : t('models.testing'));
      });
      form.reset();
      await taken(before);
    } catch (error) {
      problem(error);
    } finally {
      progress.hidden = true;
      progress.value = 0;
    }
    if (!stopped) await load();
  }

  /** Waits until the device has taken the model over. */
  async function taken(before) {
    show(t('models.passed'));
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end && !stopped; ) {
      await new Promise((resolve) => setTimeout(resolve, 400));
      const { reload } = await api.get('api/models');
      if (reload.count === before) continue;
      show(reload.failure ? t('models.failed', reload.failure) : t('models.taken'), Boolean(reload.failure));
      return;
    }
    show(t('settings.slow'), true);
  }

  const stop = api.follow({ now: onNow }, onLink);
  if (api.mayOperate()) load();
  const body = api.mayOperate() ? [list, form, note] : [h('p', { class: 'card' }, h('a', { href: '#login' }, t('settings.login')))];
  return { element: h('div', { class: 'stack' }, h('h2', {}, t('models.title')), ...body), leave: () => { stopped = true; stop(); } };
}
