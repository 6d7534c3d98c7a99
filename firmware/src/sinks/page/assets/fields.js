// One setting: its control, the value of the file, and the way back to it.
import { h, pressed } from './dom.js';
import { named, number, t } from './words.js';

const CAUSES = ['state', 'anomaly', 'no_sound', 'microphone'];
/** The kind of each control; numbers have their step, least and most. */
const KINDS = {
  'alarm.alarm': { kind: 'number', step: 'any' },
  'alarm.warn': { kind: 'number', step: 'any' },
  'alarm.persistence_s': { kind: 'number', step: 'any' },
  'alarm.no_sound_s': { kind: 'number', step: 'any', range: [0, 3600] },
  'alarm.states': { kind: 'choices' },
  'alarm.latch': { kind: 'flag' },
  'notify.causes': { kind: 'choices', choices: CAUSES },
  'notify.urgent': { kind: 'choices', choices: [...CAUSES, 'warning'] },
  'notify.warnings': { kind: 'flag' },
  'notify.ended': { kind: 'flag' },
  'notify.cooldown_s': { kind: 'number', step: 1, range: [0, 86400] },
  'notify.quiet': { kind: 'text' },
  'notify.time_zone': { kind: 'text' },
  'capture.channel': { kind: 'channel' },
};

/** A value in words. */
function words(key, value) {
  if (value === null || value === undefined) return t('settings.of_model');
  if (typeof value === 'boolean') return t(value ? 'settings.yes' : 'settings.no');
  if (Array.isArray(value)) return value.length ? value.map((one) => named(key === 'alarm.states' ? 'state' : 'cause', one)).join(', ') : t('settings.none');
  return value === '' ? t('settings.none') : String(value);
}

/** A setting; `onReset` takes its override back. Returns its element, key, value and whether that was changed here. */
export function field(entry, labels, onReset) {
  const { key } = entry;
  const { kind, step, range, choices } = KINDS[key];
  const now = entry.overridden ? entry.override : entry.file;
  const id = `set-${key.replace('.', '-')}`;
  const hint = `${id}-hint`;
  const make = { number: numberControl, text: textControl, flag: flagControl, choices: choiceControl, channel: textControl }[kind];
  const [control, value] = make();
  const first = JSON.stringify(value());

  function numberControl() {
    const [min, max] = entry.range ?? range;
    // The model's own value has more digits than anybody sets.
    const shown = now ?? (entry.model === null ? null : Math.round(entry.model * 1000) / 1000);
    const input = h('input', { id, type: 'number', min, max, step, required: now !== null, value: shown ?? '', 'aria-describedby': hint });
    // An empty field, or the model's own value, is no override.
    return [input, () => (input.value === '' || (now === null && Number(input.value) === shown) ? null : Number(input.value))];
  }

  function textControl() {
    const input = h('input', { id, type: 'text', value: String(now ?? ''), 'aria-describedby': hint });
    return [input, () => (kind === 'channel' && /^[0-9]+$/.test(input.value) ? Number(input.value) : input.value)];
  }

  function flagControl() {
    const input = h('input', { id, type: 'checkbox', checked: Boolean(now), 'aria-describedby': hint });
    return [input, () => input.checked];
  }

  function choiceControl() {
    const given = now ?? [];
    // A state that this model does not have stays visible: it would be an error of the file.
    const all = [...new Set([...(choices ?? [...labels, 'unknown']), ...given])];
    const boxes = all.map((name, index) => h('input', { id: `${id}-${index}`, type: 'checkbox', value: name, checked: given.includes(name) }));
    const rows = boxes.map((box) => h('span', { class: 'choice' }, box, h('label', { for: box.id }, named(choices ? 'cause' : 'state', box.value))));
    return [h('span', { class: 'row' }, rows), () => boxes.filter((box) => box.checked).map((box) => box.value)];
  }

  const notes = [
    t(`hint.${key}`),
    entry.overridden ? t('settings.in_file', words(key, entry.file)) : null,
    entry.run_time !== null && entry.run_time !== undefined ? t('settings.run_time', number(entry.run_time, 2)) : null,
    entry.restart ? t('settings.restart') : null,
  ].filter(Boolean);
  const reset = entry.overridden ? h('button', { type: 'button', onclick: pressed(onReset), 'aria-label': t('settings.reset.label', t(`set.${key}`)) }, t('settings.reset')) : null;
  const mark = entry.overridden ? h('span', { class: 'badge watch' }, t('settings.overridden')) : null;
  const text = h('p', { id: hint, class: 'soft small' }, notes.join(' '));
  const element = kind === 'choices'
    ? h('fieldset', { class: 'setting', 'data-key': key, 'aria-describedby': hint }, h('legend', {}, t(`set.${key}`), ' ', mark), control, text, reset)
    : h('div', { class: 'setting', 'data-key': key }, h('div', { class: 'row' }, kind === 'flag' ? control : null, h('label', { for: id }, t(`set.${key}`)), mark), kind === 'flag' ? null : control, text, reset);
  return { element, key, value, isChanged: () => JSON.stringify(value()) !== first };
}
