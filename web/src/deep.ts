// The worker for what takes more than one plan: it is asked once keys have paused, and of its answers only those to the
// newest question count.
import type { Deep, DeepQuestion } from './deep.worker';
import type { Parts } from './engine';

const AFTER_MS = 150;

export class Deepening {
  private worker: Worker | null = null;
  private newest = 0;
  private timer = 0;

  constructor(private readonly told: (found: Omit<Deep, 'id'>) => void) {}

  ask(parts: Parts, question: Omit<DeepQuestion, 'id'>): void {
    const worker = (this.worker ??= this.start(parts));
    this.newest += 1;
    const numbered: DeepQuestion = { ...question, id: this.newest };
    // While keys follow each other, the whole machine is the keys'.
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => worker.postMessage(numbered), AFTER_MS);
  }

  private start(parts: Parts): Worker {
    const worker = new Worker(new URL('./deep.worker.ts', import.meta.url), { type: 'module' });
    worker.postMessage(parts);
    worker.addEventListener('message', ({ data: { id, ...found } }: MessageEvent<Deep>) => {
      if (id === this.newest) this.told(found);
    });
    return worker;
  }
}
