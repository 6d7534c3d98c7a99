// The screen *Listen*: the sound now, as samples over HTTP, played by Web Audio.
import * as api from './api.js';
import { h, fill } from './dom.js';
import { spectrogram } from './spectrogram.js';
import { t } from './words.js';

/** Sound that is kept ahead, in seconds: what the network may be late. */
const AHEAD_S = 0.4;
/** Sound further ahead than that is left out, so that it stays live. */
const MOST_AHEAD_S = 2;

export function listen({ onLink, onNow }) {
  const sound = spectrogram();
  const said = h('p', { role: 'status' }, t('listen.hint'));
  const toggle = h('button', { class: 'main', type: 'button', onclick: () => (player ? stop() : start()) }, t('listen.start'));
  const volume = h('input', { id: 'volume', type: 'range', min: 0, max: 2, step: 0.05, value: 1, oninput: () => { if (player) player.gain.gain.value = Number(volume.value); } });
  let player = null;
  let privacy = { speech: 'mute', muted: 0 };

  function stop(text = t('listen.hint')) {
    const ended = player;
    player = null;
    ended?.abort.abort();
    ended?.context.close();
    fill(toggle, t('listen.start'));
    fill(said, text);
  }

  async function start() {
    const context = new AudioContext();
    const gain = new GainNode(context, { gain: Number(volume.value) });
    gain.connect(context.destination);
    const own = (player = { context, gain, abort: new AbortController(), next: 0, rest: new Uint8Array(0) });
    fill(toggle, t('listen.stop'));
    try {
      const response = await fetch('api/listen', { signal: own.abort.signal, cache: 'no-store' });
      if (!response.ok) throw new api.Refused(response.status, response.statusText);
      const rate = Number(response.headers.get('x-sample-rate'));
      own.plays = true;
      tell();
      for (const reader = response.body.getReader(); ; ) {
        const { done, value } = await reader.read();
        if (done || player !== own) break;
        play(own, value, rate);
      }
      if (player === own) stop(t('listen.ended'));
    } catch (error) {
      if (player === own) stop(error.status === 503 ? t('listen.full') : error.status === 401 ? t('listen.off') : error.status ? t('error.request', error.message) : t('error.network'));
    }
  }

  /** Shows that the sound plays, or is withheld while somebody speaks. */
  function tell() {
    const text = t(privacy.muted ? 'listen.muted' : privacy.speech === 'mute' ? 'listen.delayed' : 'listen.playing');
    if (player?.plays && said.textContent !== text) fill(said, text);
  }

  /** Plays bytes after those before; an odd one waits for its other half. */
  function play(own, bytes, rate) {
    const all = new Uint8Array(own.rest.length + bytes.length);
    all.set(own.rest);
    all.set(bytes, own.rest.length);
    const count = all.length >> 1;
    own.rest = all.slice(count * 2);
    const { context, gain } = own;
    if (own.next < context.currentTime) own.next = context.currentTime + AHEAD_S;
    if (!count || own.next > context.currentTime + MOST_AHEAD_S) return;
    const view = new DataView(all.buffer);
    const buffer = new AudioBuffer({ length: count, sampleRate: rate });
    const samples = buffer.getChannelData(0);
    for (let i = 0; i < count; i++) samples[i] = view.getInt16(i * 2, true) / 32768;
    const node = new AudioBufferSourceNode(context, { buffer });
    node.connect(gain);
    node.start(own.next);
    own.next += buffer.duration;
  }

  const leave = api.follow({ now: (next) => { onNow(next); privacy = next.privacy; tell(); }, columns: (text) => sound.append(text) }, onLink);
  const controls = api.mayOperate() ? h('div', { class: 'row' }, toggle, h('label', { for: 'volume' }, t('listen.volume')), volume) : h('p', {}, h('a', { href: '#login' }, t('listen.off')));
  return { element: h('section', { class: 'card' }, h('h2', {}, t('listen.title')), controls, said, sound.element), leave: () => { leave(); stop(); } };
}
