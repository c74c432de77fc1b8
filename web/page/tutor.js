// Which tutor the learner is with, so that a new link, or the page loaded anew,
// leads to the same one and not to the picker.

import { call } from './api.js';

const KEY = 'lectern.session'; // of this tab; the name of a session lets nobody in

export class Tutor {
  #session = remembered();

  /** Where to connect to. */
  async address() {
    const session = this.#session;
    if (!session) return 'ws';
    try {
      await call('GET', `api/sessions/${encodeURIComponent(session)}`);
      return `ws?sessionId=${encodeURIComponent(session)}`;
    } catch (problem) {
      if (problem.status !== 404 && problem.status !== 403) throw problem;
      this.leave(); // it has ended meanwhile
      return 'ws';
    }
  }

  /** @param {{sessionId?: string}} place  where the learner is now; in the picker without a session */
  at(place) {
    this.#keep(place.sessionId ?? '');
  }

  /** Forgets the tutor: the learner has left. */
  leave() {
    this.#keep('');
  }

  /** @param {string} session */
  #keep(session) {
    this.#session = session;
    try {
      sessionStorage.setItem(KEY, session);
    } catch {
      // Then it is known for as long as the page is open.
    }
  }
}

function remembered() {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}
