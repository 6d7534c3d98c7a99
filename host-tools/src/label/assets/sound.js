// The sound of a stretch: player, spectrogram, and a line in it.
import { canvas, fill, h } from './dom.js';
import { axes, picture, place } from './picture.js';
import { number, t } from './words.js';

/** The view: `element`, `load(address)`, `toggle()`, `move(seconds)` and `line()`, the line's time in seconds. */
export function sound() {
  const player = h('audio', { controls: true, 'aria-label': t('sound.player') });
  const line = h('div', { class: 'line', hidden: true });
  const stage = h('div', { class: 'stage', onclick: (event) => seek(event.offsetX) });
  const note = h('p', { class: 'soft small' });
  const element = h('div', { class: 'stack' }, stage, note, player);
  let [made, at, address, url] = [null, 0, null, null];

  /** Moves line and player to this time. */
  function set(seconds) {
    if (!made) return;
    at = Math.max(0, Math.min(made.seconds, seconds));
    player.currentTime = at;
    draw();
  }

  function seek(x) {
    const { left, width } = place(stage.clientWidth, stage.clientHeight);
    if (made) set(((x - left) / width) * made.seconds);
  }

  function draw() {
    const { left, width } = place(stage.clientWidth, stage.clientHeight);
    line.hidden = !made;
    if (made) line.style.left = `${left + (width * at) / made.seconds - 1}px`;
  }

  player.addEventListener('timeupdate', () => {
    if (player.paused) return;
    at = player.currentTime;
    draw();
  });
  player.addEventListener('seeked', () => {
    at = player.currentTime;
    draw();
  });
  new ResizeObserver(draw).observe(stage);

  return {
    element,
    line: () => at,
    move: (seconds) => set(at + seconds),
    toggle: () => (player.paused ? player.play().catch(() => {}) : player.pause()),
    /** Shows the sound at an address, or none. */
    async load(next) {
      player.pause();
      address = next;
      made = null;
      at = 0;
      stage.replaceChildren();
      draw();
      if (!next) return;
      fill(note, t('sound.loading'));
      try {
        const response = await fetch(next, { cache: 'no-store' });
        const buffer = await response.arrayBuffer();
        if (!response.ok) throw new Error(response.statusText);
        // Another stretch was asked for meanwhile.
        if (address !== next) return;
        if (url) URL.revokeObjectURL(url);
        url = URL.createObjectURL(new Blob([buffer], { type: 'audio/wav' }));
        player.src = url;
        const drawn = picture(buffer);
        made = drawn;
        const label = t('sound.label', number(drawn.seconds, 1), Math.round(drawn.highest));
        stage.replaceChildren(canvas(label, 'spectrogram', (context, width, height) => axes(context, width, height, drawn)).element, line);
        fill(note, t('sound.range', drawn.range));
        draw();
      } catch (error) {
        if (address === next) fill(note, t('error.request', error.message));
      }
    },
  };
}
