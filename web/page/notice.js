// What is told over the terminal: how the link is, and short notes.

import { announce } from './announce.js';
import { byId } from './dom.js';

const TOAST_MS = 5000;
const READ_MS = 1500; // in which a note is read

/** Notice is the card that tells of a link that is not there. */
export class Notice {
  #timer = 0;
  #said = '';
  /** @type {() => void} */
  #action = () => {};

  constructor() {
    this.card = byId('notice');
    this.text = byId('notice-text');
    this.button = byId('notice-do');
    this.button.addEventListener('click', () => this.#action());
  }

  /**
   * @param {string} sentence
   * @param {{label: string, action: () => void}} [offer]
   */
  show(sentence, offer) {
    this.#put(sentence, offer);
    this.#say(sentence);
  }

  /**
   * Shows why, and how long it takes until the next attempt.
   *
   * @param {string} reason
   * @param {number} pause  in milliseconds
   * @param {{label: string, action: () => void}} offer
   */
  count(reason, pause, offer) {
    const until = performance.now() + pause;
    const tick = () => {
      const seconds = Math.max(1, Math.ceil((until - performance.now()) / 1000));
      this.text.textContent = `${reason} Trying again in ${seconds} s.`;
    };
    this.#put('', offer);
    tick();
    this.#timer = setInterval(tick, 250);
    this.#say(`${reason} Trying again.`);
  }

  hide() {
    clearInterval(this.#timer);
    this.card.hidden = true;
    this.#said = '';
  }

  /** Also of a button that has just been hidden a browser may say for a while that it has the focus. */
  get hasFocus() {
    return !this.card.hidden && !this.button.hidden && document.activeElement === this.button;
  }

  #put(sentence, offer) {
    clearInterval(this.#timer);
    this.text.textContent = sentence;
    this.#action = offer?.action ?? (() => {});
    this.button.textContent = offer?.label ?? '';
    this.button.hidden = !offer;
    this.card.hidden = false;
  }

  /** Once, and not at every attempt. */
  #say(sentence) {
    if (sentence !== this.#said) announce(sentence);
    this.#said = sentence;
  }
}

/** Toast is a note that goes away by itself. */
export class Toast {
  #timer = 0;
  #since = 0;

  constructor() {
    this.card = byId('toast');
    this.text = byId('toast-text');
    this.button = byId('toast-do');
    this.card.addEventListener('click', () => this.button.hidden && this.hide());
    // The keys stay where they are.
    this.card.addEventListener('mousedown', (event) => this.button.hidden && event.preventDefault());
  }

  /**
   * @param {string} sentence
   * @param {{label: string, action: () => void}} [offer]  with which it stays for longer
   */
  show(sentence, offer) {
    clearTimeout(this.#timer);
    this.#since = performance.now();
    this.text.textContent = sentence;
    this.button.hidden = !offer;
    this.button.textContent = offer?.label ?? '';
    this.button.onclick = () => {
      this.hide();
      offer.action();
    };
    this.card.hidden = false;
    this.#leave(offer ? 4 * TOAST_MS : TOAST_MS);
    announce(sentence);
  }

  hide() {
    clearTimeout(this.#timer);
    this.card.hidden = true;
  }

  /** Makes way for one who goes on, once it can have been read. */
  makeWay() {
    if (this.button.hidden && performance.now() - this.#since > READ_MS) this.hide();
  }

  /** Goes after a while, but not from below somebody's finger. */
  #leave(after) {
    this.#timer = setTimeout(() => {
      if (this.card.matches(':hover, :focus-within')) this.#leave(after);
      else this.card.hidden = true;
    }, after);
  }
}
