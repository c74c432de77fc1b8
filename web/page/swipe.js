// Swiping over the terminal, for which xterm.js does nothing: a finger turns the
// wheel of a mouse, which in a program that fills the screen means the arrow
// keys, or what the program itself makes of the mouse.

const TAP = 10; // pixels that a finger moves and means nothing by it

/**
 * @typedef {object} Swipe
 * @property {Touch} from  where it began
 * @property {string} buffer  of the terminal, in which it began
 * @property {number} top  line of that, which was the first to be seen
 * @property {number} lines  that it has moved by so far
 * @property {boolean} clear  it is not a tap any more
 */

/** @param {import('./vendor/xterm.mjs').Terminal} xterm */
export function followFinger(xterm) {
  /** @type {Swipe | undefined} */
  let swipe;
  const { element } = xterm;

  const begin = ({ touches }) => {
    const { type, viewportY } = xterm.buffer.active;
    // Two fingers zoom, and on a page that is zoomed one finger moves the page.
    const ours = touches.length === 1 && visualViewport.scale === 1;
    swipe = ours ? { from: touches[0], buffer: type, top: viewportY, lines: 0, clear: false } : undefined;
  };

  /** @param {TouchEvent} event */
  const move = (event) => {
    // What is below the finger now is not what it began to move.
    if (swipe?.buffer !== xterm.buffer.active.type) swipe = undefined;
    if (!swipe) return;
    const finger = event.touches[0];
    const across = Math.abs(finger.clientX - swipe.from.clientX);
    const up = swipe.from.clientY - finger.clientY;
    if (!swipe.clear) {
      if (Math.max(across, Math.abs(up)) < TAP) return;
      if (across > Math.abs(up)) {
        swipe = undefined;
        return;
      }
      swipe.clear = true;
    }
    if (event.cancelable) event.preventDefault(); // the browser shall move nothing too
    const lines = Math.trunc(up / lineHeight(xterm));
    const more = lines - swipe.lines;
    swipe.lines = lines;
    if (swipe.buffer === 'normal' && xterm.modes.mouseTrackingMode === 'none') {
      xterm.scrollToLine(swipe.top + lines);
      return;
    }
    for (let i = 0; i < Math.abs(more); i++) {
      const { clientX, clientY } = finger;
      element.dispatchEvent(new WheelEvent('wheel', { deltaY: more, deltaMode: WheelEvent.DOM_DELTA_LINE, clientX, clientY, cancelable: true }));
    }
  };

  const end = () => (swipe = undefined);

  element.addEventListener('touchstart', begin, { passive: true });
  element.addEventListener('touchmove', move, { passive: false });
  element.addEventListener('touchend', end);
  element.addEventListener('touchcancel', end);
}

/** @param {import('./vendor/xterm.mjs').Terminal} xterm */
function lineHeight(xterm) {
  return xterm.element.querySelector('.xterm-screen').clientHeight / xterm.rows;
}
