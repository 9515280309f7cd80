import { render } from 'preact';
import { App } from './App';
import { GrowingEngine } from './engine';
import { fetchViews } from './lazy';
import { Store } from './store';
import './style.css';

async function start(root: HTMLElement): Promise<void> {
  const store = new Store(await GrowingEngine.load(fetch('./vram.wasm'), fetch('./models.txt')));
  if (location.hash.length > 1) await store.restore();
  render(<App store={store} />, root);
  document.documentElement.dataset['ready'] = String(Math.round(performance.now()));
  addEventListener('popstate', () => void store.restore());
  void store.meetService();
  // What was rendered is drawn before more is fetched.
  await new Promise((resolve) => setTimeout(resolve));
  await Promise.all([store.complete(fetch('./vram.rest.wasm')), fetchViews()]);
  // A view may bring others.
  await fetchViews();
}

const root = document.getElementById('page');
if (root)
  start(root).catch((error: unknown) => {
    root.textContent = `The engine did not load: ${error instanceof Error ? error.message : error}. Serve vram.wasm and models.txt beside this page, the first as application/wasm.`;
  });
