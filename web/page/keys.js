// The row of keys that a phone's keyboard does not have.

/** @type {[label: string, name: string, keys: (modes: any) => string][]} */
const KEYS = [
  ['esc', 'Esc', () => '\x1b'],
  ['tab', 'Tab', () => '\t'],
  ['ctrl', 'Ctrl', () => ''],
  ['^C', '^C, Ctrl C', () => '\x03'],
  ['←', 'Left', arrow('D')],
  ['↑', 'Up', arrow('A')],
  ['↓', 'Down', arrow('B')],
  ['→', 'Right', arrow('C')],
  ['|', 'Pipe', () => '|'],
  ['/', 'Slash', () => '/'],
  ['-', 'Dash', () => '-'],
];

export class Keys {
  /** @type {HTMLButtonElement} */
  #control;

  /**
   * @param {HTMLElement} row
   * @param {(text: string) => void} type
   * @param {() => any} modes  of the terminal
   * @param {(() => void) | undefined} paste  where the browser can
   */
  constructor(row, type, modes, paste) {
    for (const [label, name, keys] of KEYS) {
      if (name === 'Ctrl') {
        this.#control = key(label, name, () => this.#hold(!this.held));
        this.#hold(false);
        row.append(this.#control);
      } else {
        row.append(key(label, name, () => type(this.apply(keys(modes())))));
      }
    }
    if (paste) row.insertBefore(key('paste', 'Paste', paste), this.#control.nextSibling);
    const coarse = matchMedia('(pointer: coarse)');
    const suit = () => (row.hidden = !coarse.matches);
    coarse.addEventListener('change', suit);
    suit();
  }

  /** Whether Control is held for the next key. */
  get held() {
    return this.#control.getAttribute('aria-pressed') === 'true';
  }

  #hold(held) {
    this.#control.setAttribute('aria-pressed', String(held));
  }

  /**
   * What a key sends with Control, where it is held; then it is let go.
   *
   * @param {string} text
   */
  apply(text) {
    if (!this.held || !text) return text;
    this.#hold(false);
    const cursor = text.match(/^\x1b[[O]([ABCD])$/);
    if (cursor) return `\x1b[1;5${cursor[1]}`;
    const code = text.toUpperCase().charCodeAt(0);
    if (text.length !== 1 || code < 0x3f || code > 0x5f) return text;
    return String.fromCharCode(code === 0x3f ? 0x7f : code & 0x1f);
  }
}

/**
 * @param {string} label
 * @param {string} name
 * @param {() => void} press
 */
function key(label, name, press) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = label;
  button.setAttribute('aria-label', name);
  // The focus stays where it is, and with it the phone's keyboard.
  button.addEventListener('pointerdown', (event) => event.preventDefault());
  button.addEventListener('click', press);
  return button;
}

/** @param {string} letter */
function arrow(letter) {
  return (modes) => (modes.applicationCursorKeysMode ? '\x1bO' : '\x1b[') + letter;
}
