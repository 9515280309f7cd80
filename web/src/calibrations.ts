// What start-ups of this machine taught, by name: kept in this browser, and with a service in its user's folder too.
import type { Calibration } from './types';

const KEY = 'calibrations';

export function keptCalibrations(): Calibration[] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '[]');
  } catch {
    return [];
  }
}

/** All of them with `learnt` in the place of the one of its name; false where the browser keeps nothing. */
export function keepCalibration(learnt: Calibration): boolean {
  const others = keptCalibrations().filter(({ name }) => name !== learnt.name);
  try {
    localStorage.setItem(KEY, JSON.stringify([...others, learnt]));
    return true;
  } catch {
    return false;
  }
}
