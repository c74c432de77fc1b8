// The learner's courses, as the server tells of them: a list to begin with, and
// from then on what happens.

import { call } from './api.js';

/**
 * @typedef {{number: number, title: string, state: 'open' | 'done' | 'locked'}} Stage
 * @typedef {{id: string, title: string, description?: string, stages: Stage[]}} Course
 * @typedef {{course?: string, courseTitle?: string, stage?: number}} Place  where the learner is; nothing in the picker
 */

export class Courses {
  /** @type {Course[]} */
  all = [];
  /** @type {Place} */
  place = {};
  #loads = 0;
  #loaded = 0;

  /** @param {(news?: string) => void} changed  with a sentence where there is news */
  constructor(changed) {
    this.changed = changed;
  }

  /** Asks the server for the list. Where it does not answer, the one before stays. */
  async load() {
    const load = ++this.#loads;
    try {
      const all = await call('GET', 'api/courses');
      if (load < this.#loaded) return; // a newer one has come before
      this.#loaded = load;
      this.all = all;
    } catch {
      return;
    }
    this.changed();
  }

  /** What is shown is not of the one who looks at it now. */
  forget() {
    this.#loaded = ++this.#loads; // whatever is on its way
    this.all = [];
    this.place = {};
    this.changed();
  }

  /** The course the learner is in. */
  get here() {
    return this.all.find((course) => course.id === this.place.course);
  }

  /** @param {any} message  of the server */
  apply(message) {
    const course = this.all.find((course) => course.id === message.course);
    const stage = course?.stages.find((stage) => stage.number === message.stage);
    switch (message.type) {
      case 'place':
        this.place = message.course ? message : {};
        this.changed();
        break;
      case 'stage_complete':
        if (stage) stage.state = 'done';
        this.changed(`Stage ${message.stage} complete${course ? `, ${far(course)}` : ''}.`);
        break;
      case 'stage_unlocked':
        if (stage?.state === 'locked') stage.state = 'open';
        this.changed(`Stage ${message.stage} is open now.`);
        break;
      case 'course_complete':
        this.changed(`Course complete${course ? `: ${course.title}` : ''}.`);
        break;
      case 'auto_start':
        this.changed(`Stage ${message.stage} begins.`);
        break;
      default:
        return;
    }
    // What an event did not say, or said of a course that is new here.
    if (message.type !== 'place' || (message.course && !course)) this.load();
  }
}

/** @param {Course} course */
export function done(course) {
  return course.stages.filter((stage) => stage.state === 'done').length;
}

/** @param {Course} course */
export function far(course) {
  const n = course.stages.length;
  return `${done(course)} of ${n} ${n === 1 ? 'stage' : 'stages'} done`;
}
