// One clip of the screen *Teach*: what the device knew, its sound, and the answers for it or for its parts.
import * as api from './api.js';
import { h, fill } from './dom.js';
import { stateMark, zoneMark } from './marks.js';
import { sound } from './sound.js';
import { dateTime, named, number, percent, t } from './words.js';

/** Shortest part of a clip, in seconds: a window of the classifier. */
const SHORTEST_S = 0.975;
const ZONES = { unsure: 'watch', warning: 'warning', alarm: 'alarm' };

const isState = (answer) => typeof answer === 'object' && answer !== null;
const text = (answer) => (isState(answer) ? answer.state.name : t(`teach.answer.${answer}`));

/** The view of a clip; `send(clip, parts)` replaces its labels. */
export function question(name, send) {
  const item = h('li', { class: 'card' });
  const player = api.mayOperate() ? sound(`teach/${encodeURIComponent(name)}`, name) : null;
  const problem = h('p', { role: 'alert' });
  const answers = h('div', { class: 'stack' });
  let [clip, queue, key] = [null, null, ''];

  async function change(parts) {
    try {
      await send(name, parts);
      fill(problem);
    } catch (error) {
      fill(problem, error.status ? t('error.request', error.message) : t('error.network'));
    }
  }

  /** The parts; a clip without labels is one part. */
  const parts = () => (clip.parts.length ? clip.parts : [{ to_s: clip.seconds, answer: null }]);
  const start = (place) => (place ? parts()[place - 1].to_s : 0);
  const answer = (place, value) => change(parts().map((part, at) => (at === place ? { ...part, answer: value } : part)));

  /** Divides the part at the playhead in two, without answers. */
  function cut() {
    const at = Math.round(player.position() * 1000) / 1000;
    const place = parts().findIndex((part) => at < part.to_s);
    if (place < 0 || at - start(place) < SHORTEST_S || parts()[place].to_s - at < SHORTEST_S) {
      fill(problem, t('teach.cut.short'));
      return;
    }
    const both = [{ to_s: at, answer: null }, { to_s: parts()[place].to_s, answer: null }];
    change([...parts().slice(0, place), ...both, ...parts().slice(place + 1)]);
  }

  function facts() {
    const rows = [
      [t('teach.when'), dateTime(clip.unix_ms, clip.synchronised ? 'synchronised' : 'unsynchronised')],
      // The confidence is that of the reported state, or of the closest one while there is none.
      [t('now.state'), clip.state ? t('teach.state', clip.state, percent(clip.confidence)) : named('state', 'unknown')],
      [t('teach.closest'), clip.leading === clip.state ? null : clip.state ? clip.leading : clip.leading && t('teach.state', clip.leading, percent(clip.confidence))],
      [t('now.anomaly'), clip.anomaly === null ? null : number(clip.anomaly, 2)],
      [t('detail.explanation'), clip.explanation],
      [t('now.level'), `${number(clip.level_dbfs, 0)} ${t('now.dbfs')}`],
    ];
    return h('dl', {}, rows.filter(([, value]) => value).flatMap(([term, value]) => [h('dt', {}, term), h('dd', {}, value)]));
  }

  /** The answers for a part: what was given, or the buttons. */
  function part({ to_s, answer: given }, place) {
    const span = t('teach.part', number(start(place), 1), number(to_s, 1));
    const label = clip.parts.length > 1 ? h('button', { type: 'button', onclick: () => player.play(start(place), to_s) }, t('teach.play', span)) : null;
    if (given) {
      const mark = isState(given) ? stateMark(queue.states.indexOf(given.state.name)) : null;
      const also = isState(given) && given.state.normal ? ` (${t('teach.answer.normal')})` : '';
      const back = h('button', { type: 'button', onclick: () => answer(place, null) }, t('teach.back'));
      return h('div', { class: 'row' }, label, h('span', { class: 'key' }, mark, h('strong', {}, `${text(given)}${also}`)), back);
    }
    const normal = h('input', { type: 'checkbox', id: `normal-${name}-${place}` });
    const state = (state) => h('button', { type: 'button', onclick: () => answer(place, { state: { name: state, normal: normal.checked } }) }, h('span', { class: 'key' }, stateMark(queue.states.indexOf(state)), state));
    const button = (value, title = t(`teach.is.${value}`)) => h('button', { type: 'button', onclick: () => answer(place, value) }, title);
    const input = h('input', { type: 'text', id: `new-${name}-${place}`, maxLength: 40, autocomplete: 'off', 'aria-label': t('teach.new.name'), placeholder: t('teach.new') });
    const submit = (event) => {
      event.preventDefault();
      if (input.value.trim()) answer(place, { state: { name: input.value.trim(), normal: normal.checked } });
    };
    const other = h('form', { class: 'row', onsubmit: submit }, input, h('button', { type: 'submit' }, t('teach.new.go')));
    const isKnown = clip.reason !== 'unsure' && clip.state;
    return h('fieldset', {},
      h('legend', {}, label || t('teach.question')),
      h('div', { class: 'row' }, button('normal', isKnown ? t('teach.is.normal.state', clip.state) : undefined), button('fault'), button('skip')),
      h('div', { class: 'row' }, h('span', { class: 'soft' }, t('teach.is.state')), [...queue.states, ...queue.new_states].map(state), other),
      h('div', { class: 'row small' }, normal, h('label', { for: normal.id }, t('teach.is.operation'))),
    );
  }

  function drawAnswers() {
    if (!player) return fill(answers, h('p', { class: 'small' }, h('a', { href: '#login' }, t('clip.login'))));
    const whole = h('button', { type: 'button', onclick: () => change([]) }, t('teach.whole'));
    const tools = h('div', { class: 'row' }, h('button', { type: 'button', onclick: cut }, t('teach.cut')), clip.parts.length > 1 ? whole : null);
    player.mark(parts().slice(0, -1).map(({ to_s }) => to_s));
    return fill(answers, tools, problem, ...parts().map(part));
  }

  return {
    element: item,
    /** Shows the clip as the device reports it, with the states of its queue. */
    show(newClip, newQueue) {
      const newKey = JSON.stringify([newClip, newQueue.states, newQueue.new_states]);
      if (newKey === key) return;
      [clip, queue, key] = [newClip, newQueue, newKey];
      const zone = ZONES[clip.reason];
      const title = h('h3', { class: 'title', tabIndex: -1 }, zoneMark(zone), t(`teach.reason.${clip.reason}`));
      // The player stays in its place: what plays goes on.
      if (!item.childElementCount) item.append(title, facts(), ...(player ? [player.element] : []), answers);
      drawAnswers();
    },
    leave: () => player?.leave(),
  };
}
