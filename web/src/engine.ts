// The engine of the page, and what it can be asked. It answers at once, in this thread.
import { compiled, engine } from '../../bindings/wasm/engine.mjs';
import type { About, Answer, Asked, Calibration, Card, Concurrency, Diagnosis, Entry, Failure, FormulaContext, FormulaReport, Report, Request } from './types';

export interface Questions {
  estimate: { given: Request; answer: Report | FormulaReport };
  page: { given: Request; answer: Answer | FormulaReport };
  'max-context': { given: { request: Request; max_context_k?: number }; answer: FormulaContext };
  concurrency: { given: { request: Request; contexts: number[]; requests: number[]; limit?: number }; answer: Concurrency };
  format: { given: { request: Request; format: string }; answer: { text: string } };
  ask: { given: { text: string }; answer: Asked };
  models: { given: { search: string }; answer: { models: string[] } };
  gpus: { given: object; answer: { gpus: Card[] } };
  learn: { given: { log: string; gpu?: string; model?: string; profile: string }; answer: Calibration };
  registry: { given: { text: string; place: string }; answer: { entries: Entry[] } };
  apply: { given: { text: string; place: string; name: string; settings: object }; answer: { text: string; diff: string } };
  diagnose: { given: { log: string; gpu?: string; model?: string }; answer: Diagnosis };
  about: { given: object; answer: About };
}

export interface Engine {
  /** For a worker: neither fetched nor compiled again. */
  module: WebAssembly.Module;
  /** models.txt: the configs of the catalogue, which the engine knows by name alone at first. */
  giveModels(text: string): void;
  /** The line of JSON that the command prints. */
  line(question: keyof Questions, given: unknown): string;
  ask<Q extends keyof Questions>(question: Q, given: Questions[Q]['given']): Questions[Q]['answer'] | Failure;
}

export function failed(answer: object): answer is Failure {
  return 'error' in answer;
}

export async function load(source: WebAssembly.Module | Response | Promise<Response>): Promise<Engine> {
  const module = await compiled(source);
  const { answer, giveModels } = await engine(module);
  const line = (question: string, given: unknown) => answer(question, JSON.stringify(given));
  return { module, giveModels, line, ask: (question, given) => JSON.parse(line(question, given)) };
}
