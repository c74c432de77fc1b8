// The lab's REST interface, as far as the page uses it.

/** Problem is why a call failed, in a sentence that is fit to be shown. */
export class Problem extends Error {
  /**
   * @param {number} status  0 where there was no answer
   * @param {string} sentence
   * @param {Record<string, any>} [members]  of the problem+json
   */
  constructor(status, sentence, members = {}) {
    super(sentence);
    this.status = status;
    this.members = members;
  }
}

// A server that takes longer has gone, and the link to it tries again.
const PATIENCE = 15_000;

/**
 * @param {string} method
 * @param {string} path  relative to the page
 * @param {object} [body]
 * @returns {Promise<any>} what was answered, where there is a body
 */
export async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      cache: 'no-store',
      // Also without a body: the server takes no change from a form.
      headers: method === 'GET' ? {} : { 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw new Problem(0, 'The lab cannot be reached.');
  }
  if (answer.status === 204) return undefined;
  const told = await answer.json().catch(() => undefined);
  if (!answer.ok) {
    throw new Problem(answer.status, told?.detail || told?.title || `The lab answered with status ${answer.status}.`, told);
  }
  if (told === undefined) throw new Problem(answer.status, 'The lab gave an answer that is none of its own.');
  return told;
}
