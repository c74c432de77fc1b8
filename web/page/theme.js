// The colours, which style.css names once for light and for dark, and which the
// terminal takes from there.

const dark = matchMedia('(prefers-color-scheme: dark)');

/**
 * Shows the page in the colours that were chosen.
 *
 * @param {'system' | 'light' | 'dark'} choice
 */
export function wear(choice) {
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
}

/**
 * Calls changed whenever the system goes from light to dark or back.
 *
 * @param {() => void} changed
 */
export function followSystem(changed) {
  dark.addEventListener('change', changed);
}

/**
 * One of the colours of style.css, as #rrggbb.
 *
 * @param {string} name
 */
export function color(name) {
  const probe = document.createElement('i');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
  probe.remove();
  return '#' + [r, g, b].map((n) => n.toString(16).padStart(2, '0')).join('');
}

/**
 * The theme of the terminal, as xterm.js has it.
 *
 * @param {boolean} searching  what is selected is what the search is at
 */
export function terminalTheme(searching) {
  const hue = { red: 'red', green: 'green', yellow: 'brass', blue: 'blue', magenta: 'violet', cyan: 'teal' };
  /** @type {Record<string, string>} */
  const theme = {
    background: color('ink'),
    foreground: color('text'),
    cursor: color('brass'),
    cursorAccent: color('ink'),
    selectionBackground: color('selection'),
    selectionInactiveBackground: color(searching ? 'brass' : 'selection'),
    black: color('black'),
    white: color('white'),
    brightBlack: color('faded'),
    brightWhite: color('strong'),
    scrollbarSliderBackground: color('line') + 'cc',
    scrollbarSliderHoverBackground: color('faded') + '99',
    scrollbarSliderActiveBackground: color('faded'),
  };
  for (const [name, ours] of Object.entries(hue)) {
    theme[name] = color(ours);
    theme['bright' + name[0].toUpperCase() + name.slice(1)] = theme[name];
  }
  return theme;
}
