// What a screen reader says without being asked.

import { byId } from './dom.js';

const region = byId('announce');

/** @param {string} sentence */
export function announce(sentence) {
  // A node of its own, so that the same sentence is said a second time.
  const line = document.createElement('span');
  line.textContent = sentence;
  region.replaceChildren(line);
}
