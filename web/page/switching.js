// The question whether this browser is to be somebody else's: whoever has a key
// can lead others to a link of their own, and look then at what those do.

import { byId } from './dom.js';

export class Switching {
  /** @type {(from: string) => void} */
  #agreed = () => {};

  /** @param {() => void} closed  whatever the answer was */
  constructor(closed) {
    this.dialog = byId('switch');
    this.title = byId('switch-title');
    this.text = byId('switch-text');
    this.stay = byId('switch-stay');
    this.go = byId('switch-do');
    this.dialog.addEventListener('close', () => {
      if (this.dialog.returnValue === 'switch') this.#agreed();
      closed();
    });
  }

  /**
   * @param {string} from  who is signed in
   * @param {string} to  whose the link is
   * @param {() => void} agreed  is called where the learner wants that
   */
  ask(from, to, agreed) {
    this.#agreed = agreed;
    this.title.textContent = `Sign in as ${to} instead?`;
    this.text.textContent =
      `This link signs the browser in as ${to}, and it is signed in as ${from}. ` +
      `Where you did not make the link yourself, stay: what you do as ${to}, ${to} can see.`;
    this.stay.textContent = `Stay ${from}`;
    this.go.textContent = `Switch to ${to}`;
    this.dialog.returnValue = 'stay'; // also by Escape
    if (!this.dialog.open) this.dialog.showModal();
  }
}
