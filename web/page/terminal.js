// The terminal: xterm.js, with what is chosen of its addons.

import { Terminal as XTerm } from './vendor/xterm.mjs';
import { FitAddon } from './vendor/addon-fit.mjs';
import { SearchAddon } from './vendor/addon-search.mjs';
import { UnicodeGraphemesAddon } from './vendor/addon-unicode-graphemes.mjs';
import { ClipboardAddon } from './vendor/addon-clipboard.mjs';
import { WebLinksAddon } from './vendor/addon-web-links.mjs';
import { WebglAddon } from './vendor/addon-webgl.mjs';
import { followFinger } from './swipe.js';
import { terminalTheme } from './theme.js';

const FONTS = 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Noto Sans Mono", monospace';

// CAN ends a sequence or a sign that was cut off, RIS makes the terminal new, but
// for the cursor in xterm.js, which DECTCEM shows and hides. They go the way of
// the output, and as bytes like it, so that they come after what is still to be drawn
// of the link before.
const [RESTART, REST] = ['\x18\x1bc\x1b[?25h', '\x18\x1b[?25l'].map((text) => new TextEncoder().encode(text));

const RESIZE_MS = 100;

/**
 * @typedef {object} Told  what the page is told of the terminal
 * @property {(text: string) => void} typed
 * @property {(bytes: Uint8Array<ArrayBuffer>) => void} pressed  what a mouse sends that is no text
 * @property {() => void} resized
 * @property {(text: string) => void} copied  what a program puts into the clipboard
 * @property {(address: string) => void} pointed  the link below the pointer, or nothing
 * @property {(event: KeyboardEvent) => boolean} reserved  whether a key is the page's and not the terminal's
 */

export class Terminal {
  #searching = false;

  /**
   * @param {HTMLElement} element  that it fills
   * @param {Told} told
   */
  constructor(element, told) {
    this.element = element;
    const open = (_event, address) => window.open(address, '_blank', 'noopener,noreferrer');
    const hover = { hover: (_event, address) => told.pointed(address), leave: () => told.pointed('') };
    const xterm = (this.xterm = new XTerm({
      allowProposedApi: true, // of which are widths of signs and the marks of a search
      fontFamily: FONTS,
      fontWeightBold: '600',
      lineHeight: 1.1,
      scrollback: 5000,
      // What a program has drawn for a dark background stays readable when the
      // person goes over to a light one, and so does what it drew too faintly.
      minimumContrastRatio: 4.5,
      macOptionIsMeta: true,
      linkHandler: { activate: open, ...hover },
      theme: terminalTheme(false),
    }));
    this.fitting = new FitAddon();
    this.search = new SearchAddon({ highlightLimit: 500 });
    xterm.loadAddon(this.fitting);
    xterm.loadAddon(this.search);
    xterm.loadAddon(new UnicodeGraphemesAddon());
    xterm.loadAddon(new WebLinksAddon(open, hover));
    // Programs may write the clipboard and not read it.
    xterm.loadAddon(new ClipboardAddon(undefined, { readText: () => '', writeText: (_which, text) => text && told.copied(text) }));

    xterm.attachCustomKeyEventHandler((event) => !told.reserved(event));
    xterm.onData(told.typed);
    xterm.onBinary((text) => told.pressed(Uint8Array.from(text, (c) => c.charCodeAt(0))));
    xterm.onResize(told.resized);

    xterm.open(element);
    xterm.textarea.setAttribute('aria-describedby', 'way-out');
    this.#accelerate();
    followFinger(xterm);

    let timer = 0;
    new ResizeObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(() => this.fit(), RESIZE_MS);
    }).observe(element);
  }

  /** Draws by the graphics card, as long as there is one: WebGL without it is slower than elements are. */
  #accelerate() {
    if (!document.createElement('canvas').getContext('webgl2', { failIfMajorPerformanceCaveat: true })) return;
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose()); // which brings back drawing by elements
      this.xterm.loadAddon(webgl);
    } catch (error) {
      console.warn('drawing without WebGL:', error);
    }
  }

  get size() {
    return { cols: this.xterm.cols, rows: this.xterm.rows };
  }

  /** What is shown, as text: lines that go on in the next are one. */
  get text() {
    const { active } = this.xterm.buffer;
    const lines = [''];
    for (let y = active.viewportY; y < active.viewportY + this.xterm.rows; y++) {
      lines[lines.length - 1] += active.getLine(y)?.translateToString() ?? '';
      if (!active.getLine(y + 1)?.isWrapped) lines.push('');
    }
    return lines.map((line) => line.trimEnd()).join('\n').trimEnd();
  }

  /** Makes it as large as its element. */
  fit() {
    if (this.element.clientWidth && this.element.clientHeight) this.fitting.fit();
  }

  focus() {
    this.xterm.focus();
  }

  get hasFocus() {
    return document.activeElement === this.xterm.textarea;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {() => void} drawn
   */
  write(bytes, drawn) {
    this.xterm.write(bytes, drawn);
  }

  /** Begins with an empty screen and with every mode as it was at first. */
  restart() {
    this.xterm.write(RESTART);
  }

  /**
   * Greys what is shown, which is then only to be read, without a cursor.
   *
   * @param {boolean} stale
   */
  set stale(stale) {
    this.element.classList.toggle('stale', stale);
    this.xterm.options.disableStdin = stale;
    if (stale) this.xterm.write(REST);
  }

  /**
   * Shows clearly which match a search is at: xterm.js selects it, and the colour
   * of what is selected hides the one of a match.
   *
   * @param {boolean} searching
   */
  set searching(searching) {
    this.#searching = searching;
    this.xterm.options.theme = terminalTheme(searching);
  }

  /** @param {{fontSize: number, screenReader: boolean, still: boolean}} wish */
  suit({ fontSize, screenReader, still }) {
    const options = this.xterm.options;
    options.theme = terminalTheme(this.#searching);
    options.fontSize = fontSize;
    options.screenReaderMode = screenReader;
    options.smoothScrollDuration = still ? 0 : 80;
    this.fit();
  }
}
