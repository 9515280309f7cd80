// The lengths that a curve is drawn over: from 1K to what the model takes.
import { failed, type Engine } from './engine';
import type { Request } from './types';

const SHORTEST = 1024;
const POINTS = 33;

/** The model's own limit: that of the set-up without the argument that sets another. */
export function limitOf(ask: Engine, request: Request): number {
  const { max_model_len: _, ...args } = request.args ?? {};
  const found = ask.ask('concurrency', { request: { ...request, args }, contexts: [], requests: [] });
  return failed(found) ? SHORTEST * 8 : Math.max(found.limit_tokens, SHORTEST * 2);
}

/** Lengths evenly spread over an axis of powers of two. */
export function lengths(limit: number): number[] {
  const points = Array.from({ length: POINTS }, (_, i) => Math.round(SHORTEST * (limit / SHORTEST) ** (i / (POINTS - 1))));
  return [...new Set(points)];
}
