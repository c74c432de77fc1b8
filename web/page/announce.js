// What a screen reader says without being asked.

import { byId } from './dom.js';

// Sentences that come together are one, since the later would take the place of
// the earlier before that was read; and one that comes soon after waits.
const TOGETHER_MS = 100;
const APART_MS = 1500;

const region = byId('announce');

/** @type {string[]} */
let waiting = [];
let timer = 0;

/** @param {string} sentence */
export function announce(sentence) {
  waiting.push(sentence);
  timer ||= setTimeout(say, TOGETHER_MS);
}

/** Takes back what was said and what was still to be. */
export function hush() {
  waiting = [];
  region.replaceChildren();
}

function say() {
  timer = 0;
  if (!waiting.length) return;
  // A node of its own, so that the same sentence is said a second time.
  const line = document.createElement('span');
  line.textContent = waiting.join(' ');
  waiting = [];
  region.replaceChildren(line);
  timer = setTimeout(say, APART_MS);
}
