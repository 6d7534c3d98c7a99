// Refitting the model to the labelled clips: its button, its result in words, and the versions.
import * as api from './api.js';
import { h, fill } from './dom.js';
import { dateTime, number, t } from './words.js';

const POLL_MS = 700;

/** The card; call `show()` when labels have changed. */
export function refit() {
  const [result, versions, problem] = [h('div', { role: 'status', 'aria-live': 'polite' }), h('ul', { class: 'plain' }), h('p', { role: 'alert' })];
  const go = h('button', { class: 'main', type: 'button', onclick: () => send('api/refit') }, t('refit.go'));
  let [timer, left] = [0, false];

  async function send(path, body) {
    try {
      await api.post(path, body);
      fill(problem);
    } catch (error) {
      fill(problem, error.status ? t('error.request', error.message) : t('error.network'));
    }
    show();
  }

  async function show() {
    clearTimeout(timer);
    const state = await api.get('api/refit').catch(() => null);
    if (!state || left) return;
    go.disabled = state.step !== null || !state.allowed;
    const lines = state.step !== null ? [h('p', {}, t('refit.runs', state.step))] : words(state);
    fill(result, ...lines);
    fill(versions, ...state.versions.map(version));
    const active = state.versions.some((one) => one.active);
    if (state.versions.length) versions.append(version({ number: null, active: !active, usable: true, labels: [] }));
    if (state.step !== null) timer = setTimeout(show, POLL_MS);
  }

  function version({ number: own, active, usable, labels, unix_ms }) {
    const name = own === null ? t('refit.model') : t('refit.version', own, dateTime(unix_ms), labels.join(', '));
    const take = h('button', { type: 'button', onclick: () => send('api/refit/version', { number: own }) }, t(own === null ? 'refit.back' : 'refit.take'));
    return h('li', { class: 'row' }, h('span', {}, name), active ? h('strong', {}, t('refit.active')) : usable ? take : h('span', { class: 'soft' }, t('refit.unusable')));
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
