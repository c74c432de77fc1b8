// What a person has chosen for this browser. Nothing that lets anybody in is
// ever among it: the cookie is the browser's own, and scripts cannot read it.

const KEY = 'lectern.settings';

/**
 * @typedef {object} Settings
 * @property {'system' | 'light' | 'dark'} theme
 * @property {number} fontSize  0 is what fits the device
 * @property {boolean} screenReader
 * @property {boolean} folded  whether the stages are folded away
 */

/** @type {Settings} */
const DEFAULTS = { theme: 'system', fontSize: 0, screenReader: false, folded: false };

/** @returns {Settings} */
export function load() {
  const settings = { ...DEFAULTS };
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    for (const name of Object.keys(DEFAULTS)) {
      if (typeof kept?.[name] === typeof settings[name]) settings[name] = kept[name];
    }
  } catch {
    // A browser that keeps nothing, or keeps nonsense, has the defaults.
  }
  return settings;
}

/** @param {Settings} settings */
export function save(settings) {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // Then they hold for as long as the page is open.
  }
}
