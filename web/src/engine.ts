// The engine of the page, and what it can be asked. It answers at once, in this thread.
import { engine } from '../../bindings/wasm/engine.mjs';
import type { About, Answer, Asked, Card, Concurrency, Diagnosis, Entry, Failure, FormulaContext, FormulaReport, Report, Request } from './types';

export interface Questions {
  estimate: { given: Request; answer: Report | FormulaReport };
  page: { given: Request; answer: Answer | FormulaReport };
  'max-context': { given: { request: Request; max_context_k?: number }; answer: FormulaContext };
  concurrency: { given: { request: Request; contexts: number[]; requests: number[]; limit?: number }; answer: Concurrency };
  format: { given: { request: Request; format: string }; answer: { text: string } };
  ask: { given: { text: string }; answer: Asked };
  models: { given: { search: string }; answer: { models: string[] } };
  gpus: { given: object; answer: { gpus: Card[] } };
  registry: { given: { text: string; place: string }; answer: { entries: Entry[] } };
  apply: { given: { text: string; place: string; name: string; settings: object }; answer: { text: string; diff: string } };
  diagnose: { given: { log: string; gpu?: string; model?: string }; answer: Diagnosis };
  about: { given: object; answer: About };
}

export interface Engine {
  /** The line of JSON that the command prints. */
  line(question: keyof Questions, given: unknown): string;
  ask<Q extends keyof Questions>(question: Q, given: Questions[Q]['given']): Questions[Q]['answer'] | Failure;
}

export function failed(answer: object): answer is Failure {
  return 'error' in answer;
}

export async function load(source: Response | Promise<Response>): Promise<Engine> {
  const answer = await engine(source);
  const line = (question: string, given: unknown) => answer(question, JSON.stringify(given));
  return { line, ask: (question, given) => JSON.parse(line(question, given)) };
}
