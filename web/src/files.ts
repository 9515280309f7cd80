// Files that are opened or dropped, a config.json or a model registry, and files that are handed out.
import type { Store } from './store';

const MOST = 64 << 20;

export async function openFile(store: Store, file: File | undefined): Promise<void> {
  if (!file) return;
  if (/\.(gguf|safetensors|bin)$/i.test(file.name))
    return store.set({ remark: `${file.name}: weights are read by the program; open the config.json beside them here.` });
  if (file.size > MOST) return store.set({ remark: `${file.name}: larger than 64 MiB; open a config.json or a model registry.` });
  store.openConfig(await file.text(), file.name);
}

export function download(text: string, name: string, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
