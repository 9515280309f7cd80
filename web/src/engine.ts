// The engine of the page, and what it can be asked. It answers at once, in this thread; the part of it that plain models do
// without comes once the page can be used.
import { compiled, engine, NeedsRest } from '../../bindings/wasm/engine.mjs';
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
  /** The line of JSON that the command prints. */
  line(question: keyof Questions, given: unknown): string;
  ask<Q extends keyof Questions>(question: Q, given: Questions[Q]['given']): Questions[Q]['answer'] | Failure;
}

export function failed(answer: object): answer is Failure {
  return 'error' in answer;
}

/** What makes an engine whole, to hand to a worker: neither fetched nor compiled again there. */
export interface Parts {
  first: WebAssembly.Module;
  rest: WebAssembly.Module;
  /** models.txt: the configs of the catalogue. */
  models: string;
}

const LATER: Failure = { error: { code: 'unavailable', message: 'The rest of the engine is being read.' } };

/** Whether that is no answer yet: `GrowingEngine.complete` brings one. */
export function isLater(answer: object): boolean {
  return failed(answer) && answer.error.message === LATER.error.message;
}

function asking(line: Engine['line']): Engine {
  return { line, ask: (question, given) => JSON.parse(line(question, given)) };
}

async function engineOf(models: string, first: WebAssembly.Module, rest?: WebAssembly.Module): Promise<Engine> {
  const { answer, giveModels } = await engine(first, rest);
  giveModels(models);
  return asking((question, given) => answer(question, JSON.stringify(given)));
}

export const wholeEngine = ({ first, rest, models }: Parts): Promise<Engine> => engineOf(models, first, rest);

let wholeNow: () => void;
/** Settles once the engine of this page is whole. */
export const whole = new Promise<void>((settle) => (wholeNow = settle));

/** The engine's first part, and from `complete` on all of it. */
export class GrowingEngine implements Engine {
  /** Null until it is whole. */
  parts: Parts | null = null;

  private constructor(
    private readonly first: WebAssembly.Module,
    private readonly models: string,
    private now: Engine | null,
  ) {}

  static async load(source: Promise<Response>, catalogue: Promise<Response>): Promise<GrowingEngine> {
    const [first, models] = await Promise.all([compiled(source), catalogue.then((response) => response.text())]);
    return new GrowingEngine(first, models, await engineOf(models, first));
  }

  async complete(source: Promise<Response>): Promise<void> {
    const parts = { first: this.first, rest: await compiled(source), models: this.models };
    this.now = await wholeEngine(parts);
    this.parts = parts;
    wholeNow();
  }

  line(question: keyof Questions, given: unknown): string {
    try {
      return this.now?.line(question, given) ?? JSON.stringify(LATER);
    } catch (error) {
      if (!(error instanceof NeedsRest)) throw error;
      this.now = null;
      return JSON.stringify(LATER);
    }
  }

  ask<Q extends keyof Questions>(question: Q, given: Questions[Q]['given']): Questions[Q]['answer'] | Failure {
    return JSON.parse(this.line(question, given));
  }
}
