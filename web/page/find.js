// Searching what the terminal shows and has shown.

import { byId } from './dom.js';
import { color } from './theme.js';

export class Find {
  /** @param {import('./terminal.js').Terminal} terminal */
  constructor(terminal) {
    this.terminal = terminal;
    this.form = byId('find');
    this.text = byId('find-text');
    this.count = byId('find-count');

    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#seek('findNext');
    });
    this.form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
      if (event.key === 'Enter' && event.shiftKey) {
        event.preventDefault();
        this.#seek('findPrevious');
      }
    });
    this.text.addEventListener('input', () => this.#seek('findNext', true));
    byId('find-before').addEventListener('click', () => this.#seek('findPrevious'));
    byId('find-close').addEventListener('click', () => this.close());
    terminal.search.onDidChangeResults(({ resultIndex, resultCount }) => {
      if (!this.text.value) this.count.value = '';
      else if (!resultCount) this.count.value = 'none';
      else this.count.value = resultIndex < 0 ? `${resultCount}` : `${resultIndex + 1} of ${resultCount}`;
    });
  }

  open() {
    this.form.hidden = false;
    this.terminal.searching = true;
    this.text.select();
    this.text.focus();
    if (this.text.value) this.#seek('findNext', true);
  }

  close() {
    this.form.hidden = true;
    this.terminal.searching = false;
    this.terminal.search.clearDecorations();
    this.terminal.xterm.clearSelection();
    this.terminal.focus();
  }

  /**
   * @param {'findNext' | 'findPrevious'} way
   * @param {boolean} [incremental]
   */
  #seek(way, incremental = false) {
    if (!this.text.value) this.terminal.search.clearDecorations();
    this.terminal.search[way](this.text.value, {
      incremental,
      decorations: {
        matchBackground: color('match'),
        matchOverviewRuler: color('brass'),
        activeMatchBackground: color('brass'),
        activeMatchColorOverviewRuler: color('brass'),
      },
    });
  }
}
