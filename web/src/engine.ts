// The engine of the page, and what it can be asked. It answers at once, in this thread; the part of it that plain models do
// without comes once the page can be used.
import { compiled, engine, NeedsRest } from '../../bindings/wasm/engine.mjs';
import type { About, Answer, Asked, Calibration, Card, Concurrency, Diagnosis, Entry, Failure, FormulaContext, FormulaReport, GgufAnswer, Report, Request } from './types';

export interface Questions {
  estimate: { given: Request; answer: Report | FormulaReport };
  page: { given: Request; answer: Answer | FormulaReport | GgufAnswer };
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

/** Whether the page's question was answered by vLLM's rules: neither by the formula nor by llama.cpp's. */
export function ofVllm(answer: Questions['page']['answer'] | Failure): answer is Answer {
  return 'why' in answer;
}

/** What makes an engine whole, to hand to a worker: neither fetched nor compiled again there. */
export interface Parts {
  first: WebAssembly.Module;
  rest: WebAssembly.Module;
  /** models.txt: the catalogue. */
  models: string;
}

const LATER: Failure = { error: { code: 'unavailable', message: 'The rest of the engine is being read.' } };

/** Whether that is no answer yet: `GrowingEngine.complete` brings one. */
export function isLater(answer: object): boolean {
  return failed(answer) && answer.error.message === LATER.error.message;
}

interface Whole extends Engine {
  openFile: (name: string, front: Uint8Array, size: number) => string;
}

function asking(line: Engine['line']): Engine {
  return { line, ask: (question, given) => JSON.parse(line(question, given)) };
}

async function engineOf(models: string, first: WebAssembly.Module, rest?: WebAssembly.Module): Promise<Whole> {
  const { answer, giveModels, openFile } = await engine(first, rest);
  giveModels(models);
  return { ...asking((question, given) => answer(question, JSON.stringify(given))), openFile };
}

export const wholeEngine = ({ first, rest, models }: Parts): Promise<Whole> => engineOf(models, first, rest);

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
    private now: Whole | null,
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

  /** A GGUF file, of which its first bytes are enough once the answer says so: from then on its name is a model's. */
  async openFile(name: string, front: Uint8Array, size: number): Promise<{ more: boolean } | Failure> {
    await whole;
    return JSON.parse(this.now?.openFile(name, front, size) ?? JSON.stringify(LATER));
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
