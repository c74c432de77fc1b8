// The settings, as a dialog.

import { byId } from './dom.js';
import { save } from './settings.js';

const SIZES = [10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32];

const coarse = matchMedia('(pointer: coarse)');

/** @param {import('./settings.js').Settings} settings */
export function fontSize(settings) {
  return settings.fontSize || (coarse.matches ? 13 : 15);
}

export class Preferences {
  /**
   * @param {import('./settings.js').Settings} settings
   * @param {{changed: () => void, closed: () => void, copyScreen: () => void, signOut: () => void}} told
   */
  constructor(settings, told) {
    this.settings = settings;
    this.told = told;
    this.dialog = byId('preferences');
    this.size = byId('size');

    for (const radio of this.dialog.querySelectorAll('[name=theme]')) {
      radio.checked = radio.value === settings.theme;
      radio.addEventListener('change', () => this.#set({ theme: radio.value }));
    }
    byId('smaller').addEventListener('click', () => this.#step(-1));
    byId('larger').addEventListener('click', () => this.#step(+1));
    const reader = byId('reader');
    reader.checked = settings.screenReader;
    reader.addEventListener('change', () => this.#set({ screenReader: reader.checked }));
    byId('copy-screen').addEventListener('click', () => {
      this.dialog.close();
      told.copyScreen();
    });
    byId('sign-out').addEventListener('click', () => {
      this.dialog.close();
      told.signOut();
    });
    this.dialog.addEventListener('click', (event) => {
      if (event.target === this.dialog) this.dialog.close(); // beside it
    });
    this.dialog.addEventListener('close', told.closed);
    this.#show();
  }

  open() {
    this.dialog.showModal();
  }

  /** @param {{login: string, expires?: string}} me */
  person({ login, expires }) {
    const until = expires && new Date(expires).toLocaleString([], { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
    byId('signed-in').textContent = `Signed in as ${login}${until ? ` until ${until}` : ''}`;
  }

  /** @param {number} by */
  #step(by) {
    const now = fontSize(this.settings);
    const next = by > 0 ? SIZES.find((size) => size > now) : SIZES.findLast((size) => size < now);
    if (next) this.#set({ fontSize: next });
  }

  /** @param {Partial<import('./settings.js').Settings>} choice */
  #set(choice) {
    Object.assign(this.settings, choice);
    save(this.settings);
    this.#show();
    this.told.changed();
  }

  #show() {
    this.size.value = String(fontSize(this.settings));
  }
}
