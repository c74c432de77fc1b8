// The list at the side, folded away or not: on a phone it is only for a look.

import { byId } from './dom.js';
import { save } from './settings.js';

const narrow = matchMedia('(max-width: 47.99rem)');

export class Fold {
  /**
   * @param {import('./settings.js').Settings} settings
   * @param {() => void} back  to what takes keys: whoever clicks here means to type on
   */
  constructor(settings, back) {
    this.settings = settings;
    this.lab = byId('lab');
    this.button = byId('fold');
    this.button.addEventListener('click', ({ detail }) => {
      const folded = !this.lab.classList.contains('folded');
      this.#show(folded);
      if (narrow.matches) return;
      save(Object.assign(settings, { folded }));
      if (detail) back(); // and not from the keyboard
    });
    byId('stages').addEventListener('click', ({ target }) => {
      // The list only shows. It may have been clicked to select something.
      if (!narrow.matches && !target.closest('button') && getSelection().isCollapsed) back();
    });
    narrow.addEventListener('change', () => this.#suit());
    this.#suit();
  }

  focus() {
    this.button.focus();
  }

  #suit() {
    this.#show(narrow.matches || this.settings.folded);
  }

  /** @param {boolean} folded */
  #show(folded) {
    this.lab.classList.toggle('folded', folded);
    this.button.setAttribute('aria-expanded', String(!folded));
  }
}
