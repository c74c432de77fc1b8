// The list beside the terminal: the stages of the course the learner is in, or
// all courses while they choose.

import { done, far } from './courses.js';
import { byId } from './dom.js';

const FRESH_MS = 2400; // as long as style.css lights up what is new

// As in the picker, so that the list and the screen speak one language.
const SIGNS = { done: '✓', open: '▸', locked: '·' };

export class Stages {
  /** @type {Map<string, {state: string, since: number}>} the states that are shown, and since when if they have changed */
  #shown = new Map();
  /** @type {Set<string>} the courses that were folded out by hand */
  #unfolded = new Set();

  /**
   * @param {import('./courses.js').Courses} courses
   * @param {{focus: () => void}} elsewhere  which gets the focus when what had it has gone
   */
  constructor(courses, elsewhere) {
    this.courses = courses;
    this.elsewhere = elsewhere;
    this.list = byId('courses');
    this.count = byId('count');
  }

  draw() {
    const { all, here, place } = this.courses;
    const focused = this.list.querySelector('[data-course]:focus-within')?.dataset.course;
    const listed = here ? [here] : all;
    this.list.replaceChildren(...listed.map((course) => this.#course(course, listed.length === 1)));
    if (focused) (this.list.querySelector(`[data-course="${CSS.escape(focused)}"] summary`) ?? this.elsewhere).focus();

    this.count.textContent = here ? `${done(here)}/${here.stages.length}` : '';
    document.title = [place.stage && `Stage ${place.stage}`, place.courseTitle ?? here?.title, 'Lectern'].filter(Boolean).join(' · ');
  }

  /**
   * How long ago a stage got the state it has, in milliseconds. What was so
   * from the beginning is no news.
   *
   * @param {string} key
   * @param {string} state
   */
  #age(key, state) {
    const before = this.#shown.get(key);
    if (before?.state === state) return performance.now() - before.since;
    const since = before ? performance.now() : -Infinity;
    this.#shown.set(key, { state, since });
    return performance.now() - since;
  }

  /**
   * @param {import('./courses.js').Course} course
   * @param {boolean} alone
   */
  #course(course, alone) {
    const title = element('h2', { className: 'course-title', textContent: course.title });
    const bar = element('progress', { max: Math.max(1, course.stages.length), value: done(course) });
    bar.setAttribute('aria-label', `Progress in ${course.title}`);
    const head = [title, element('p', { className: 'far', textContent: far(course) }), bar];
    const list = element('ol', { className: 'stage-list' }, course.stages.map((stage) => this.#stage(course, stage)));
    if (alone) return element('section', { className: 'course' }, [...head, list]);

    const summary = element('summary', {}, head);
    const details = element('details', { className: 'course', open: this.#unfolded.has(course.id) }, [summary, list]);
    details.dataset.course = course.id;
    details.addEventListener('toggle', () => {
      if (details.isConnected) this.#unfolded[details.open ? 'add' : 'delete'](course.id);
    });
    return details;
  }

  /**
   * @param {import('./courses.js').Course} course
   * @param {import('./courses.js').Stage} stage
   */
  #stage(course, stage) {
    const { place } = this.courses;
    const item = element('li', { className: `stage ${stage.state}` }, [
      element('span', { className: 'sign', textContent: SIGNS[stage.state] ?? SIGNS.locked, ariaHidden: 'true' }),
      element('span', { className: 'number', textContent: String(stage.number) }),
      element('span', { className: 'title', textContent: stage.title }, [element('span', { className: 'unseen', textContent: `, ${stage.state}` })]),
    ]);
    if (place.course === course.id && place.stage === stage.number) {
      item.setAttribute('aria-current', 'step');
    }
    const age = this.#age(`${course.id} ${stage.number}`, stage.state);
    if (age < FRESH_MS) {
      item.classList.add('fresh');
      item.style.animationDelay = `${-age}ms`; // where it was before the list was drawn anew
    }
    return item;
  }
}

/**
 * @param {string} name
 * @param {object} [properties]
 * @param {Node[]} [children]
 * @returns {any}
 */
function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
