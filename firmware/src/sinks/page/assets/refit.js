// Refitting the model to the labelled clips: its button, its result in words, and the versions.
import * as api from './api.js';
import { fill, h, keepFocus, pressed } from './dom.js';
import { dateTime, number, t } from './words.js';

const POLL_MS = 700;

/** The card; call `show()` when labels have changed. */
export function refit() {
  const [result, versions, problem] = [h('div', { role: 'status', 'aria-live': 'polite' }), h('ul', { class: 'plain' }), h('p', { role: 'alert' })];
  const go = h('button', { class: 'main', type: 'button', onclick: start }, t('refit.go'));
  let [timer, left, closed, shown] = [0, false, false, ''];

  /** Whether the button does nothing: a fit runs, or none is allowed. A disabled button would lose the focus. */
  function close(value) {
    closed = value;
    go.setAttribute('aria-disabled', String(closed));
  }

  function start() {
    if (closed) return;
    close(true);
    send('api/refit');
  }

  async function send(path, body) {
    try {
      await api.post(path, body);
      fill(problem);
    } catch (error) {
      fill(problem, error.status ? t('error.request', error.message) : t('error.network'));
    }
    await show();
  }

  async function show() {
    clearTimeout(timer);
    const state = await api.get('api/refit').catch(() => null);
    if (left) return;
    if (!state) {
      // The connection is away while a fit runs: its result is asked for again.
      if (closed) timer = setTimeout(show, POLL_MS);
      return;
    }
    close(state.step !== null || !state.allowed);
    const lines = state.step !== null ? [h('p', {}, t('refit.runs', state.step))] : words(state);
    fill(result, ...lines);
    showVersions(state.versions);
    if (state.step !== null) timer = setTimeout(show, POLL_MS);
  }

  /** The versions and the model's own; the version whose button had the focus has it still. */
  function showVersions(list) {
    if (shown === JSON.stringify(list)) return;
    shown = JSON.stringify(list);
    const isOwn = !list.some((one) => one.active);
    const all = list.length ? [...list, { number: null, active: isOwn, usable: true, labels: [] }] : [];
    const items = new Map(all.map((one) => [String(one.number), version(one)]));
    const again = (before) => items.get(before.closest('li').dataset.number)?.querySelector('button, strong');
    keepFocus(versions, () => fill(versions, ...items.values()), again);
  }

  function version({ number: own, active, usable, labels, unix_ms }) {
    const name = own === null ? t('refit.model') : t('refit.version', own, dateTime(unix_ms), labels.join(', '));
    const take = h('button', { type: 'button', onclick: pressed(() => send('api/refit/version', { number: own })) }, t(own === null ? 'refit.back' : 'refit.take'));
    return h('li', { class: 'row', 'data-number': String(own) }, h('span', {}, name), active ? h('strong', { tabIndex: -1 }, t('refit.active')) : usable ? take : h('span', { class: 'soft' }, t('refit.unusable')));
  }

  /** What was accepted or why not, with the figures before and after. */
  function words({ report, error, allowed }) {
    const line = (text) => h('p', {}, text);
    if (!allowed) return [line(t('refit.forbidden'))];
    if (error) return [line(t('refit.failed', error))];
    if (!report) return [];
    const title = h('p', { class: 'title' }, report.accepted ? t('refit.accepted', report.version) : t('refit.refused'));
    const { validation, held_out, normal, faults } = report;
    const lines = [
      ...report.refused,
      ...(validation ? [t('refit.validation', validation.windows, ...validation.macro_f1.map((value) => number(value, 3)))] : []),
      ...(held_out ? held_out.by_label.map(({ label, clips, right }) => t('refit.held_out', label, clips, ...right)) : []),
      ...(normal ? [t('refit.normal', normal.clips, ...normal.alarm)] : []),
      ...(faults ? [t('refit.faults', faults.clips, ...faults.alarm)] : []),
      ...report.remarks,
    ];
    return [title, h('ul', {}, lines.map((text) => h('li', {}, text)))];
  }

  show();
  const element = h('section', { class: 'card' }, h('h2', {}, t('refit.title')), h('p', { class: 'soft' }, t('refit.hint')), api.mayOperate() ? h('div', { class: 'row' }, go) : null, problem, result, versions);
  return { element, show, leave: () => { left = true; clearTimeout(timer); } };
}
