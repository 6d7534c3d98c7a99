// A WAV file of the device: its player and its spectrogram.
import { canvas, fill, h, pressed, style } from './dom.js';
import { axes, picture, place as frame } from './picture.js';
import { number, t } from './words.js';

/** Player, button for the picture and the picture of the file at `address`; `more` are elements beside the button. */
export function sound(address, name, ...more) {
  const player = h('audio', { controls: true, preload: 'none', src: address, 'aria-label': t('clip.play', name) });
  const show = h('button', { type: 'button', onclick: pressed(draw), 'aria-expanded': 'false' }, t('clip.picture'));
  const problem = h('span', { role: 'alert' });
  const place = h('div');
  let [marks, redraw, end] = [[], () => {}, null];

  async function draw() {
    if (place.childElementCount) {
      place.replaceChildren();
      redraw = () => {};
      show.setAttribute('aria-expanded', 'false');
      return;
    }
    try {
      const response = await fetch(address);
      if (!response.ok) throw new Error(response.statusText);
      const made = picture(await response.arrayBuffer());
      const label = t('clip.picture.label', number(made.seconds, 1), Math.round(made.highest));
      const drawn = canvas(label, 'spectrogram', (context, width, height) => {
        axes(context, width, height, made);
        lines(context, width, height, made.seconds);
      });
      redraw = drawn.redraw;
      // A click moves the playhead; with the keyboard the player does.
      drawn.element.addEventListener('click', ({ offsetX }) => {
        const { left, width } = frame(drawn.element.clientWidth, 0);
        const share = (offsetX - left) / width;
        player.currentTime = Math.min(Math.max(share, 0), 1) * made.seconds;
      });
      place.replaceChildren(drawn.element, h('p', { class: 'soft small' }, t('clip.range', made.range)));
      show.setAttribute('aria-expanded', 'true');
      fill(problem);
    } catch {
      fill(problem, t('clip.unreadable'));
    }
  }

  /** The playhead, and where the clip is cut. */
  function lines(context, width, height, seconds) {
    const inner = frame(width, height);
    const line = (at, colour, wide, dash) => {
      const x = inner.left + (inner.width * at) / seconds;
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.setLineDash(dash);
      context.beginPath();
      context.moveTo(x, inner.top);
      context.lineTo(x, inner.top + inner.height);
      context.stroke();
      context.setLineDash([]);
      context.lineWidth = 1;
    };
    marks.forEach((at) => line(at, '#fff', 3, [6, 4]));
    line(player.currentTime, style('--plot-warning'), 2, []);
  }

  player.addEventListener('timeupdate', () => {
    if (end !== null && player.currentTime >= end) {
      player.pause();
      end = null;
    }
    redraw();
  });
  player.addEventListener('seeking', () => redraw());

  return {
    element: h('div', { class: 'clip' }, player, h('div', { class: 'row' }, show, ...more, h('a', { href: address, download: name, class: 'small' }, t('clip.save')), problem), place),
    problem,
    /** The playhead, in seconds. */
    position: () => player.currentTime,
    /** Plays a part, in seconds. */
    play(from, to) {
      end = to;
      player.currentTime = from;
      player.play().catch(() => fill(problem, t('clip.unreadable')));
    },
    /** Marks where the clip is cut, in seconds. */
    mark(newMarks) {
      marks = newMarks;
      redraw();
    },
    leave: () => player.pause(),
  };
}
