/** Undo and redo over whole documents. They share what did not change, so a step costs little more than the change. */

export interface Step<T> {
  readonly value: T;
  /** what the user did to leave this value: "Move 3 nodes" */
  readonly label: string;
}

export interface History<T> {
  readonly past: readonly Step<T>[];
  readonly present: T;
  readonly future: readonly Step<T>[];
  /** The gesture the present came from; further changes of the same gesture join its step. */
  readonly gesture: string | null;
}

export function newHistory<T>(present: T): History<T> {
  return { past: [], present, future: [], gesture: null };
}

/** A new value. With the gesture of the last change it joins that step instead of making one. */
export function record<T>(
  history: History<T>,
  value: T,
  label: string,
  gesture: string | null = null,
): History<T> {
  if (Object.is(value, history.present)) return history;
  const joins = gesture !== null && gesture === history.gesture && history.past.length > 0;
  return {
    past: joins ? history.past : [...history.past, { value: history.present, label }],
    present: value,
    future: [],
    gesture,
  };
}

/** The gesture is over: the next change makes a step of its own. */
export function endGesture<T>(history: History<T>): History<T> {
  return history.gesture === null ? history : { ...history, gesture: null };
}

export function undo<T>(history: History<T>): History<T> {
  const step = history.past.at(-1);
  if (!step) return history;
  return {
    past: history.past.slice(0, -1),
    present: step.value,
    future: [{ value: history.present, label: step.label }, ...history.future],
    gesture: null,
  };
}

export function redo<T>(history: History<T>): History<T> {
  const [step, ...rest] = history.future;
  if (!step) return history;
  return {
    past: [...history.past, { value: history.present, label: step.label }],
    present: step.value,
    future: rest,
    gesture: null,
  };
}
