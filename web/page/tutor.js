// Which tutor the learner is with, so that a new link, or the page loaded anew,
// leads to the same one and not to the picker; and as whom the page has come there,
// so that it takes the tutor from nobody who came later.

import { call } from './api.js';

// Of this tab. The name of a session lets nobody in.
const SESSION = 'lectern.session';
const EPOCH = 'lectern.epoch';

/** Where to connect to for the picker. */
export const PICKER = 'ws';

export class Tutor {
  #session = remembered(SESSION);
  #epoch = remembered(EPOCH);
  #insists = false;

  /** Where to connect to. */
  async address() {
    const session = this.#session;
    const epoch = this.#insists ? '' : this.#epoch;
    this.#insists = false;
    if (!session) return PICKER;
    try {
      await call('GET', `api/sessions/${encodeURIComponent(session)}`);
      const address = `ws?sessionId=${encodeURIComponent(session)}`;
      return epoch ? `${address}&epoch=${epoch}` : address;
    } catch (problem) {
      if (problem.status !== 404 && problem.status !== 403) throw problem;
      this.leave(); // it has ended meanwhile
      return PICKER;
    }
  }

  /** @param {{sessionId?: string, epoch?: number}} place  where the learner is now; in the picker without a session */
  at({ sessionId = '', epoch }) {
    this.#keep(sessionId, epoch ? String(epoch) : '');
  }

  /** The next time, and no other, the tutor is taken from who has come there later. */
  insist() {
    this.#insists = true;
  }

  /** Forgets the tutor: the learner has left. */
  leave() {
    this.#keep('', '');
  }

  /**
   * @param {string} session
   * @param {string} epoch
   */
  #keep(session, epoch) {
    this.#session = session;
    this.#epoch = epoch;
    try {
      sessionStorage.setItem(SESSION, session);
      sessionStorage.setItem(EPOCH, epoch);
    } catch {
      // Then it is known for as long as the page is open.
    }
  }
}

/** @param {string} key */
function remembered(key) {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}
